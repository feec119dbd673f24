"""The error function and its complement, elementwise.

    erf(x) = (2/√π) ∫₀ˣ exp(-t²) dt        erfc(x) = 1 - erf(x)

NumPy has neither. The loops use W. J. Cody's rational approximations, one for each of three ranges of a = |x|:

    a ≤ 15/32   erf(a)  = a · R(a²)
    a ≤ 4       erfc(a) = exp(-a²) · R(a)
    beyond      erfc(a) = exp(-a²) · (1/√π - s R(s)) / a,   s = 1/a²

Source    W. J. Cody, "Rational Chebyshev approximations for the error function", Mathematics of Computation 23, 1969
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..autograd import record
from ..backend import Array, accelerable, array_module
from .operands import quiet, real

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["erf", "erfc"]

_NEAR, _MIDDLE, _ZERO = 15 / 32, 4.0, 28.0  # beyond the last, erfc is 0 in double precision

# Numerators and denominators, highest power first.
_NEAR_P = (1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2, 3.77485237685302021e2,
           3.20937758913846947e3)  # fmt: skip
_NEAR_Q = (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3)
_MIDDLE_P = (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1,
             2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
             1.23033935479799725e3)  # fmt: skip
_MIDDLE_Q = (1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
             3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3)  # fmt: skip
_FAR_P = (1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
          1.60837851487422766e-2, 6.58749161529837803e-4)  # fmt: skip
_FAR_Q = (1.0, 2.56852019228982242, 1.87295284992346047, 5.27905102951428412e-1, 6.05183413124413191e-2,
          2.33520497626869185e-3)  # fmt: skip


def erf(input: Tensor) -> Tensor:
    """Error function: y = (2/√π) ∫₀ˣ exp(-t²) dt, an odd function from -1 to 1.

    Backward  dx = dy (2/√π) exp(-x²)
    Source    W. J. Cody, "Rational Chebyshev approximations for the error function", 1969
    """
    x = real("erf", input)
    return record("erf", erf_forward(x.array), (x, lambda dy, _: dy * (2 / math.sqrt(math.pi) * (-x * x).exp())))


def erfc(input: Tensor) -> Tensor:
    """Complementary error function: y = 1 - erf(x), to full precision where erf(x) is close to 1.

    Backward  dx = -dy (2/√π) exp(-x²)
    Source    W. J. Cody, "Rational Chebyshev approximations for the error function", 1969
    """
    x = real("erfc", input)
    return record("erfc", erfc_forward(x.array), (x, lambda dy, _: dy * (-2 / math.sqrt(math.pi) * (-x * x).exp())))


@accelerable
def erf_forward(x: Array) -> Array:
    """Return erf of an array."""
    xp, a = array_module(x), _magnitude(x)
    y = xp.where(a <= _NEAR, _erf_near(a), 1 - _erfc_beyond(a))
    return xp.copysign(y, x).astype(x.dtype, copy=False)


@accelerable
def erfc_forward(x: Array) -> Array:
    """Return erfc of an array."""
    xp, a = array_module(x), _magnitude(x)
    y = xp.where(a <= _NEAR, 1 - _erf_near(a), _erfc_beyond(a))
    return xp.where(x < 0, 2 - y, y).astype(x.dtype, copy=False)


def _magnitude(x: Array) -> Array:
    """Return |x|, in single precision at least."""
    xp = array_module(x)
    return xp.abs(x).astype(xp.promote_types(x.dtype, xp.float32), copy=False)


def _ratio(x: Array, p: Sequence[float], q: Sequence[float]) -> Array:
    """Return P(x) / Q(x) by Horner's rule."""
    top, bottom = p[0] * x + p[1], q[0] * x + q[1]
    for a, b in zip(p[2:], q[2:], strict=True):
        top = top * x + a
        bottom = bottom * x + b
    return top / bottom


def _erf_near(a: Array) -> Array:
    """Return erf for a ≤ 15/32. NaN stays NaN."""
    a = array_module(a).minimum(a, _NEAR)
    return a * _ratio(a * a, _NEAR_P, _NEAR_Q)


def _erfc_beyond(a: Array) -> Array:
    """Return erfc for a > 15/32. NaN stays NaN."""
    xp = array_module(a)
    a = xp.minimum(a, _ZERO)
    far = xp.maximum(a, _MIDDLE)
    s = 1 / (far * far)
    beyond = (1 / math.sqrt(math.pi) - s * _ratio(s, _FAR_P, _FAR_Q)) / far
    y = xp.where(a <= _MIDDLE, _ratio(a, _MIDDLE_P, _MIDDLE_Q), beyond)
    coarse = xp.trunc(16 * a) / 16  # its square is exact, so that exp(-a²) loses nothing to rounding
    with quiet():
        return y * xp.exp(-coarse * coarse) * xp.exp((coarse - a) * (coarse + a))
