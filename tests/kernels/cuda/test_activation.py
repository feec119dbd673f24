import numpy as np
import pytest

from minigrad import ops
from minigrad.ops import activation as loops
from tests.kernels.cpu.agreement import assert_agrees, exactly

from .agreement import FOUND, assert_devices_agree, drawn, on_device, plant

FORWARD = [("relu_forward", ()), ("leaky_relu_forward", (0.1,)), ("elu_forward", (1.5,))]
BACKWARD = {
    "relu_backward": (lambda dy, y: dy * (y > 0), ()),
    "leaky_relu_backward": (lambda dy, x, a: np.where(x > 0, dy, a * dy), (0.1,)),
    "elu_backward": (lambda dy, x, a: np.where(x > 0, dy, dy * (a * np.exp(np.minimum(x, 0)))), (1.5,)),
}
SIZE = 2500


def check_values(module, name, settings):
    x = drawn(SIZE, special=True)
    got = getattr(module, name)(on_device(x), *settings).get()
    assert_agrees(got, exactly(lambda x: getattr(loops, name).reference(x, *settings), x))


def check_slopes(module, name):
    formula, settings = BACKWARD[name]
    dy = drawn(SIZE, 1, special=name == "relu_backward")  # for elu, e⁻⁸⁸ is 0 on the device, and 0 · ∞ is undefined
    x = drawn(SIZE, special=True)
    got = getattr(module, name)(*on_device(dy, x), *settings).get()
    assert_agrees(got, exactly(lambda dy, x: formula(dy, x, *settings), dy, x))


@pytest.mark.parametrize(("name", "settings"), FORWARD)
def test_values_agree_with_the_reference(twins, name, settings):
    check_values(twins("activation"), name, settings)


@pytest.mark.parametrize("name", BACKWARD)
def test_slopes_agree_with_the_formula(twins, name):
    check_slopes(twins("activation"), name)


def test_small_arguments_of_elu_keep_their_digits(twins):
    x = np.float32([-1e-10, -1e-3])
    got = twins("activation").elu_forward(on_device(x), 1.0).get()
    np.testing.assert_allclose(got, np.expm1(x.astype("float64")), rtol=3e-7)


@pytest.mark.parametrize("op", [ops.relu, ops.leaky_relu, ops.elu, lambda x: ops.elu(x, 0.3)])
def test_on_the_device_an_op_gives_what_it_gives_on_the_host(cupy, op):
    assert_devices_agree(op, drawn((5, 7)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x < 0.0f ? 0.0f : x", "x > 0.0f ? x : 0.0f"),  # loses NaN
        ("alpha * expm1f(x)", "alpha * expm1f(fminf(x, 0.0f))"),
    ],
)
def test_planted_bugs_are_found(twins, old, new):
    module = twins("activation")
    plant(module, old, new)
    with pytest.raises(FOUND):
        for name, settings in FORWARD:
            check_values(module, name, settings)
        for name in BACKWARD:
            check_slopes(module, name)
