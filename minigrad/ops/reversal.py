"""The same numbers in another order along an axis: backwards, or moved round in a circle.

Both are permutations of the elements, so their rules are their inverses: flip is its own, roll by s is undone by -s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..autograd import record
from ..backend import array_module
from ..errors import ArgumentError, AxisError, ShapeError
from ..shapes import normalize_axes, normalize_axis
from .operands import tensor_of
from .shape import shape_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["flip", "fliplr", "flipud", "roll"]


def flip(input: Tensor, *dims: int | Sequence[int]) -> Tensor:
    """Reverse the order along the axes `dims`: y[i] = x[n - 1 - i].

    Backward  dx = dy reversed along the same axes
    """
    x = tensor_of("flip", input)
    axes = normalize_axes("flip", shape_of("flip", dims), x.array.ndim)
    y = array_module(x.array).flip(x.array, axes).copy()
    return record("flip", y, (x, lambda dy, _: dy.flip(axes)))


def fliplr(input: Tensor) -> Tensor:
    """Reverse the order along axis 1: left and right of a matrix change places."""
    x = tensor_of("fliplr", input)
    if x.array.ndim < 2:
        raise ShapeError(f"fliplr: needs at least 2 axes, got shape {x.array.shape}")
    return flip(x, 1)


def flipud(input: Tensor) -> Tensor:
    """Reverse the order along axis 0: up and down of a matrix change places."""
    x = tensor_of("flipud", input)
    if x.array.ndim < 1:
        raise ShapeError("flipud: needs at least 1 axis, got a 0-d tensor")
    return flip(x, 0)


def roll(input: Tensor, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> Tensor:
    """Move the elements along axes, those that fall off the end re-entering at the start: y[(i + s) mod n] = x[i].

    Without `dims`, the elements are moved through the tensor as if it were flat.

    Backward  dx = dy moved back, by -s
    """
    x, steps = tensor_of("roll", input), shape_of("roll", (shifts,))
    if dims is None and len(steps) == 1:
        return roll(x.flatten(), steps, 0).reshape(x.array.shape)
    wanted = () if dims is None else shape_of("roll", (dims,))
    if len(wanted) != len(steps) or not steps:
        raise ArgumentError(f"roll: shifts {steps} and dims {wanted} must name as many shifts as axes, one at least")
    if x.array.ndim == 0:
        raise AxisError(f"roll: dims {wanted} of a 0-d tensor, which has no axes")
    axes = tuple(normalize_axis("roll", d, x.array.ndim) for d in wanted)  # an axis named twice is moved twice
    back = tuple(-s for s in steps)
    return record("roll", array_module(x.array).roll(x.array, steps, axes), (x, lambda dy, _: dy.roll(back, axes)))
