"""Circular and hyperbolic functions and their inverses, elementwise, and polar coordinates.

y = f(x), so dx = dy f'(x)        angles in radians
(x, y)  =  (r cos φ, r sin φ),    r = hypot(x, y),    φ = atan2(y, x)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..autograd import record
from ..backend import Array, accelerable, array_module
from .fused import fused
from .operands import Operand, operands, quiet, real

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cos", "cosh", "hypot", "sin", "sinh", "tan", "tanh",
]  # fmt: skip


def sin(input: Tensor) -> Tensor:
    """Sine: y = sin x.

    Backward  dx = dy cos x
    """
    x = real("sin", input)
    with quiet():
        y = array_module(x.array).sin(x.array)
    return record("sin", y, (x, lambda dy, _: dy * x.cos()))


def cos(input: Tensor) -> Tensor:
    """Cosine: y = cos x.

    Backward  dx = -dy sin x
    """
    x = real("cos", input)
    with quiet():
        y = array_module(x.array).cos(x.array)
    return record("cos", y, (x, lambda dy, _: -dy * x.sin()))


def tan(input: Tensor) -> Tensor:
    """Tangent: y = tan x.

    Backward  dx = dy / cos² x = dy (1 + y²)
    """
    x = real("tan", input)
    with quiet():
        y = array_module(x.array).tan(x.array)
    return record("tan", y, (x, lambda dy, y: dy * (1 + y * y)))


def asin(input: Tensor) -> Tensor:
    """Inverse sine: y = arcsin x in [-π/2, π/2]; NaN outside [-1, 1].

    Backward  dx = dy / √(1 - x²), infinite at ±1
    """
    x = real("asin", input)
    with quiet():
        y = array_module(x.array).arcsin(x.array)
    return record("asin", y, (x, lambda dy, _: dy * ((1 - x) * (1 + x)).rsqrt()))


def acos(input: Tensor) -> Tensor:
    """Inverse cosine: y = arccos x in [0, π]; NaN outside [-1, 1].

    Backward  dx = -dy / √(1 - x²), infinite at ±1
    """
    x = real("acos", input)
    with quiet():
        y = array_module(x.array).arccos(x.array)
    return record("acos", y, (x, lambda dy, _: -dy * ((1 - x) * (1 + x)).rsqrt()))


def atan(input: Tensor) -> Tensor:
    """Inverse tangent: y = arctan x in [-π/2, π/2].

    Backward  dx = dy / (1 + x²)
    """
    x = real("atan", input)
    y = array_module(x.array).arctan(x.array)
    return record("atan", y, (x, lambda dy, _: dy / (1 + x * x)))


def sinh(input: Tensor) -> Tensor:
    """Hyperbolic sine: y = (eˣ - e⁻ˣ) / 2.

    Backward  dx = dy cosh x
    """
    x = real("sinh", input)
    with quiet():
        y = array_module(x.array).sinh(x.array)
    return record("sinh", y, (x, lambda dy, _: dy * x.cosh()))


def cosh(input: Tensor) -> Tensor:
    """Hyperbolic cosine: y = (eˣ + e⁻ˣ) / 2.

    Backward  dx = dy sinh x
    """
    x = real("cosh", input)
    with quiet():
        y = array_module(x.array).cosh(x.array)
    return record("cosh", y, (x, lambda dy, _: dy * x.sinh()))


def tanh(input: Tensor) -> Tensor:
    """Hyperbolic tangent: y = (eˣ - e⁻ˣ) / (eˣ + e⁻ˣ), from -1 to 1.

    Backward  dx = dy / cosh² x = dy (1 - y²)
    """
    x = real("tanh", input)

    @fused("tanh_backward")
    def d_x(dy: Tensor, y: Tensor) -> Tensor:
        return dy * (1 - y * y)

    return record("tanh", tanh_forward(x.array), (x, d_x))


@accelerable
def tanh_forward(x: Array) -> Array:
    """Return tanh of an array."""
    return array_module(x).tanh(x)


def asinh(input: Tensor) -> Tensor:
    """Inverse hyperbolic sine: y = ln(x + √(x² + 1)).

    Backward  dx = dy / √(x² + 1)
    """
    x = real("asinh", input)
    y = array_module(x.array).arcsinh(x.array)
    return record("asinh", y, (x, lambda dy, _: dy / hypot(x, 1)))


def acosh(input: Tensor) -> Tensor:
    """Inverse hyperbolic cosine: y = ln(x + √(x² - 1)) ≥ 0; NaN below 1.

    Backward  dx = dy / √(x² - 1), infinite at 1
    """
    x = real("acosh", input)
    with quiet():
        y = array_module(x.array).arccosh(x.array)
    return record("acosh", y, (x, lambda dy, _: dy / ((x - 1).sqrt() * (x + 1).sqrt())))


def atanh(input: Tensor) -> Tensor:
    """Inverse hyperbolic tangent: y = ½ ln((1 + x) / (1 - x)); ±∞ at ±1, NaN beyond.

    Backward  dx = dy / (1 - x²)
    """
    x = real("atanh", input)
    with quiet():
        y = array_module(x.array).arctanh(x.array)
    return record("atanh", y, (x, lambda dy, _: dy / ((1 - x) * (1 + x))))


def hypot(input: Operand, other: Operand) -> Tensor:
    """Length of the vector (x, y): z = √(x² + y²), without overflow on the way.

    Backward  dx = dz x / z,  dy = dz y / z;  both are 0 at the origin, the tip of a cone
    """
    x, y = operands("hypot", input, other)
    x, y = real("hypot", x), real("hypot", y)
    with quiet():
        z = array_module(x.array).hypot(x.array, y.array)
    return record(
        "hypot",
        z,
        (x, lambda dz, z: dz * (x / z.masked_fill(z.eq(0), math.inf))),
        (y, lambda dz, z: dz * (y / z.masked_fill(z.eq(0), math.inf))),
    )


def atan2(input: Operand, other: Operand) -> Tensor:
    """Angle of the vector (x, y), y coming first: z = arctan(y / x), from -π to π in the quadrant of the vector.

    Backward  dy = dz x / r²,  dx = -dz y / r²,  r = √(x² + y²);  both are 0 at the origin, which has no angle
    """
    y, x = operands("atan2", input, other)
    y, x = real("atan2", y), real("atan2", x)
    z = array_module(y.array).arctan2(y.array, x.array)
    return record("atan2", z, (y, lambda dz, _: dz * _inverted(x, y)), (x, lambda dz, _: -dz * _inverted(y, x)))


def _inverted(x: Tensor, y: Tensor) -> Tensor:
    """Return x / r², with 0 at the origin; r² itself may overflow or vanish."""
    r = hypot(x, y)
    r = r.masked_fill(r.eq(0), math.inf)
    return x / r / r
