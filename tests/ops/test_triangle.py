import numpy as np
import pytest

import minigrad
from minigrad import Tensor, errors, ops
from tests.ops.laws import *


def lower(x, k=0):
    y = x.copy()
    for place in np.ndindex(*x.shape):
        if place[-1] > place[-2] + k:
            y[place] = 0
    return y


def upper(x, k=0):
    y = x.copy()
    for place in np.ndindex(*x.shape):
        if place[-1] < place[-2] + k:
            y[place] = 0
    return y


def read(x, offset=0, dim1=0, dim2=1):
    x = np.moveaxis(x, (dim1, dim2), (-2, -1))
    rows = [i for i in range(x.shape[-2]) if 0 <= i + offset < x.shape[-1]]
    y = np.empty((*x.shape[:-2], len(rows)))
    for place, i in enumerate(rows):
        y[..., place] = x[..., i, i + offset]
    return y


def write(y, size, offset=0, dim1=0, dim2=1):
    x = np.zeros(size)
    seen = np.moveaxis(x, (dim1, dim2), (-2, -1))
    for i in range(y.shape[-1]):
        seen[..., i - min(offset, 0), i + max(offset, 0)] = y[..., i]
    return x


def embedded(y, offset=0, dim1=-2, dim2=-1):
    n = y.shape[-1] + abs(offset)
    return np.moveaxis(write(y, (*y.shape[:-1], n, n), offset, -2, -1), (-2, -1), (dim1, dim2))


OFFSETS = (0, 1, -1, 2, -2, 5, -5)

CASES = [
    *[Case(name, op, reference, [A(*shape), *k]) for name, op, reference in [("tril", ops.tril, lower), ("triu", ops.triu, upper)]
        for shape, k in [((3, 4), ()), ((4, 3), (1,)), ((2, 3, 3), (-1,)), ((3, 4), (9,)), ((3, 4), (-9,)), ((0, 3), ()), ((2, 2, 1, 3), (1,))]],
    *[Case("diagonal", ops.diagonal, read, [A(3, 4), k]) for k in OFFSETS],
    *[Case("diagonal", ops.diagonal, read, [A(2, 3, 4), *args]) for args in [(0, 1, 2), (1, -1, 0), (-1, 0, -1), (0,)]],
    Case("diagonal", ops.diagonal, read, [A(0, 3)]),
    *[Case("diagonal_put", ops.diagonal_put, write, [A(n), (3, 4), k]) for k, n in [(0, 3), (1, 3), (2, 2), (-1, 2), (4, 0)]],
    Case("diagonal_put", ops.diagonal_put, write, [A(3, 1), (2, 3, 4), 1, 2, 0]),
    *[Case("diag_embed", ops.diag_embed, embedded, [A(2, 3), *args]) for args in [
        (), (1,), (-2,), (0, 0, 1), (1, 0, 2), (1, 2, 0), (-1, 1, 0)]],
    *[Case("diag_embed", ops.diag_embed, embedded, [A(*shape)]) for shape in [(3,), (0,), (2, 0)]],
    *[Case("diag", ops.diag, embedded, [A(3), k]) for k in (0, 1, -2)],
    *[Case("diag", ops.diag, read, [A(3, 4), k]) for k in (0, 1, -2, 5)],
    *[Case("trace", ops.trace, lambda x: np.asarray(sum(x[i, i] for i in range(min(x.shape)))), [A(*s)]) for s in [(3, 3), (3, 4), (4, 2)]],
    Case("trace", ops.trace, lambda x: np.zeros(()), [A(0, 3)]),
]  # fmt: skip

X = minigrad.arange(12.0).reshape(3, 4)


def test_an_infinity_in_the_other_triangle_does_not_turn_into_nan():
    x = Tensor([[1.0, np.inf], [2.0, 3.0]], requires_grad=True)
    y = x.tril()
    y.backward(Tensor([[1.0, np.nan], [2.0, 3.0]]))
    assert y.tolist() == [[1, 0], [2, 3]] and x.grad.tolist() == [[1, 0], [2, 3]]


def test_a_diagonal_is_a_view_that_can_be_written_to():
    x = minigrad.zeros(2, 3)
    x.diagonal(1).add_(1)
    assert x.tolist() == [[0, 1, 0], [0, 0, 1]]


def test_the_trace_of_integers_is_an_int64():
    assert minigrad.eye(3, dtype="int32").trace().dtype == minigrad.int64


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: X[0].tril(), errors.ShapeError, r"tril: needs at least 2 axes, got shape \(4,\)"),
        (lambda: X[0].triu(), errors.ShapeError, "triu: needs at least 2 axes"),
        (lambda: X[0].diagonal(), errors.AxisError, "diagonal: needs two axes for a matrix, there are 1"),
        (lambda: X.diagonal(0, 0, -2), errors.ArgumentError, "diagonal: dim1 and dim2 are the same axis, 0 and -2"),
        (lambda: X.diagonal(0, 0, 2), errors.AxisError, "diagonal: dim 2 is outside"),
        (lambda: X.diag_embed(0, 0, 0), errors.ArgumentError, "diag_embed: dim1 and dim2 are the same"),
        (lambda: minigrad.tensor(1.0).diag_embed(), errors.AxisError, "diag_embed: needs two axes"),
        (lambda: ops.diagonal_put(X, (3, 4)), errors.ShapeError, r"diagonal_put: shape \(3, 4\) does not fit the diagonal, of shape \(3,\)"),
        (lambda: minigrad.zeros(2, 2, 2).diag(), errors.ShapeError, r"diag: needs a vector or a matrix, got shape \(2, 2, 2\)\nHint"),
        (lambda: minigrad.tensor(1.0).diag(), errors.ShapeError, "diag: needs a vector or a matrix"),
        (lambda: minigrad.zeros(2, 2, 2).trace(), errors.ShapeError, "trace: needs a matrix"),
    ],
)
def test_what_is_no_matrix_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
