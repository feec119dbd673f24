import numpy as np
import pytest
from scipy import special

import minigrad
from minigrad import ops
from tests.ops.laws import *

CASES = [
    Case("softmax", ops.softmax, lambda x, dim: special.softmax(x, axis=dim), [A(3, 4), -1]),
    Case("softmax", ops.softmax, lambda x, dim: special.softmax(x, axis=dim), [A(2, 3, 4), 1]),
    Case("softmax", ops.softmax, lambda x, dim: np.ones(()), [A(), 0]),
    Case("softmax", ops.softmax, lambda x, dim: x, [A(0, 3), 0], general=False),
    Case("log_softmax", ops.log_softmax, lambda x, dim: special.log_softmax(x, axis=dim), [A(3, 4), 0]),
    Case("log_softmax", ops.log_softmax, lambda x, dim: special.log_softmax(x, axis=dim), [A(2, 3, 4), -2]),
    Case("log_softmax", ops.log_softmax, lambda x, dim: np.zeros(()), [A(), -1]),
    Case("softmin", ops.softmin, lambda x, dim: special.softmax(-x, axis=dim), [A(3, 4), 1]),
]


@pytest.mark.parametrize("shift", [-1000.0, 1000.0])
def test_large_scores_neither_overflow_nor_vanish(shift):
    x = minigrad.tensor([shift, shift + 1, 0.0], dtype="float64")
    np.testing.assert_allclose(x.softmax(0).numpy(), special.softmax(x.numpy()))
    np.testing.assert_allclose(x.log_softmax(0).numpy(), special.log_softmax(x.numpy()))


def test_a_masked_position_has_probability_zero_and_no_gradient():
    x = minigrad.tensor([1.0, -np.inf, 2.0], requires_grad=True)
    y = x.softmax(0)
    (y * minigrad.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert y[1].item() == 0 and x.grad[1].item() == 0 and np.isfinite(x.grad.numpy()).all()
