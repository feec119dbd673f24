"""Many numbers to one along axes: sums, means and extremes.

`dim` is one axis, several, or None for all; `keepdim` leaves the reduced axes in place with size 1. Every rule
first puts the reduced axes back (`_restore`), so that dy broadcasts against x.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..autograd import record
from ..backend import array_module
from ..dtypes import DtypeLike, as_dtype, is_floating
from ..errors import ArgumentError, DtypeError
from ..shapes import Axes, normalize_axes
from .operands import tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["amax", "amin", "mean", "sum"]


def _kept(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """Return `shape` with 1 for each of the reduced `axes`."""
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def sum(input: Tensor, dim: Axes = None, keepdim: bool = False, *, dtype: DtypeLike | None = None) -> Tensor:
    """Add up: y = Σ_i x_i; integers and bools are summed as int64.

    Backward  dx_i = dy
    """
    x = tensor_of("sum", input)
    if dtype is not None or not is_floating(x.array.dtype):
        x = x.to(as_dtype(dtype or int))
    axes, source = normalize_axes("sum", dim, x.array.ndim), x.array.shape
    kept = _kept(source, axes)
    y = x.array.sum(axis=axes, keepdims=keepdim)
    return record("sum", y, (x, lambda dy, _: dy.reshape(kept).broadcast_to(source)))


def mean(input: Tensor, dim: Axes = None, keepdim: bool = False, *, dtype: DtypeLike | None = None) -> Tensor:
    """Average: y = (1/n) Σ_i x_i over the n elements reduced; NaN for n = 0.

    Backward  dx_i = dy / n
    """
    x = tensor_of("mean", input)
    if dtype is not None:
        x = x.to(dtype)
    if not is_floating(x.array.dtype):
        raise DtypeError(f"mean: needs a floating tensor, got {x.array.dtype}\nHint: convert with .float() first")
    axes, source = normalize_axes("mean", dim, x.array.ndim), x.array.shape
    kept = _kept(source, axes)
    n = math.prod(source[i] for i in axes)
    y = x.array.sum(axis=axes, keepdims=keepdim) * (x.array.dtype.type(1 / n if n else math.nan))
    return record("mean", y, (x, lambda dy, _: (dy * (1 / n if n else math.nan)).reshape(kept).broadcast_to(source)))


def _extreme(op: str, input: Tensor, dim: Axes, keepdim: bool) -> Tensor:
    x = tensor_of(op, input)
    axes = normalize_axes(op, dim, x.array.ndim)
    kept = _kept(x.array.shape, axes)
    if 0 in (x.array.shape[i] for i in axes):
        raise ArgumentError(f"{op}: shape {x.array.shape} has nothing along dim {axes}, and no number is the largest")

    def d_x(dy: Tensor, y: Tensor) -> Tensor:
        hit = (x == y.reshape(kept)).to(dy.dtype)
        return dy.reshape(kept) * (hit / hit.sum(axes, keepdim=True))

    y = getattr(array_module(x.array), op)(x.array, axis=axes, keepdims=keepdim)
    return record(op, y, (x, d_x))


def amax(input: Tensor, dim: Axes = None, keepdim: bool = False) -> Tensor:
    """Take the largest: y = max_i x_i.

    Backward  dx_i = dy / k where x_i is one of the k largest, 0 elsewhere: a tie shares dy, which sums to dy
    """
    return _extreme("amax", input, dim, keepdim)


def amin(input: Tensor, dim: Axes = None, keepdim: bool = False) -> Tensor:
    """Take the smallest: y = min_i x_i.

    Backward  dx_i = dy / k where x_i is one of the k smallest, 0 elsewhere: a tie shares dy, which sums to dy
    """
    return _extreme("amin", input, dim, keepdim)
