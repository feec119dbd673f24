"""Parts of matrices: triangles and diagonals. Axes before the last two, or the two named, are a stack of matrices.

    tril triu       keep a triangle, 0 elsewhere: each is its own adjoint
    diagonal        y[i] = x[i, i + k]              read a diagonal
    diagonal_put    x = 0;  x[i, i + k] = y[i]      write it among zeros

The last two are the adjoints of each other; k > 0 lies above the main diagonal, k < 0 below.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..autograd import record, record_view
from ..backend import Array, array_module
from ..errors import ArgumentError, AxisError, ShapeError
from ..shapes import normalize_axis
from .operands import tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["diag", "diag_embed", "diagonal", "diagonal_put", "trace", "tril", "triu"]


def _matrices(op: str, input: Tensor) -> Tensor:
    x = tensor_of(op, input)
    if x.array.ndim < 2:
        raise ShapeError(f"{op}: needs at least 2 axes, got shape {x.array.shape}")
    return x


def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """Keep the lower triangle: y[i, j] = x[i, j] where j <= i + k, 0 elsewhere.

    Backward  dx = the lower triangle of dy
    """
    x = _matrices("tril", input)
    return record("tril", array_module(x.array).tril(x.array, diagonal), (x, lambda dy, _: dy.tril(diagonal)))


def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """Keep the upper triangle: y[i, j] = x[i, j] where j >= i + k, 0 elsewhere.

    Backward  dx = the upper triangle of dy
    """
    x = _matrices("triu", input)
    return record("triu", array_module(x.array).triu(x.array, diagonal), (x, lambda dy, _: dy.triu(diagonal)))


def _rows_and_columns(op: str, ndim: int, dim1: int, dim2: int) -> tuple[int, int]:
    if ndim < 2:
        raise AxisError(f"{op}: needs two axes for a matrix, there are {ndim}")
    rows, columns = normalize_axis(op, dim1, ndim), normalize_axis(op, dim2, ndim)
    if rows == columns:
        raise ArgumentError(f"{op}: dim1 and dim2 are the same axis, {dim1} and {dim2}")
    return rows, columns


def _seen_along_diagonal(x: Array, k: int, rows: int, columns: int) -> Array:
    """Return a view of the diagonal, as the last axis."""
    y = array_module(x).diagonal(x, k, rows, columns)
    if isinstance(y, np.ndarray):
        y.flags.writeable = x.flags.writeable  # NumPy marks this view read-only, to be free to copy one day
    return y


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """Read a diagonal of the matrices that the axes dim1 and dim2 form; it becomes the last axis.

    Forward   y[..., i] = x[i, i + k]   for dim1 = 0, dim2 = 1, k = offset
    Backward  dx = 0, with dx[i, i + k] = dy[..., i]: `diagonal_put`
    """
    x = tensor_of("diagonal", input)
    rows, columns = _rows_and_columns("diagonal", x.array.ndim, dim1, dim2)
    y, size = _seen_along_diagonal(x.array, offset, rows, columns), x.array.shape
    return record_view("diagonal", y, x, lambda dy, _: diagonal_put(dy, size, offset, rows, columns))


def diagonal_put(input: Tensor, size: Sequence[int], offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """Write a diagonal into zeros of shape `size`. The adjoint of `diagonal`.

    Forward   x = 0, with x[i, i + k] = y[..., i]
    Backward  dy[..., i] = dx[i, i + k]
    """
    y = tensor_of("diagonal_put", input)
    rows, columns = _rows_and_columns("diagonal_put", len(size), dim1, dim2)
    x = array_module(y.array).zeros(tuple(size), y.array.dtype)
    target = _seen_along_diagonal(x, offset, rows, columns)
    if y.array.shape != target.shape:
        raise ShapeError(f"diagonal_put: shape {y.array.shape} does not fit the diagonal, of shape {target.shape}")
    target[...] = y.array
    return record("diagonal_put", x, (y, lambda dx, _: dx.diagonal(offset, rows, columns)))


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Make each vector along the last axis the diagonal of a square matrix, zero elsewhere.

    Forward   x = 0, with x[..., i, i + k] = y[..., i]
    Backward  dy[..., i] = dx[..., i, i + k]
    Shapes    (..., n)  ->  (..., n + |k|, n + |k|), the last two axes at dim1 and dim2
    """
    y = tensor_of("diag_embed", input)
    rows, columns = _rows_and_columns("diag_embed", y.array.ndim + 1, dim1, dim2)
    n = y.array.shape[-1] + abs(offset)
    size = list(y.array.shape[:-1])
    for axis in sorted((rows, columns)):
        size.insert(axis, n)
    return diagonal_put(y, size, offset, rows, columns)


def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """Turn a vector into a matrix with that diagonal, or a matrix into the vector on its diagonal."""
    x = tensor_of("diag", input)
    if x.array.ndim not in (1, 2):
        raise ShapeError(
            f"diag: needs a vector or a matrix, got shape {x.array.shape}\nHint: use diagonal or diag_embed for stacks"
        )
    return diag_embed(x, diagonal) if x.array.ndim == 1 else x.diagonal(diagonal)


def trace(input: Tensor) -> Tensor:
    """Add up the diagonal of a matrix: y = Σ_i x[i, i].

    Backward  dx = dy on the diagonal, 0 elsewhere
    """
    x = tensor_of("trace", input)
    if x.array.ndim != 2:
        raise ShapeError(f"trace: needs a matrix, got shape {x.array.shape}")
    return x.diagonal().sum()
