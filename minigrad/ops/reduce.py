"""Many numbers to one along axes: sums, products, extremes, and whether all or any are true.

`dim` is one axis, several, or None for all; `keepdim` leaves the reduced axes in place with size 1. Every rule
first puts the reduced axes back (`reshape(kept)`), so that dy broadcasts against x.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..autograd import constant, record
from ..backend import Array, accelerable, array_module
from ..dtypes import DtypeLike, is_floating
from ..errors import ArgumentError, DtypeError
from ..shapes import Axes, normalize_axes, normalize_axis
from .fused import fused
from .operands import quiet, real, tensor_of
from .precision import raised
from .scan import accumulable, previous

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["all", "amax", "amin", "any", "count_nonzero", "logsumexp", "mean", "nanmean", "nansum", "prod", "sum"]

Shape = tuple[int, ...]


def sum(input: Tensor, dim: Axes = None, keepdim: bool = False, *, dtype: DtypeLike | None = None) -> Tensor:
    """Add up: y = Σ_i x_i; integers and bools are summed as int64.

    Backward  dx_i = dy
    """
    x = accumulable("sum", input, dtype)
    source = x.array.shape
    axes, kept = reduced("sum", dim, source)
    with quiet():
        y = x.array.sum(axis=axes, keepdims=keepdim)

    @fused("spread", kept, source, 1)
    def d_x(dy: Tensor, _: Tensor) -> Tensor:
        return dy.reshape(kept).broadcast_to(source)

    return record("sum", y, (x, d_x))


def nansum(input: Tensor, dim: Axes = None, keepdim: bool = False, *, dtype: DtypeLike | None = None) -> Tensor:
    """Add up, leaving out NaN: y = Σ_i x_i over the numbers.

    Backward  dx_i = dy where x_i is a number, 0 where it is NaN
    """
    x = tensor_of("nansum", input)
    axes, _ = reduced("nansum", dim, x.array.shape)
    return sum(x.masked_fill(x.isnan(), 0) if is_floating(x.array.dtype) else x, axes, keepdim, dtype=dtype)


def mean(input: Tensor, dim: Axes = None, keepdim: bool = False, *, dtype: DtypeLike | None = None) -> Tensor:
    """Average: y = (1/n) Σ_i x_i over the n elements reduced; NaN for n = 0.

    Backward  dx_i = dy / n
    Raises    DtypeError
    """
    x = floating("mean", input, dtype)
    source = x.array.shape
    axes, kept = reduced("mean", dim, source)
    n = math.prod(source[i] for i in axes)
    with quiet():
        y = x.array.sum(axis=axes, keepdims=keepdim) * (x.array.dtype.type(1 / n if n else math.nan))

    @fused("spread", kept, source, 1 / n if n else math.nan)
    def d_x(dy: Tensor, _: Tensor) -> Tensor:
        return (dy * (1 / n if n else math.nan)).reshape(kept).broadcast_to(source)

    return record("mean", y, (x, d_x))


def nanmean(input: Tensor, dim: Axes = None, keepdim: bool = False, *, dtype: DtypeLike | None = None) -> Tensor:
    """Average, leaving out NaN: y = (1/n) Σ_i x_i over the n numbers; NaN for n = 0.

    Backward  dx_i = dy / n where x_i is a number, 0 where it is NaN
    Raises    DtypeError
    """
    x = floating("nanmean", input, dtype)
    axes, _ = reduced("nanmean", dim, x.array.shape)
    return nansum(x, axes, keepdim) / sum(~x.isnan(), axes, keepdim)


def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: DtypeLike | None = None) -> Tensor:
    """Multiply: y = Π_i x_i, along one axis or over all; integers and bools are multiplied as int64.

    Backward  dx_i = dy Π_{j≠i} x_j = dy (Π_{j<i} x_j) (Π_{j>i} x_j)
              y / x_i would be the same, but not at x_i = 0
    """
    x = accumulable("prod", input, dtype)
    axes, kept = reduced("prod", None if dim is None else normalize_axis("prod", dim, x.array.ndim), x.array.shape)
    if len(axes) != 1:
        return prod(x.reshape(-1), 0).reshape(kept if keepdim else ())
    axis = axes[0]

    def d_x(dy: Tensor, _: Tensor) -> Tensor:
        before = previous(x.cumprod(axis), axis, 1)
        after = previous(x.flip(axis).cumprod(axis), axis, 1).flip(axis)
        return dy.reshape(kept) * before * after

    with quiet():
        y = x.array.prod(axis=axis, keepdims=keepdim)
    return record("prod", y, (x, d_x))


def amax(input: Tensor, dim: Axes = None, keepdim: bool = False) -> Tensor:
    """Take the largest: y = max_i x_i; NaN if there is one.

    Backward  dx_i = dy / k where x_i is one of the k largest, 0 elsewhere: a tie shares dy, which sums to dy
    Raises    ArgumentError for an axis of size 0
    """
    return extreme("amax", input, dim, keepdim)


def amin(input: Tensor, dim: Axes = None, keepdim: bool = False) -> Tensor:
    """Take the smallest: y = min_i x_i; NaN if there is one.

    Backward  dx_i = dy / k where x_i is one of the k smallest, 0 elsewhere: a tie shares dy, which sums to dy
    Raises    ArgumentError for an axis of size 0
    """
    return extreme("amin", input, dim, keepdim)


def logsumexp(input: Tensor, dim: Axes, keepdim: bool = False) -> Tensor:
    """Add up exponentials: y = ln Σ_i exp(x_i), without overflow; -∞ for no terms.

    Forward   y = m + ln Σ_i exp(x_i - m),   m = max x
    Backward  dx_i = dy exp(x_i - y): softmax. Where y = -∞, every x is -∞, and its gradient is 0 (PyTorch: NaN).
    """
    x = real("logsumexp", input)
    axes, kept = reduced("logsumexp", dim, x.array.shape)

    def d_x(dy: Tensor, y: Tensor) -> Tensor:
        finite = y.masked_fill(y == -math.inf, 0)
        return dy.reshape(kept) * (x - finite.reshape(kept)).exp()

    y = logsumexp_forward(x.array, axes)
    return record("logsumexp", y if keepdim else y.squeeze(axes), (x, d_x))


def all(input: Tensor, dim: Axes = None, keepdim: bool = False) -> Tensor:
    """Say whether every element is true, that is, not 0; true for no elements."""
    x = tensor_of("all", input)
    return constant(x.array.astype(bool).all(axis=normalize_axes("all", dim, x.array.ndim), keepdims=keepdim))


def any(input: Tensor, dim: Axes = None, keepdim: bool = False) -> Tensor:
    """Say whether some element is true, that is, not 0; false for no elements."""
    x = tensor_of("any", input)
    return constant(x.array.astype(bool).any(axis=normalize_axes("any", dim, x.array.ndim), keepdims=keepdim))


def count_nonzero(input: Tensor, dim: Axes = None) -> Tensor:
    """Count the elements that are not 0."""
    x = tensor_of("count_nonzero", input).array
    axes, _ = reduced("count_nonzero", dim, x.shape)
    return constant((x != 0).sum(axis=axes, dtype="int64"))


def reduced(op: str, dim: Axes, shape: Shape) -> tuple[Shape, Shape]:
    """Return the axes that `dim` names (none named means all, as in PyTorch), and `shape` with 1 for each of them."""
    axes = normalize_axes(op, dim, len(shape)) or tuple(range(len(shape)))
    return axes, tuple(1 if i in axes else n for i, n in enumerate(shape))


def floating(op: str, input: Tensor, dtype: DtypeLike | None = None) -> Tensor:
    """Return `input`, in `dtype` if given, or complain that it is not a floating tensor."""
    x = raised(tensor_of(op, input))
    if dtype is not None:
        x = x.to(dtype)
    if not is_floating(x.array.dtype):
        raise DtypeError(f"{op}: needs a floating tensor, got {x.array.dtype}\nHint: convert with .float() first")
    return x


def extreme(op: str, input: Tensor, dim: Axes, keepdim: bool) -> Tensor:
    """Take the largest or the smallest, as NumPy's function named `op` does."""
    x = tensor_of(op, input)
    axes, kept = reduced(op, dim, x.array.shape)
    refuse_nothing(op, x.array.shape, axes)
    y = getattr(array_module(x.array), op)(x.array, axis=axes, keepdims=keepdim)
    return record(op, y, (x, lambda dy, y: share(dy.reshape(kept), x, y.reshape(kept), axes)))


def share(dy: Tensor, x: Tensor, y: Tensor, axes: Shape) -> Tensor:
    """Divide dy equally among the elements of x that are equal to y; NaN if none is, because y is NaN."""
    hit = (x == y).to(dy.dtype)
    return dy * (hit / hit.sum(axes, keepdim=True))


def refuse_nothing(op: str, shape: Shape, axes: Shape) -> None:
    """Complain if there is nothing to choose from."""
    if 0 in (shape[i] for i in axes):
        raise ArgumentError(
            f"{op}: shape {shape} has nothing along dim {axes} to choose from\n"
            "Hint: leave empty tensors out, or reduce along an axis that is not empty"
        )


@accelerable
def logsumexp_forward(x: Array, axes: Shape) -> Array:
    """Return m + ln Σ exp(x - m) over the axes, kept with size 1."""
    xp = array_module(x)
    if 0 in (x.shape[i] for i in axes):
        return xp.full([1 if i in axes else n for i, n in enumerate(x.shape)], -math.inf, x.dtype)
    m = x.max(axis=axes, keepdims=True)
    m = xp.where(xp.isfinite(m), m, xp.zeros_like(m))
    with quiet():
        return xp.log(xp.exp(x - m).sum(axis=axes, keepdims=True)) + m
