import numpy as np
import pytest
from hypothesis import given
from scipy import special

from minigrad import ops
from minigrad_kernels.cpu import gate
from tests.kernels.gates import gelu_slope, gelu_tanh_slope, mish_slope, softplus, u

from .agreement import arrays, assert_agrees, assert_derivatives_agree, drawn, exactly

FORWARD = {
    "sigmoid": (gate.sigmoid_forward, special.expit),
    "silu": (gate.silu_forward, lambda x: x * special.expit(x)),
    "mish": (lambda x: gate.mish_forward(x)[0], lambda x: x * np.tanh(softplus(x))),
    "gelu": (lambda x: gate.gelu_forward(x, "none"), lambda x: x * special.ndtr(x)),
    "gelu by tanh": (lambda x: gate.gelu_forward(x, "tanh"), lambda x: x * special.expit(2 * u(x))),
}


BACKWARD = {
    "sigmoid": (gate.sigmoid_backward, lambda dy, y: dy * (y * (1 - y))),
    "silu": (gate.silu_backward, lambda dy, x: dy * (special.expit(x) * (1 + x * special.expit(-x)))),
    "mish": (lambda dy, x: gate.mish_backward(dy, None, [True], x)[0], lambda dy, x: dy * mish_slope(x)),
    "gelu": (lambda dy, x: gate.gelu_backward(dy, x, "none"), lambda dy, x: dy * gelu_slope(x)),
    "gelu by tanh": (lambda dy, x: gate.gelu_backward(dy, x, "tanh"), lambda dy, x: dy * gelu_tanh_slope(x)),
}


@pytest.mark.parametrize("name", FORWARD)
@given(arrays(special=True))
def test_values_agree_with_the_formula(name, xs):
    twin, formula = FORWARD[name]
    assert_agrees(twin(*xs), exactly(formula, *xs))


@pytest.mark.parametrize("name", BACKWARD)
@given(arrays(2))
def test_slopes_agree_with_the_formula(name, pair):
    twin, formula = BACKWARD[name]
    assert_agrees(twin(*pair), exactly(formula, *pair), atol=4e-6)


@pytest.mark.parametrize("name", [name for name in BACKWARD if name != "sigmoid"])
@given(arrays(special=True))
def test_slopes_at_special_values_are_those_of_the_limit(name, xs):
    if name != "silu":  # whose slope at -∞ is 0 · ∞
        twin, formula = BACKWARD[name]
        ones = np.ones(xs[0].shape, "float32")
        assert_agrees(twin(ones, *xs), exactly(formula, ones, *xs), atol=4e-6)


@pytest.mark.parametrize("name", ["gelu", "gelu by tanh", "sigmoid", "silu"])
def test_the_far_tail_keeps_its_digits(name):
    x = np.float32([-3, -6, -8.5])
    twin, formula = FORWARD[name]
    np.testing.assert_allclose(twin(x), formula(x.astype("float64")), rtol=1e-5)


@pytest.mark.parametrize("op", [
    ops.sigmoid, ops.silu, ops.mish, ops.gelu, lambda x: ops.gelu(x, approximate="tanh"),
])  # fmt: skip
def test_gradients_are_those_of_the_reference(op):
    assert_derivatives_agree(op, drawn((5, 7)))


def test_float64_is_handed_back():
    x = np.ones(3)
    for answer in gate.mish_forward(x), gate.mish_backward(x, None, [True], x), gate.gelu_forward(x, "none"):
        assert answer is NotImplemented
