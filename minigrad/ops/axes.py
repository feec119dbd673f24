"""The same numbers with their axes in another order: views, always.

The rule of a permutation is the inverse permutation, so this family needs one rule: that of `permute`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..autograd import record_view
from ..errors import ArgumentError, ShapeError
from ..shapes import normalize_axes, normalize_axis
from .operands import tensor_of
from .shape import shape_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["moveaxis", "movedim", "permute", "swapaxes", "swapdims", "t", "transpose"]


def permute(input: Tensor, *dims: int | Sequence[int]) -> Tensor:
    """Reorder the axes: axis i of y is axis dims[i] of x.

    Backward  dx = dy with its axes put back: the inverse permutation
    """
    x = tensor_of("permute", input)
    axes = normalize_axes("permute", shape_of("permute", dims), x.array.ndim)
    if len(axes) != x.array.ndim:
        raise ShapeError(f"permute: dims {axes} must name each of the {x.array.ndim} axes once")
    inverse = tuple(axes.index(i) for i in range(len(axes)))
    return record_view("permute", x.array.transpose(axes), x, lambda dy, _: dy.permute(inverse))


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Swap two axes.

    Backward  dx = dy with the same two swapped
    """
    x = tensor_of("transpose", input)
    a, b = (normalize_axis("transpose", d, x.array.ndim) for d in (dim0, dim1))
    if x.array.ndim == 0:
        return x
    return record_view("transpose", x.array.swapaxes(a, b), x, lambda dy, _: dy.transpose(a, b))


def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """Swap two axes: `transpose` under NumPy's name."""
    return transpose(input, axis0, axis1)


def swapdims(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Swap two axes: another name of `transpose`."""
    return transpose(input, dim0, dim1)


def t(input: Tensor) -> Tensor:
    """Swap the axes of a matrix; a vector or a 0-d tensor stays as it is.

    Backward  dx = dyᵀ
    """
    x = tensor_of("t", input)
    if x.array.ndim > 2:
        raise ShapeError(f"t: needs at most 2 axes, got shape {x.array.shape}\nHint: use .mT for stacks of matrices")
    return transpose(x, 0, 1) if x.array.ndim == 2 else x


def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Move the axes `source` to the places `destination`; the other axes keep their order.

    Backward  dx = dy with the axes moved back
    """
    x = tensor_of("movedim", input)
    old, new = (normalize_axes("movedim", d, x.array.ndim) for d in (source, destination))
    if len(old) != len(new):
        raise ArgumentError(f"movedim: source {old} and destination {new} name different numbers of axes")
    order = [i for i in range(x.array.ndim) if i not in old]
    for place, axis in sorted(zip(new, old, strict=True)):
        order.insert(place, axis)
    return permute(x, order)


def moveaxis(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Move axes to other places: `movedim` under NumPy's name."""
    return movedim(input, source, destination)
