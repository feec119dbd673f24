import math

import numpy as np
import pytest

import minigrad
from minigrad import ops
from minigrad.errors import ArgumentError, ShapeError
from tests.ops.laws import *

FAR = {"away_from": (0.0,), "gap": 0.1}


def matrix_norm(a, ord="fro", dim=(-2, -1), keepdim=False):
    return np.linalg.norm(a, ord, axis=tuple(dim), keepdims=keepdim)


def vector_norm(x, ord=2, dim=None, keepdim=False):
    y = np.abs(x).max(dim, keepdims=keepdim) if ord == math.inf else (np.abs(x) ** ord).sum(dim, keepdims=keepdim) ** (1 / ord)
    return np.asarray(y)


CASES = [
    *[Case("matrix_norm", ops.matrix_norm, matrix_norm, [A(*s, **FAR), o], k) for o in ("fro", math.inf, -math.inf, 1, -1)
      for s, k in [((3, 4), {}), ((2, 3, 4), {"keepdim": True}), ((2, 3, 4), {"dim": (0, 2)}), ((2, 3, 4), {"dim": (2, 0)})]],
    *[Case("vector_norm", ops.vector_norm, vector_norm, [A(*s, **FAR), o], k) for o in (2, 1, 3.5, math.inf)
      for s, k in [((5,), {}), ((2, 3), {}), ((2, 3, 4), {"dim": (0, 2), "keepdim": True}), ((2, 3), {"dim": -1})]],
]  # fmt: skip


def test_orders_that_need_singular_values_are_refused():
    for order in (2, -2, "nuc", 3, "max"):
        with pytest.raises(ArgumentError, match=f"matrix_norm: ord is {order!r}; use 'fro', math.inf"):
            ops.matrix_norm(minigrad.ones(2, 2), order)


def test_a_norm_of_matrices_is_none_of_vectors():
    with pytest.raises(ArgumentError, match="vector_norm: ord is 'fro', a norm of matrices"):
        ops.vector_norm(minigrad.ones(2), "fro")


def test_a_matrix_needs_two_axes():
    with pytest.raises(ShapeError, match=r"matrix_norm: a matrix has two axes, dim is \(0,\)"):
        ops.matrix_norm(minigrad.ones(2, 2), dim=(0,))
