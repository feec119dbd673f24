import math

import numpy as np
import pytest

from minigrad import ops
from minigrad_kernels.cpu.reduce import SMALL, spread

from .agreement import assert_derivatives_agree, drawn


@pytest.mark.parametrize(("shape", "kept"), [((), (1, 1)), ((2,), (2, 1)), ((3,), (1, 3)), ((2, 3), (2, 3)), ((1, 3), (1, 3))])
def test_dy_is_scaled_and_repeated(shape, kept):
    dy = drawn(shape)
    expected = np.broadcast_to((dy * np.float32(1 / 6)).reshape(kept), (2, 3))
    np.testing.assert_array_equal(spread(dy, kept, (2, 3), 1 / 6), expected)


@pytest.mark.parametrize("axes", [None, 0, 1, (0, 1)])
@pytest.mark.parametrize("op", [ops.sum, ops.mean])
def test_gradients_are_those_of_the_reference(op, axes):
    assert_derivatives_agree(lambda x: op(x, axes), drawn((5, 7)))
    assert_derivatives_agree(lambda x: op(x, axes, True), drawn((5, 7)))


def test_nothing_to_average_is_not_a_number():
    assert spread(drawn(()), (1, 1), (0, 3), math.nan).shape == (0, 3)


def test_other_types_and_large_arrays_are_handed_back():
    assert spread(np.ones(()), (1,), (3,), 1) is NotImplemented
    assert spread(drawn(()), (1,), (SMALL + 1,), 1) is NotImplemented
