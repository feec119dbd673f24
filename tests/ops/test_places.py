import numpy as np
import pytest

import minigrad
from minigrad import errors, ops
from tests.ops.laws import *

MASK = {"dtype": "bool"}


def listed(x, as_tuple=False):
    places = [place for place in np.ndindex(*np.shape(x)) if np.asarray(x)[place] != 0]
    rows = np.array(places, np.int64).reshape(len(places), np.ndim(x))
    return list(rows.T) if as_tuple else rows


def selected(x, mask):
    x, mask = np.broadcast_arrays(x, mask)
    return np.array([v for v, m in zip(x.flat, mask.flat, strict=True) if m])


def indicators(k, num_classes=-1):
    n = max(k.max() + 1, 1) if num_classes == -1 else num_classes
    return np.array([[int(i == j) for j in range(n)] for i in k.flat]).reshape(*k.shape, n)


CASES = [
    *[Case(name, op, listed, [A(*shape, **MASK)], differentiable=False) for name, op in [
        ("nonzero", ops.nonzero), ("argwhere", ops.argwhere)] for shape in [(3, 4), (2, 3, 2), (5,), (0, 2), ()]],
    *[Case("nonzero", ops.nonzero, listed, [A(*shape, **MASK)], {"as_tuple": True}, differentiable=False, general=False) for shape in [(3, 4), (5,), (0, 2)]],
    Case("nonzero", ops.nonzero, listed, [A(3, 4)], differentiable=False),
    *[Case("masked_select", ops.masked_select, selected, [A(*shape), A(*mask, **MASK)]) for shape, mask in [
        ((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 1), (2, 1, 4)), ((3, 4), ()), ((), (3,)), ((0, 2), (2,))]],
    *[Case("one_hot", ops.one_hot, indicators, [A(*shape, low=0, high=4, dtype="int64"), *n], differentiable=False) for shape, n in [
        ((3, 2), ()), ((5,), (6,)), ((), (4,)), ((0,), (3,))]],
]  # fmt: skip

NUMBERS = minigrad.tensor([0, 2])


def test_the_places_of_a_mask_as_a_tuple_index_what_it_selects():
    x = minigrad.arange(6.0).reshape(2, 3)
    assert x[ops.nonzero(x > 3, as_tuple=True)].tolist() == [4, 5]


def test_a_number_has_one_place_without_coordinates_or_none():
    assert ops.nonzero(minigrad.tensor(3.0)).shape == (1, 0) and ops.nonzero(minigrad.tensor(0.0)).shape == (0, 0)
    assert [p.tolist() for p in ops.nonzero(minigrad.tensor(3.0), as_tuple=True)] == [[0]]


def test_the_result_counts_in_int64():
    assert ops.nonzero(NUMBERS).dtype == ops.one_hot(NUMBERS).dtype == ops.argwhere(NUMBERS).dtype == minigrad.int64


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ops.one_hot(NUMBERS, 2), errors.RangeError, r"one_hot: index 2 is outside \[0, 1\], there are 2 classes"),
        (lambda: ops.one_hot(minigrad.tensor([-1])), errors.RangeError, "one_hot: index -1 is outside"),
        (lambda: ops.one_hot(NUMBERS, 0), errors.RangeError, "there are 0 classes"),
        (lambda: ops.one_hot(NUMBERS, -2), errors.ArgumentError, "one_hot: num_classes must not be negative, got -2"),
        (lambda: ops.one_hot(minigrad.tensor([], dtype=int)), errors.ArgumentError, "one_hot: an empty tensor .*\nHint"),
        (lambda: ops.one_hot(NUMBERS.float()), errors.DtypeError, "one_hot: index must be integer, got float32"),
        (lambda: ops.masked_select(NUMBERS, NUMBERS), errors.DtypeError, "masked_select: mask must be bool, got int64\nHint"),
        (lambda: ops.masked_select(NUMBERS, minigrad.zeros(3) > 0), errors.ShapeError, "broadcast"),
    ],
)
def test_numbers_and_masks_that_do_not_fit_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
