"""Running totals along an axis: y_k is made of x_0 … x_k.

Every rule here is a sum over the later places k ≥ i, and each of these sums is a first-order recurrence run from the
end. So one op, `linear_recurrence`, serves the products and the exponentials, and its own gradient is the same
recurrence again:

    y_i = a_i y_{i-1} + x_i        g_i = dy_i + a_{i+1} g_{i+1}        dx = g,  da_i = g_i y_{i-1}

Nothing divides, so zeros are no exception.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..autograd import constant, record
from ..backend import Array, accelerable, array_module
from ..dtypes import DtypeLike, as_dtype, is_floating
from ..errors import ArgumentError, ShapeError
from ..shapes import normalize_axis
from .index import put_add
from .join import cat
from .operands import operands, quiet, real, tensor_of
from .precision import raised

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["cumprod", "cumsum", "diff", "linear_recurrence", "logcumsumexp"]


def cumsum(input: Tensor, dim: int, *, dtype: DtypeLike | None = None) -> Tensor:
    """Add up as you go: y_k = Σ_{i≤k} x_i; integers and bools are summed as int64.

    Backward  dx_i = Σ_{k≥i} dy_k: add up from the end
    """
    x = accumulable("cumsum", input, dtype)
    axis = normalize_axis("cumsum", dim, x.array.ndim)
    if not x.array.ndim:
        return x.clone()
    with quiet():
        y = x.array.cumsum(axis)
    return record("cumsum", y, (x, lambda dy, _: dy.flip(axis).cumsum(axis).flip(axis)))


def cumprod(input: Tensor, dim: int, *, dtype: DtypeLike | None = None) -> Tensor:
    """Multiply as you go: y_k = Π_{i≤k} x_i; integers and bools are multiplied as int64.

    Backward  dx_i = y_{i-1} g_i,   g_i = Σ_{k≥i} dy_k x_{i+1} … x_k = dy_i + x_{i+1} g_{i+1}
    """
    x = accumulable("cumprod", input, dtype)
    axis = normalize_axis("cumprod", dim, x.array.ndim)
    if not x.array.ndim:
        return x.clone()

    def d_x(dy: Tensor, y: Tensor) -> Tensor:
        return previous(y, axis, 1) * _from_the_end(x, dy, axis)

    with quiet():
        y = x.array.cumprod(axis)
    return record("cumprod", y, (x, d_x))


def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """Add up exponentials as you go: y_k = ln Σ_{i≤k} exp(x_i), without overflow.

    Backward  dx_i = Σ_{k≥i} dy_k exp(x_i - y_k) = exp(x_i - y_i) g_i,   g_i = dy_i + exp(y_i - y_{i+1}) g_{i+1}
              No exponent is positive. Where y_k = -∞, every x so far is -∞, and its gradient is 0 (PyTorch: NaN).
    """
    x = real("logcumsumexp", input)
    axis = normalize_axis("logcumsumexp", dim, x.array.ndim)
    if not x.array.ndim:
        return x.clone()

    def d_x(dy: Tensor, y: Tensor) -> Tensor:
        finite = y.masked_fill(y == -float("inf"), 0)
        decay = (previous(y, axis, -float("inf")) - finite).exp()
        return (x - finite).exp() * _from_the_end(decay, dy, axis)

    return record("logcumsumexp", running(array_module(x.array).logaddexp, x.array, axis), (x, d_x))


def linear_recurrence(decay: Tensor, input: Tensor, dim: int) -> Tensor:
    """Decay and add, place after place: y_i = a_i y_{i-1} + x_i, with y_{-1} = 0, so that a_0 has no effect.

    Backward  dx_i = g_i = dy_i + a_{i+1} g_{i+1},   da_i = g_i y_{i-1}
    Shapes    decay, input equal  ->  y the same
    Raises    ShapeError
    Source    G. E. Blelloch, "Prefix sums and their applications", 1990, section 1.4
    """
    a, x = real("linear_recurrence", decay, "decay"), real("linear_recurrence", input)
    if x.array.shape != a.array.shape or not x.array.ndim:
        raise ShapeError(
            f"linear_recurrence: decay has shape {a.array.shape} and input {x.array.shape}; they must be equal, with "
            "one axis or more\nHint: broadcast_to brings them to one shape"
        )
    a, x = operands("linear_recurrence", a, x)
    axis = normalize_axis("linear_recurrence", dim, x.array.ndim)

    def d_a(dy: Tensor, y: Tensor) -> Tensor:
        return _from_the_end(a, dy, axis) * previous(y, axis, 0)

    def d_x(dy: Tensor, _: Tensor) -> Tensor:
        return _from_the_end(a, dy, axis)

    return record("linear_recurrence", linear_recurrence_forward(a.array, x.array, axis), (a, d_a), (x, d_x))


def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """Subtract neighbours, n times over: y_i = x_{i+1} - x_i; for bools, whether they differ. Undoes cumsum.

    Backward  by the subtraction
    Raises    ArgumentError, AxisError, ShapeError
    """
    x = tensor_of("diff", input)
    if not isinstance(n, int) or n < 0 or not x.array.ndim:
        raise ArgumentError(f"diff: needs a whole n ≥ 0 and at least one axis, got n = {n!r}, shape {x.array.shape}")
    axis = normalize_axis("diff", dim, x.array.ndim)
    if prepend is not None or append is not None:
        x = cat([part for part in (prepend, x, append) if part is not None], axis)
    for _ in range(min(n, x.array.shape[axis])):
        later, earlier = x[along(axis, slice(1, None))], x[along(axis, slice(None, -1))]
        x = later ^ earlier if x.array.dtype.kind == "b" else later - earlier
    return x


def accumulable(op: str, input: Tensor, dtype: DtypeLike | None) -> Tensor:
    """Return `input` in the type that sums and products of it have: int64 for integers and bools, or `dtype`."""
    x = raised(tensor_of(op, input))
    if dtype is not None or not is_floating(x.array.dtype):
        x = x.to(as_dtype(dtype or int))
    return x


def along(axis: int, part: slice) -> tuple[slice, ...]:
    """Return the key that takes `part` of an axis, and all of the axes before and after it."""
    return (slice(None),) * axis + (part,)


def previous(x: Tensor, axis: int, first: float) -> Tensor:
    """Return x_{i-1} in place i, and `first` in place 0."""
    start = array_module(x.array).zeros_like(x.array)
    start[along(axis, slice(0, 1))] = first
    moved = put_add(x[along(axis, slice(None, -1))], along(axis, slice(1, None)), start.shape)
    return moved + constant(start)


def _from_the_end(a: Tensor, dy: Tensor, axis: int) -> Tensor:
    """Return g_i = dy_i + a_{i+1} g_{i+1}: reversed, a linear recurrence whose factor is one place behind."""
    return linear_recurrence(previous(a.flip(axis), axis, 0), dy.flip(axis), axis).flip(axis)


@accelerable
def linear_recurrence_forward(a: Array, x: Array, axis: int) -> Array:
    """Return y_i = a_i y_{i-1} + x_i in log₂ n steps.

    After the step of length s, y_i holds the last 2s terms of its sum, and a_i the product of the last 2s factors.
    """
    xp = array_module(x)
    a, y = (xp.moveaxis(v, axis, 0).copy() for v in (a, x))
    s = 1
    with quiet():
        while s < len(y):
            y[s:] += a[s:] * y[:-s]
            a[s:] = a[s:] * a[:-s]
            s *= 2
    return xp.moveaxis(y, 0, axis)


def running(combine: np.ufunc, x: Array, axis: int) -> Array:
    """Return y_k = x_0 ∘ x_1 ∘ … ∘ x_k for an associative `combine`."""
    with quiet():
        return combine.accumulate(x, axis) if array_module(x) is np else doubling(combine, x, axis)


def doubling(combine: Callable[[Array, Array], Array], x: Array, axis: int) -> Array:
    """Return y_k = x_0 ∘ x_1 ∘ … ∘ x_k in log₂ n steps that a parallel device likes (Hillis and Steele, 1986)."""
    xp = array_module(x)
    y = xp.moveaxis(x, axis, 0).copy()
    s = 1
    while s < len(y):
        y[s:] = combine(y[:-s], y[s:])
        s *= 2
    return xp.moveaxis(y, 0, axis)
