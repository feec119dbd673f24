"""The largest or the smallest along an axis, together with its place.

These ops read one element per place of the result, and say which: y_k = x[i_k]. So there is one rule for all of
them, and for sorting (order.py) as well: the gradient goes back to the element that was read, and to no other. Of
equal elements the first is read. (`amax`, and `max` without `dim`, return no place, and share a tie.)

NaN counts as larger than every number and as smaller than every number: if there is one, it is found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard, overload

import numpy as np

from ..autograd import Node, constant, record
from ..backend import Array, array_module, is_array
from ..errors import ArgumentError
from ..shapes import normalize_axis
from .extreme import maximum, minimum
from .index import put_add
from .operands import tensor_of
from .reduce import extreme, refuse_nothing
from .scan import running

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["ValuesIndices", "argmax", "argmin", "cummax", "cummin", "max", "min"]


class ValuesIndices(NamedTuple):
    """What was found along an axis, and where."""

    values: Tensor
    indices: Tensor


@overload
def max(input: Tensor) -> Tensor: ...
@overload
def max(input: Tensor, dim: int, keepdim: bool = False) -> ValuesIndices: ...
@overload
def max(input: Tensor, dim: Tensor) -> Tensor: ...
@overload
def max(input: Tensor, *, other: Tensor) -> Tensor: ...
def max(
    input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False, *, other: Tensor | None = None
) -> Tensor | ValuesIndices:
    """Find the largest: of all elements; or along an axis, with its place; or of two tensors, as `maximum` does.

    Forward   max(x)       y = max_i x_i
              max(x, dim)  y_k = x[i_k],  i_k the first place of the largest
    Backward  max(x)       a tie shares dy, as in `amax`
              max(x, dim)  dx[i_k] += dy_k
    Raises    ArgumentError if there is nothing to choose from
    """
    if other is not None or _is_operand(dim):
        return maximum(input, dim if other is None else other)
    return _extreme("max", input, dim, keepdim)


@overload
def min(input: Tensor) -> Tensor: ...
@overload
def min(input: Tensor, dim: int, keepdim: bool = False) -> ValuesIndices: ...
@overload
def min(input: Tensor, dim: Tensor) -> Tensor: ...
@overload
def min(input: Tensor, *, other: Tensor) -> Tensor: ...
def min(
    input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False, *, other: Tensor | None = None
) -> Tensor | ValuesIndices:
    """Find the smallest: of all elements; or along an axis, with its place; or of two tensors, as `minimum` does.

    Forward   min(x)       y = min_i x_i
              min(x, dim)  y_k = x[i_k],  i_k the first place of the smallest
    Backward  min(x)       a tie shares dy, as in `amin`
              min(x, dim)  dx[i_k] += dy_k
    Raises    ArgumentError if there is nothing to choose from
    """
    if other is not None or _is_operand(dim):
        return minimum(input, dim if other is None else other)
    return _extreme("min", input, dim, keepdim)


def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Return the place of the first largest element, along an axis or in the flattened tensor."""
    return _place("argmax", input, dim, keepdim)


def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Return the place of the first smallest element, along an axis or in the flattened tensor."""
    return _place("argmin", input, dim, keepdim)


def cummax(input: Tensor, dim: int) -> ValuesIndices:
    """Find the largest so far: y_k = max_{i≤k} x_i, with its place; of equal ones the latest, as in PyTorch.

    Backward  dx[i_k] += dy_k: an element that stays the largest for long gathers many gradients
    """
    return _record_so_far("cummax", "maximum", input, dim)


def cummin(input: Tensor, dim: int) -> ValuesIndices:
    """Find the smallest so far: y_k = min_{i≤k} x_i, with its place; of equal ones the latest, as in PyTorch.

    Backward  dx[i_k] += dy_k: an element that stays the smallest for long gathers many gradients
    """
    return _record_so_far("cummin", "minimum", input, dim)


def pick(op: str, x: Tensor, index: Array, axis: int, keepdim: bool = True) -> ValuesIndices:
    """Read elements at the places `index` along an axis; without `keepdim`, the axis, of size 1 then, is dropped.

    Forward   y_k = x[i_k]
    Backward  dx[i_k] += dy_k
    """
    xp, shape = array_module(x.array), x.array.shape
    if not shape:
        return ValuesIndices(x.clone(), constant(index.reshape(())))
    key = list(xp.ogrid[tuple(map(slice, shape))])  # 0, 1, 2, … along every axis
    key[axis] = index
    places, dropped = tuple(key), () if keepdim else (axis,)
    read = x.array[places]
    y = record(op, read.squeeze(dropped), (x, lambda dy, _: put_add(dy.reshape(read.shape), places, shape)))
    return ValuesIndices(y, constant(index.squeeze(dropped).copy()))  # a copy: overwriting it must not mislead the rule


def _is_operand(x: Any) -> TypeGuard[Tensor]:
    return isinstance(x, Node) or (is_array(x) and not isinstance(x, np.generic))


def _extreme(op: str, input: Tensor, dim: Any, keepdim: bool) -> Tensor | ValuesIndices:
    x = tensor_of(op, input)
    if dim is None:
        if keepdim:
            raise ArgumentError(f"{op}: keepdim needs a dim\nHint: a{op}(x, keepdim=True) keeps every axis with size 1")
        return extreme(op, x, None, False)
    axis = normalize_axis(op, dim, x.array.ndim)
    return pick(op, x, _first(op, "arg" + op, x.array, axis), axis, keepdim)


def _first(op: str, function: str, x: Array, axis: int) -> Array:
    """Return the first place of the extreme along an axis, which is kept with size 1; at least 1-d."""
    line = x.reshape(x.shape or (1,))
    refuse_nothing(op, line.shape, (axis,))
    return getattr(array_module(x), function)(line, axis=axis, keepdims=True)


def _place(op: str, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    x = tensor_of(op, input).array
    if dim is None:
        refuse_nothing(op, x.shape, tuple(range(x.ndim)))
        return constant(_first(op, op, x.reshape(-1), 0).reshape((1,) * x.ndim if keepdim else ()))
    axis = normalize_axis(op, dim, x.ndim)
    place = _first(op, op, x, axis)
    return constant(place if keepdim and x.ndim else place.squeeze(axis))


def _record_so_far(op: str, better: str, input: Tensor, dim: int) -> ValuesIndices:
    """Find the places where x equals the extreme so far; the latest of these places is the answer."""
    x = tensor_of(op, input)
    xp, axis = array_module(x.array), normalize_axis(op, dim, x.array.ndim)
    line = x.array.reshape(x.array.shape or (1,))
    best = running(getattr(xp, better), line, axis)
    place = xp.ogrid[tuple(map(slice, line.shape))][axis]
    holds = (line == best) | xp.isnan(line)
    return pick(op, x, running(xp.maximum, xp.where(holds, place, 0), axis), axis)
