"""Where something holds: masks and numbers of places, one turned into the other.

    nonzero   mask -> places          masked_select   x[mask]
    one_hot   places -> indicators: 1 at the place, 0 elsewhere
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..autograd import constant
from ..backend import array_module
from ..errors import ArgumentError, DtypeError
from .along_axis import places_within
from .index import getitem
from .operands import Operand, on_one_device, tensor_of
from .shape import broadcast_tensors

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["argwhere", "masked_select", "nonzero", "one_hot"]


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Tensor | tuple[Tensor, ...]:
    """List the places of the elements that are not 0, in row-major order.

    Shapes    x with d axes and k elements that are not 0  ->  (k, d), or d tensors (k) with `as_tuple`, which index x
    """
    x = tensor_of("nonzero", input)
    xp = array_module(x.array)
    if as_tuple:
        return tuple(constant(axis) for axis in xp.nonzero(xp.atleast_1d(x.array)))
    return argwhere(x)


def argwhere(input: Tensor) -> Tensor:
    """List the places of the elements that are not 0, in row-major order, one row each."""
    x = tensor_of("argwhere", input)
    return constant(array_module(x.array).argwhere(x.array))


def masked_select(input: Tensor, mask: Operand) -> Tensor:
    """Read the elements where the mask holds, in row-major order; both are broadcast first.

    Backward  dx = dy at the places of the mask, 0 elsewhere
    Shapes    y (k), where k is the number of elements for which the mask holds
    """
    x, m = tensor_of("masked_select", input), tensor_of("masked_select", mask, "mask")
    if m.array.dtype.kind != "b":
        raise DtypeError(f"masked_select: mask must be bool, got {m.array.dtype}\nHint: compare, as in x != 0")
    on_one_device("masked_select", input=x, mask=m)
    x, m = broadcast_tensors(x, m)
    return getitem(x, m).reshape(-1)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Return 1 at the place that each number names, 0 elsewhere, as integers.

    Forward   y[..., j] = 1 if j = k else 0, for each number k
    Shapes    (...)  ->  (..., num_classes); by default one class more than the largest number
    Raises    RangeError if a number lies outside [0, num_classes)
    """
    k = tensor_of("one_hot", tensor, "tensor")
    if num_classes == -1:
        if not k.array.size:
            raise ArgumentError("one_hot: an empty tensor does not tell the number of classes\nHint: pass num_classes")
        num_classes = max(int(k.array.max()) + 1, 1)
    if num_classes < 0:
        raise ArgumentError(f"one_hot: num_classes must not be negative, got {num_classes}")
    places = places_within("one_hot", k, num_classes, whole=f", there are {num_classes} classes")
    xp = array_module(places)
    return constant((places[..., None] == xp.arange(num_classes)).astype(xp.int64))
