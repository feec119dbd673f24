"""Elements by rank: sorted, the k largest, the k-th, the one in the middle.

    x₍₀₎ ≤ x₍₁₎ ≤ …     sort reads all of these; topk, kthvalue and median read some

So all the calculus here is that of reading (pick.py): the gradient goes back to the places read. Equal elements stay
in the order they came in, and NaN counts as the largest, as in PyTorch.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, overload

import numpy as np

from ..autograd import Node, constant, record
from ..backend import Array, array_module, device_of, to_device
from ..doubts import at_hand, insist
from ..errors import ArgumentError
from ..shapes import normalize_axis
from .extreme import lerp
from .operands import tensor_of
from .pick import ValuesIndices, pick
from .reduce import floating, refuse_nothing, share
from .scan import along
from .select import where

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["argsort", "kthvalue", "median", "quantile", "sort", "topk"]


def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> ValuesIndices:
    """Sort along an axis, and say where each element came from. Always stable, whatever `stable` says.

    Forward   y_k = x[i_k]
    Backward  dx[i_k] = dy_k
    """
    x = tensor_of("sort", input)
    axis = normalize_axis("sort", dim, x.array.ndim)
    return pick("sort", x, order(x.array, axis, descending), axis)


def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """Return the places of the elements in sorted order. See `sort`."""
    x = tensor_of("argsort", input).array
    return constant(order(x, normalize_axis("argsort", dim, x.ndim), descending).reshape(x.shape))


def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> ValuesIndices:
    """Find the k largest, or smallest, along an axis: the first k in sorted order, whatever `sorted` says.

    Forward   y_j = x[i_j] for j < k
    Backward  dx[i_j] = dy_j, 0 for those left out
    Raises    ArgumentError if there are fewer than k
    """
    x = tensor_of("topk", input)
    axis = normalize_axis("topk", dim, x.array.ndim)
    _check_rank("topk", k, 0 if x.array.ndim else 1, x, axis)
    return pick("topk", x, _best(x.array, k, axis, largest), axis)


def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """Find the k-th smallest along an axis, counting from 1.

    Forward   y = x₍ₖ₋₁₎ = x[i],  i the first place of it
    Backward  dx[i] = dy, 0 elsewhere
    Raises    ArgumentError if there are fewer than k
    """
    x = tensor_of("kthvalue", input)
    axis = normalize_axis("kthvalue", dim, x.array.ndim)
    _check_rank("kthvalue", k, 1, x, axis)
    line = x.array.reshape(x.array.shape or (1,))
    value = array_module(line).partition(line, k - 1, axis)[along(axis, slice(k - 1, k))]
    return pick("kthvalue", x, _first_place(line, value, axis), axis, keepdim)


@overload
def median(input: Tensor) -> Tensor: ...
@overload
def median(input: Tensor, dim: int, keepdim: bool = False) -> ValuesIndices: ...
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor | ValuesIndices:
    """Find the middle one: of even n, the lower of two, x₍ₖ₎ with k = ⌊(n-1)/2⌋; NaN if there is one.

    Forward   median(x)       over all elements; NaN for none
              median(x, dim)  along an axis, with its place
    Backward  median(x)       elements equal to it share dy
              median(x, dim)  dx[i] = dy at the place returned, 0 elsewhere
    Raises    ArgumentError for an axis of size 0
    """
    x = tensor_of("median", input)
    if dim is None:
        if keepdim:
            raise ArgumentError("median: keepdim needs a dim\nHint: pass dim, or reshape the result")
        return _overall_median(x)
    axis = normalize_axis("median", dim, x.array.ndim)
    line = x.array.reshape(x.array.shape or (1,))
    refuse_nothing("median", line.shape, (axis,))
    return pick("median", x, _first_place(line, _middle(line, axis), axis), axis, keepdim)


def quantile(
    input: Tensor, q: float | Tensor, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """Find the number below which a fraction q of the elements lies, along an axis or of all; NaN if there is one.

    `interpolation` says what to do between two elements: "linear", "lower", "higher", "nearest", "midpoint".

    Forward   h = q (n - 1),   y = x₍ₖ₎ + (h - k) (x₍ₖ₊₁₎ - x₍ₖ₎),   k = ⌊h⌋
    Backward  by lerp and sort
    Shapes    for a 1-d tensor of Q fractions, the result has a first axis of size Q
    Raises    ArgumentError, DtypeError
    """
    x = floating("quantile", input)
    fractions = _fractions(q)
    axis = -1 if dim is None else normalize_axis("quantile", dim, x.array.ndim)
    lines = x.reshape(-1) if dim is None or not x.array.ndim else x.movedim(axis, -1)
    refuse_nothing("quantile", lines.array.shape, (lines.array.ndim - 1,))
    below, above, weight = _between(fractions * (lines.array.shape[-1] - 1), interpolation)
    ranked, weight = sort(lines).values, to_device(weight, device_of(x.array))
    low, high = ranked[..., below], ranked[..., above]
    y = where(weight == 0, low, lerp(low, high, weight.astype(x.array.dtype)))  # low may be infinite
    has_nan = ranked[..., -1].isnan()
    y = y.masked_fill(has_nan.unsqueeze(-1) if fractions.ndim else has_nan, math.nan)
    y = y.movedim(-1, 0) if fractions.ndim else y
    if not keepdim:
        return y
    kept = tuple(1 if dim is None or i == axis else n for i, n in enumerate(x.array.shape))
    return y.reshape(fractions.shape + kept)


def order(x: Array, axis: int, descending: bool = False) -> Array:
    """Return the places along an axis in the order of their elements; at least 1-d."""
    xp = array_module(x)
    x = x.reshape(x.shape or (1,))
    if not descending:
        return xp.argsort(x, axis=axis, kind="stable")
    # Sorted backwards from the far end, so that equal elements stay in order.
    return x.shape[axis] - 1 - xp.flip(xp.argsort(xp.flip(x, axis), axis=axis, kind="stable"), axis)


def _best(x: Array, k: int, axis: int, largest: bool) -> Array:
    """Return the places of the first k in sorted order. If they are few, they are found before they are sorted."""
    xp, n = array_module(x), x.shape[axis] if x.ndim else 1
    if not 0 < 4 * k <= n or not at_hand(x):
        return order(x, axis, largest)[along(axis, slice(0, k))]
    rank = n - k if largest else k - 1
    last = xp.partition(x, rank, axis)[along(axis, slice(rank, rank + 1))]
    tied = (x == last) | (xp.isnan(x) & xp.isnan(last))
    better = (x > last) | (xp.isnan(x) & ~xp.isnan(last)) if largest else (x < last) | (~xp.isnan(x) & xp.isnan(last))
    vacant = k - better.sum(axis, keepdims=True)
    chosen = xp.moveaxis(better | (tied & (tied.cumsum(axis) <= vacant)), axis, -1)
    places = xp.moveaxis(xp.nonzero(chosen)[-1].reshape(*chosen.shape[:-1], k), -1, axis)
    found = xp.take_along_axis(x, places, axis)
    return xp.take_along_axis(places, order(found, axis, largest), axis)


def _check_rank(op: str, k: int, least: int, x: Tensor, axis: int) -> None:
    n = x.array.shape[axis] if x.array.ndim else 1
    if not hasattr(k, "__index__"):
        raise ArgumentError(f"{op}: k must be an integer, got {k!r}")
    if not least <= k <= n:
        raise ArgumentError(
            f"{op}: k is {k}, but dim {axis} of shape {x.array.shape} has {n} elements\n"
            f"Hint: choose k from {least} to {n}"
        )


def _first_place(x: Array, value: Array, axis: int) -> Array:
    """Return the first place where x is `value`, or where both are NaN."""
    xp = array_module(x)
    return xp.argmax((x == value) | (xp.isnan(x) & xp.isnan(value)), axis=axis, keepdims=True)


def _middle(x: Array, axis: int) -> Array:
    """Return the element of rank ⌊(n-1)/2⌋, or NaN if there is one: they come last."""
    xp, k = array_module(x), (x.shape[axis] - 1) // 2
    ranked = xp.partition(x, (k, x.shape[axis] - 1), axis)
    middle, last = ranked[along(axis, slice(k, k + 1))], ranked[along(axis, slice(-1, None))]
    return xp.where(xp.isnan(last), last, middle)


def _overall_median(x: Tensor) -> Tensor:
    xp, axes = array_module(x.array), tuple(range(x.array.ndim))
    if x.array.size:
        y = _middle(x.array.reshape(-1), 0).reshape(())
    else:
        y = xp.full((), math.nan, floating("median of no elements", x).array.dtype)
    return record("median", y, (x, lambda dy, y: share(dy, x, y, axes)))


def _fractions(q: float | Tensor) -> Array:
    if isinstance(q, (Node, int, float)):
        fractions = q.array if isinstance(q, Node) else np.asarray(q, "float64")
        if fractions.ndim <= 1:
            insist(((fractions >= 0) & (fractions <= 1)).all(), lambda: _no_fraction(q))
            return fractions
    raise _no_fraction(q)


def _no_fraction(q: object) -> ArgumentError:
    return ArgumentError(f"quantile: q must be a number in [0, 1], or a 1-d tensor of such numbers, got {q!r:.60}")


def _between(h: Array, interpolation: str) -> tuple[Array, Array, Array]:
    """Return the ranks on both sides of h, and the weight of the upper one."""
    xp, zero = array_module(h), 0 * h
    floor, ceil, nearest = xp.floor(h), xp.ceil(h), xp.round(h)
    ways = {
        "linear": (floor, ceil, h - floor),
        "lower": (floor, floor, zero),
        "higher": (ceil, ceil, zero),
        "nearest": (nearest, nearest, zero),
        "midpoint": (floor, ceil, (ceil - floor) / 2),
    }
    if interpolation not in ways:
        raise ArgumentError(f"quantile: interpolation is {interpolation!r}\nHint: use one of {', '.join(ways)}")
    below, above, weight = ways[interpolation]
    return below.astype("int64"), above.astype("int64"), weight
