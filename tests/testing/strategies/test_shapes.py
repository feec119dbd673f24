"""Shapes that fit together, with the patterns that hide and reveal errors."""

import numpy as np
import pytest
from hypothesis import given

from minigrad.testing.strategies import broadcastable, matmul_shapes, shapes
from tests.testing.strategies.seen import comes_up, smallest

GROUPS = {
    "equal shapes of two axes": lambda a, b: a == b and len(a) == 2 and 1 not in a,
    "a square beside a square": lambda a, b: a == b and len(a) == 2 and a[0] == a[1] > 1,
    "no axes beside three": lambda a, b: a == () and len(b) == 3,
    "each stretches the other": lambda a, b: len(a) == len(b) == 2 and a[0] == b[1] == 1 and a[1] > 1 and b[0] > 1,
    "an axis of 1 in both": lambda a, b: len(a) == len(b) == 2 and a[0] == b[0] == 1 and a[1] > 1,
    "leading axes dropped": lambda a, b: len(a) == 3 and b == a[1:] and 1 not in a,
}
PRODUCTS = {
    "two vectors": lambda a, b: len(a) == len(b) == 1,
    "a vector and a batch": lambda a, b: len(a) == 1 and len(b) == 3,
    "a batch and a vector": lambda a, b: len(a) == 3 and len(b) == 1,
    "square matrices": lambda a, b: a == b and len(a) == 2 and a[0] > 1,
    "a batch that is stretched": lambda a, b: len(a) == len(b) == 3 and a[0] == 1 < b[0],
    "batches that stretch each other": lambda a, b: len(a) == len(b) == 4 and a[0] == b[1] == 1 and min(a[1], b[0]) > 1,
}


@given(broadcastable(3))
def test_broadcastable_shapes_are_broadcast_by_numpy(group):
    np.broadcast_shapes(*group)


@pytest.mark.parametrize("pattern", GROUPS)
def test_every_pattern_of_broadcasting_comes_up(pattern):
    assert comes_up(broadcastable(2), lambda group: GROUPS[pattern](*group))


@given(matmul_shapes())
def test_matmul_shapes_are_multiplied_by_numpy(pair):
    np.matmul(*map(np.ones, pair))


@pytest.mark.parametrize("pattern", PRODUCTS)
def test_every_pattern_of_products_comes_up(pattern):
    assert comes_up(matmul_shapes(), lambda pair: PRODUCTS[pattern](*pair), 600)


@given(shapes(1, 4, max_side=5))
def test_a_shape_has_sides_of_at_most_two_sizes(shape):
    assert 1 <= len(shape) <= 4 and len(set(shape)) <= 2 and max(shape) <= 5


def test_empty_axes_come_up_only_where_asked_for():
    assert comes_up(shapes(min_side=0), lambda shape: 0 in shape)
    assert not comes_up(shapes(), lambda shape: 0 in shape)


def test_shapes_shrink_to_the_smallest_that_fails():
    assert smallest(shapes(), lambda shape: np.prod(shape) > 3) == (2, 2)
    assert smallest(broadcastable(2), lambda group: group[0] != group[1]) in [((), (1,)), ((1,), ())]
