import pytest
from hypothesis import given
from scipy import special

from minigrad import ops
from minigrad_kernels.cpu.error_function import erf_forward, erfc_forward

from .agreement import arrays, assert_agrees, assert_derivatives_agree, drawn, exactly


@given(arrays(special=True))
def test_both_agree_with_scipy(xs):
    assert_agrees(erf_forward(*xs), exactly(special.erf, *xs), rtol=3e-7, atol=0)
    assert_agrees(erfc_forward(*xs), exactly(special.erfc, *xs), rtol=5e-7, atol=1e-38)


@pytest.mark.parametrize("op", [ops.erf, ops.erfc])
def test_gradients_are_those_of_the_reference(op):
    assert_derivatives_agree(op, drawn((5, 7)))
