from collections import Counter

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops
from minigrad.errors import ArgumentError, AxisError, DtypeError, ShapeError
from tests.ops.laws import *


def counted(x, weights=None, minlength=0):
    counts = Counter()
    for i, v in enumerate(x.tolist()):
        counts[v] += 1 if weights is None else weights[i]
    size = max([minlength, *(v + 1 for v in counts)])
    return np.array([counts[v] for v in range(size)], float if weights is not None else int)


def distinct(x, sorted_=True, return_inverse=False, return_counts=False):
    values = sorted(set(x.reshape(-1).tolist()))
    inverse = np.array([values.index(v) for v in x.reshape(-1).tolist()], int).reshape(x.shape)
    counts = np.array([x.reshape(-1).tolist().count(v) for v in values], int)
    found = [np.array(values, x.dtype), *([inverse] if return_inverse else []), *([counts] if return_counts else [])]
    return found[0] if len(found) == 1 else tuple(found)


CASES = [
    *(Case("bincount", ops.bincount, counted, [A(n, dtype="int64", low=0, high=5)], kwargs)
      for n in (0, 1, 9) for kwargs in ({}, {"minlength": 7}, {"minlength": 2})),
    Case("bincount", ops.bincount, counted, [A(9, dtype="int32", low=0, high=5), A(9)], differentiable=False),
    *(Case("unique", ops.unique, distinct, [A(*shape, dtype="int64", low=-2, high=3), True, *flags])
      for shape in [(9,), (3, 4), (), (0,)] for flags in [(), (True,), (False, True), (True, True)]),
    Case("unique", ops.unique, distinct, [A(2, 3)], differentiable=False),
]  # fmt: skip


def test_unique_slices_along_an_axis():
    x = minigrad.tensor([[3, 1, 3], [2, 5, 2]])
    values, inverse, counts = x.unique(return_inverse=True, return_counts=True, dim=1)
    assert values.tolist() == [[1, 3], [5, 2]] and inverse.tolist() == [1, 0, 1] and counts.tolist() == [1, 2]


def test_a_single_number_is_unique():
    values, inverse = minigrad.tensor(3).unique(return_inverse=True, dim=0)
    assert values.tolist() == [3] and inverse.tolist() == 0


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint64"])
def test_every_integer_type_is_counted(dtype):
    assert minigrad.tensor([1, 3, 1], dtype=dtype).bincount().tolist() == [0, 2, 0, 1]


def test_no_nan_equals_another():
    values, counts = Tensor([np.nan, 1.0, np.nan]).unique(return_counts=True)
    np.testing.assert_array_equal(values.numpy(), np.float32([1, np.nan, np.nan]))
    assert counts.tolist() == [1, 1, 1]


def test_weights_decide_the_type_of_their_sums():
    x = minigrad.tensor([0, 2, 2])
    assert x.bincount(minigrad.tensor([0.5, 1.0, 2.0])).dtype == minigrad.float32
    assert x.bincount(minigrad.tensor([1, 2, 3])).dtype == minigrad.float64
    assert x.bincount(minigrad.tensor([1, 2, 3])).tolist() == [1, 0, 5]
    assert x.bincount().dtype == minigrad.int64


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(DtypeError, match="bincount: needs an integer tensor, got float32\nHint: convert with"):
        Tensor([1.0]).bincount()
    with pytest.raises(ShapeError, match=r"bincount: needs 1 axis, got shape \(1, 2\)\nHint: flatten"):
        minigrad.tensor([[1, 2]]).bincount()
    with pytest.raises(ArgumentError, match="bincount: counts numbers from 0 up, got -3"):
        minigrad.tensor([1, -3]).bincount()
    with pytest.raises(ArgumentError, match="bincount: minlength is -1"):
        minigrad.tensor([1, 3]).bincount(minlength=-1)
    with pytest.raises(ShapeError, match=r"bincount: input has shape \(2,\) and weights \(3,\); they must be equal"):
        minigrad.tensor([1, 2]).bincount(minigrad.zeros(3))
    with pytest.raises(AxisError, match=r"unique: dim 1 is outside"):
        minigrad.tensor([1, 2]).unique(dim=1)
