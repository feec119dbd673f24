"""exp, log, tanh, sigmoid and erf of one float32, in arithmetic that the compiler turns into vector instructions.

A call into the C library computes one number at a time. These are straight lines, without a branch or a table, so a
loop over them computes as many at once as a vector register holds. Each maps its argument into a short interval by an
identity that is exact, and has a polynomial there:

    exp       eˣ = 2ⁿ eʳ,              n = round(x / ln 2),   |r| ≤ ½ ln 2
    log       ln x = k ln 2 + ln m,    x = 2ᵏ m,   m in [√½, √2)
    tanh      z / (z + 2),             z = e²ˣ - 1, computed without the cancellation
    sigmoid   e / (1 + e),             e = exp(-|x|); the other half is 1 / (1 + e)
    erfc      2 exp(-x²) · t P(1 - 4t),  t = 1 / (x + 2);   erf = x Q(x²) near 0

Coefficients are fitted here, by least squares reweighted until the relative error is level. The largest errors found,
against float64, at every 29th of all float32; relative, but for results below 2⁻¹²⁶, where they are relative to that:

    exp 1.0e-7     log 0.9e-7     tanh 1.8e-7     sigmoid 1.8e-7     erf 2.4e-7     erfc, normal 3.7e-7

Edges: NaN gives NaN. exp(-∞) = 0 and exp overflows where it should, above 88.72; subnormal results and arguments count.
log(0) = -∞ and log of less is NaN. tanh and erf are odd, and exactly ±1 as soon as float32 cannot tell. Of the freedoms
that compilers take, only one is allowed, to fuse a product and a sum; none that denies NaN or infinity.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .compiled import compiled

f32, i32 = np.float32, np.int32
fusing = compiled(fastmath={"contract"})  # a kernel whose products and sums may be fused
summing = compiled(fastmath={"contract", "reassoc"})  # and whose sums may be taken in parts, to be added up at the end
inline = compiled(fastmath={"contract"}, forceinline=True)  # a function that is made part of the kernels that call it

ZERO, HALF, ONE, TWO, FOUR = f32(0), f32(0.5), f32(1), f32(2), f32(4)
INFINITY, NAN = f32(np.inf), f32(np.nan)

_SHIFT = f32(1.5 * 2**23 + 254)  # x + shift rounds x to an integer; it stands in the low bits, larger by two biases
_LOG2_E = f32(1 / math.log(2))
_LN2_HIGH = f32(0.693359375)  # few bits, so that n times it is exact; LOW is what is missing
_LN2_LOW = f32(math.log(2) - 0.693359375)
_LOWEST, _HIGHEST = f32(-104), f32(89)  # beyond, exp is 0 or infinite
_FLAT = f32(20)  # tanh(10) is 1

_BIAS, _MANTISSA = i32(127), i32(23)  # an exponent n is stored as n + 127, above 23 bits
_SMALLEST_NORMAL, _LIFT = f32(2.0**-126), f32(2.0**23)
_SQRT_HALF_BITS = i32(f32(math.sqrt(0.5)).view(i32))
_UPPER_HALF = i32(-(2**12))  # the bits of a float32 without the last 12: squares of what is left are exact

_SQRT_HALF = f32(math.sqrt(0.5))
_BELL_HEIGHT = f32(1 / math.sqrt(2 * math.pi))
_NEAR = f32(0.6)
_BEYOND = f32(20)  # erfc and its derivatives are 0

# (eʳ - 1 - r) / r², (ln(1 + f) - f + f²/2) / f³, P and Q; the highest power first
_EXP = tuple(map(f32, (1.3882495e-3, 8.3666469e-3, 4.1667204e-2, 1.6666543e-1, 4.9999998e-1)))
_LOG = tuple(map(f32, (6.7354681e-2, -1.1680313e-1, 1.1895433e-1, -1.2405443e-1, 1.4218631e-1, -1.6667966e-1,
                       2.0002158e-1, -2.5000011e-1, 3.3333312e-1)))  # fmt: skip
_ERFC = tuple(map(f32, (-2.1122718e-5, -2.6093446e-4, -3.6397158e-4, 1.5183185e-3, 3.2173206e-3, -1.0750556e-2,
                        -1.8217844e-2, 1.3973568e-1, -3.4358047e-1, 5.1079136e-1)))  # fmt: skip
_ERF = tuple(map(f32, (-7.3456810e-4, 5.1764138e-3, -2.6857366e-2, 1.1283717e-1, -3.7612637e-1, 1.1283792)))


@inline
def polynomial(x: Any, coefficients: Any) -> Any:
    """Return c₀ xⁿ + c₁ xⁿ⁻¹ + ... by Horner's rule."""
    y = coefficients[0]
    for c in coefficients[1:]:
        y = y * x + c
    return y


