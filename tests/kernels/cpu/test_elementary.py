import numpy as np
from hypothesis import given

from minigrad import ops
from minigrad_kernels.cpu.elementary import exp_forward

from .agreement import arrays, assert_agrees, assert_derivatives_agree, drawn, exactly


@given(arrays(special=True))
def test_exp_agrees_with_numpy(xs):
    assert_agrees(exp_forward(*xs), exactly(np.exp, *xs), rtol=2e-7, atol=0)


def test_gradients_are_those_of_the_reference():
    assert_derivatives_agree(ops.exp, drawn((5, 7)))
