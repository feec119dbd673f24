"""The larger, the smaller, and what lies between, elementwise.

A gradient goes to the operand that decides the result. Where two are equal, `maximum` and `minimum` give half to each,
and the clamps all of it to x: the shares sum to 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..autograd import record
from ..backend import array_module
from ..errors import ArgumentError
from .operands import Operand, operands, quiet, real, tensor_of, together
from .select import where

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["clamp", "clamp_max", "clamp_min", "clip", "lerp", "maximum", "minimum"]


def maximum(input: Operand, other: Operand) -> Tensor:
    """Take the larger: z = max(x, y); NaN if either is.

    Backward  dx = dz where x > y, dz / 2 where x = y, 0 where x < y;  dy the other way round
    """
    x, y = operands("maximum", input, other)
    z = array_module(x.array).maximum(x.array, y.array)
    return record(
        "maximum", z, (x, lambda dz, _: _share(dz, x < y, x.eq(y))), (y, lambda dz, _: _share(dz, y < x, x.eq(y)))
    )


def minimum(input: Operand, other: Operand) -> Tensor:
    """Take the smaller: z = min(x, y); NaN if either is.

    Backward  dx = dz where x < y, dz / 2 where x = y, 0 where x > y;  dy the other way round
    """
    x, y = operands("minimum", input, other)
    z = array_module(x.array).minimum(x.array, y.array)
    return record(
        "minimum", z, (x, lambda dz, _: _share(dz, x > y, x.eq(y))), (y, lambda dz, _: _share(dz, y > x, x.eq(y)))
    )


def _share(dz: Tensor, lost: Tensor, tied: Tensor) -> Tensor:
    return where(lost, 0, where(tied, dz / 2, dz))


def clamp(input: Tensor, min: Operand | None = None, max: Operand | None = None) -> Tensor:
    """Keep between bounds: y = min(max(x, lo), hi). The bounds are numbers or tensors; where lo > hi, hi counts.

    Backward  dx = dy where lo ≤ x ≤ hi, 0 outside: at a bound the gradient passes
              A bound that is a tensor gets dy where it is the result and x is not.
    """
    if min is None and max is None:
        raise ArgumentError("clamp: there is no bound\nHint: give min, max or both")
    y = tensor_of("clamp", input)
    if min is not None:
        y = clamp_min(y, min)
    return y if max is None else clamp_max(y, max)


clip = clamp


def clamp_min(input: Tensor, min: Operand) -> Tensor:
    """Raise to a lower bound: y = max(x, lo).

    Backward  dx = dy where x ≥ lo, 0 below;  dlo = dy where x < lo, 0 elsewhere
    """
    x, lo = operands("clamp_min", input, min)
    y = array_module(x.array).maximum(x.array, lo.array)
    return record("clamp_min", y, (x, lambda dy, _: where(x < lo, 0, dy)), (lo, lambda dy, _: where(x < lo, dy, 0)))


def clamp_max(input: Tensor, max: Operand) -> Tensor:
    """Lower to an upper bound: y = min(x, hi).

    Backward  dx = dy where x ≤ hi, 0 above;  dhi = dy where x > hi, 0 elsewhere
    """
    x, hi = operands("clamp_max", input, max)
    y = array_module(x.array).minimum(x.array, hi.array)
    return record("clamp_max", y, (x, lambda dy, _: where(x > hi, 0, dy)), (hi, lambda dy, _: where(x > hi, dy, 0)))


def lerp(input: Operand, end: Operand, weight: Operand) -> Tensor:
    """Interpolate on the line from x to e: y = x + w (e - x). w = 0 gives x and w = 1 gives e, exactly.

    Backward  dx = (1 - w) dy,  de = w dy,  dw = dy (e - x)
    """
    x, e, w = (real("lerp", v) for v in together("lerp", input, end, weight))
    xp = array_module(x.array)
    with quiet():
        way = e.array - x.array
        near, far = x.array + w.array * way, e.array - (1 - w.array) * way
    y = xp.where(xp.abs(w.array) < 0.5, near, far)
    return record(
        "lerp", y, (x, lambda dy, _: dy * (1 - w)), (e, lambda dy, _: dy * w), (w, lambda dy, _: dy * (e - x))
    )