@inline
def at_least(low: Any, x: Any) -> Any:
    """Return the larger of two numbers; x if it is NaN."""
    return low if x < low else x


@inline
def at_most(high: Any, x: Any) -> Any:
    """Return the smaller of two numbers; x if it is NaN."""
    return high if x > high else x


@inline
def _split(x: Any) -> Any:
    """Return an int32 whose low bits are n + 254, and r: x = n ln 2 + r."""
    shifted = x * _LOG2_E + _SHIFT
    n = shifted - _SHIFT
    return f32(shifted).view(i32), x - n * _LN2_HIGH - n * _LN2_LOW


@inline
def _power_of_two(biased: Any) -> Any:
    """Return 2ⁿ for n from -126 to 127, given n + 127."""
    return i32(biased << _MANTISSA).view(f32)


@inline
def _exp_of_sum(x: Any, tail: Any) -> Any:
    """Return exp(x + tail), |tail| < 0.1 wherever it matters, x within the range of exp.

    2ⁿ is applied in two halves: in one piece it may be too large or too small for a float32.
    """
    n, r = _split(x)
    r = r + tail
    half = i32(n >> i32(1))
    return (((polynomial(r, _EXP) * r + ONE) * r + ONE) * _power_of_two(half)) * _power_of_two(i32(n - half))


@inline
def exp(x: Any) -> Any:
    """Return eˣ."""
    return _exp_of_sum(at_most(_HIGHEST, at_least(_LOWEST, x)), ZERO)


@inline
def expm1_within(x: Any) -> Any:
    """Return eˣ - 1 for x up to 80, to full precision near 0."""
    n, r = _split(at_least(-_FLAT, x))
    scale = _power_of_two(i32(n - _BIAS))
    return (polynomial(r, _EXP) * r * r + r) * scale + (scale - ONE)


@inline
def log(x: Any) -> Any:
    """Return the natural logarithm."""
    small = x < _SMALLEST_NORMAL
    bits = f32(x * _LIFT if small else x).view(i32)
    k = i32((bits - _SQRT_HALF_BITS) >> _MANTISSA)
    f = i32(bits - i32(k << _MANTISSA)).view(f32) - ONE
    n = f32(k - _MANTISSA if small else k)
    y = n * _LN2_HIGH + (f + (f * f * (polynomial(f, _LOG) * f - HALF) + n * _LN2_LOW))
    y = x if x == INFINITY else y
    y = -INFINITY if x == ZERO else y
    return y if x >= ZERO else NAN


@inline
def tanh(x: Any) -> Any:
    """Return the hyperbolic tangent."""
    e = expm1_within(at_most(_FLAT, abs(x) * TWO))
    return math.copysign(e / (e + TWO), x)


@inline
def sigmoid(x: Any) -> Any:
    """Return 1 / (1 + e⁻ˣ), to full relative precision for negative x too."""
    e = exp(-abs(x))
    return (e if x < ZERO else ONE) / (ONE + e)


@inline
def _bell(a: Any, scale: Any) -> Any:
    """Return exp(-scale a²), scale a power of two, a ≤ 20. The rounding of a² would cost digits, so it is split off."""
    coarse = i32(f32(a).view(i32) & _UPPER_HALF).view(f32)
    return _exp_of_sum(at_least(_LOWEST, -scale * coarse * coarse), scale * (coarse - a) * (coarse + a))


@inline
def _tail(a: Any) -> Any:
    """Return ½ exp(a²) erfc(a) for a ≥ 0."""
    t = ONE / (a + TWO)
    return t * polynomial(ONE - FOUR * t, _ERFC)


@inline
def erfc_above(a: Any) -> Any:
    """Return erfc(a) = 1 - erf(a) for a ≥ 0."""
    a = at_most(_BEYOND, a)
    return TWO * (_bell(a, ONE) * _tail(a))


@inline
def erf(x: Any) -> Any:
    """Return the error function, to full relative precision near 0 too. Both ways are gone: a branch costs more."""
    a = abs(x)
    near, beyond = a * polynomial(x * x, _ERF), ONE - erfc_above(a)
    return math.copysign(near if a < _NEAR else beyond, x)


@inline
def normal(x: Any) -> Any:
    """Return the distribution function of the normal distribution and its density: Φ(x) and Φ'(x)."""
    a = at_most(_BEYOND, abs(x))
    bell = _bell(a, HALF)
    outside = bell * _tail(a * _SQRT_HALF)
    return (outside if x < ZERO else ONE - outside), _BELL_HEIGHT * bell
