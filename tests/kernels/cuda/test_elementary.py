import numpy as np

from minigrad import ops
from tests.kernels.cpu.agreement import assert_agrees, exactly

from .agreement import assert_devices_agree, drawn, on_device


def test_values_agree_with_the_function(twins):
    x = drawn(2500, scale=20.0, special=True)
    assert_agrees(twins("elementary").exp_forward(on_device(x)).get(), exactly(np.exp, x))


def test_on_the_device_the_op_gives_what_it_gives_on_the_host(cupy):
    assert_devices_agree(ops.exp, drawn((5, 7)))
