import math

import numpy as np
import pytest

import minigrad
from minigrad import linalg
from minigrad.errors import ArgumentError, ShapeError

X = np.random.default_rng(0).normal(size=(2, 3, 4))


@pytest.mark.parametrize(
    ("index", "order", "dim", "axis"),
    [
        (..., None, None, None),
        (..., None, 1, 1),
        (..., None, (0, 2), (0, 2)),
        (0, None, None, None),
        ((0, 0), 3, None, None),
        ((0, 0), math.inf, None, None),
        (0, 1, None, None),
        (0, math.inf, None, None),
        (0, "fro", None, None),
        (..., -1, (2, 0), (2, 0)),
        (..., 1, -1, -1),
        (..., 2, [1], 1),
    ],
)
def test_norm_tells_vectors_from_matrices_as_numpy_does(index, order, dim, axis):
    x = X[index]
    flat = x if order is not None or axis is not None else x.reshape(-1)
    np.testing.assert_allclose(linalg.norm(minigrad.tensor(x), order, dim).numpy(), np.linalg.norm(flat, order, axis))


def test_norm_keeps_axes_and_casts():
    y = linalg.norm(minigrad.ones(2, 3), 1, (0, 1), True, dtype="float64")
    assert y.shape == (1, 1) and y.dtype == minigrad.float64 and y.item() == 2
    assert linalg.norm(minigrad.ones(2, 3), keepdim=True).shape == (1, 1)


def test_norm_of_three_axes_needs_dim():
    with pytest.raises(ShapeError, match=r"linalg.norm: ord 1 is for a vector or a matrix, shape \(2, 3, 4\) offers 3 axes"):
        linalg.norm(minigrad.tensor(X), 1)
    with pytest.raises(ArgumentError, match="a norm of matrices"):
        linalg.norm(minigrad.ones(3), "fro")


def test_the_names_are_those_of_the_ops():
    for name in linalg.__all__:
        assert name == "norm" or getattr(linalg, name) is getattr(minigrad.ops, name)
