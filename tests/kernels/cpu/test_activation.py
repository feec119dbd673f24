import numpy as np
import pytest
from hypothesis import given

from minigrad import ops
from minigrad.ops import activation as loops
from minigrad_kernels.cpu import activation as twins

from .agreement import arrays, assert_agrees, assert_derivatives_agree, drawn, exactly

FORWARD = [("relu_forward", ()), ("leaky_relu_forward", (0.1,)), ("elu_forward", (1.5,))]
BACKWARD = {
    "relu_backward": (lambda dy, y: dy * (y > 0), ()),
    "leaky_relu_backward": (lambda dy, x, a: np.where(x > 0, dy, a * dy), (0.1,)),
    "elu_backward": (lambda dy, x, a: np.where(x > 0, dy, dy * (a * np.exp(np.minimum(x, 0)))), (1.5,)),
}


@pytest.mark.parametrize(("name", "settings"), FORWARD)
@given(arrays(special=True))
def test_values_agree_with_the_reference(name, settings, xs):
    reference = getattr(loops, name).reference
    assert_agrees(getattr(twins, name)(*xs, *settings), exactly(lambda x: reference(x, *settings), *xs))


@pytest.mark.parametrize("name", BACKWARD)
@given(arrays(2, special=True))
def test_slopes_agree_with_the_formula(name, pair):
    formula, settings = BACKWARD[name]
    assert_agrees(getattr(twins, name)(*pair, *settings), exactly(lambda dy, x: formula(dy, x, *settings), *pair))


def test_small_arguments_of_elu_keep_their_digits():
    x = np.float32([-1e-10, -1e-3])
    np.testing.assert_allclose(twins.elu_forward(x, 1.0), np.expm1(x.astype("float64")), rtol=2e-7)


@pytest.mark.parametrize("op", [ops.relu, ops.leaky_relu, ops.elu, lambda x: ops.elu(x, 0.3)])
def test_gradients_are_those_of_the_reference(op):
    assert_derivatives_agree(op, drawn((5, 7)))
