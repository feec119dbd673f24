import numpy as np
from hypothesis import given

from minigrad import ops
from minigrad_kernels.cpu.trigonometry import tanh_backward, tanh_forward

from .agreement import arrays, assert_agrees, assert_derivatives_agree, drawn, exactly


@given(arrays(special=True))
def test_tanh_agrees_with_numpy(xs):
    assert_agrees(tanh_forward(*xs), exactly(np.tanh, *xs), rtol=3e-7, atol=0)


@given(arrays(2))
def test_its_slope_is_one_minus_the_square(pair):
    assert_agrees(tanh_backward(*pair), exactly(lambda dy, y: dy * (1 - y * y), *pair))


def test_gradients_are_those_of_the_reference():
    assert_derivatives_agree(ops.tanh, drawn((5, 7)))
