import numpy as np
import pytest
from scipy import special

from minigrad import ops
from tests.kernels.cpu.agreement import assert_agrees, exactly

from .agreement import assert_devices_agree, drawn, on_device


@pytest.mark.parametrize("name", ["erf", "erfc"])
def test_values_agree_with_the_function(twins, name):
    x = drawn(2500, special=True)
    got = getattr(twins("error_function"), f"{name}_forward")(on_device(x)).get()
    assert_agrees(got, exactly(getattr(special, name), x))


@pytest.mark.parametrize(("name", "lowest", "highest"), [("erf", 1e-6, 1e-3), ("erfc", 1, 9)])
def test_small_results_keep_their_digits(twins, name, lowest, highest):
    x = np.linspace(lowest, highest, 100, dtype="float32")
    got = getattr(twins("error_function"), f"{name}_forward")(on_device(x)).get()
    np.testing.assert_allclose(got, getattr(special, name)(x.astype("float64")), rtol=2e-6)


@pytest.mark.parametrize("op", [ops.erf, ops.erfc], ids=["erf", "erfc"])
def test_on_the_device_an_op_gives_what_it_gives_on_the_host(cupy, op):
    assert_devices_agree(op, drawn((5, 7)))
