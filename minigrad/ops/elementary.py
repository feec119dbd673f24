"""Exponentials, logarithms and roots, elementwise: y_i = f(x_i), so dx_i = dy_i f'(x_i).

Where f' is a function of y, the rule uses y: it is there already.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..autograd import record
from ..backend import Array, accelerable, array_module
from .operands import Operand, operands, quiet, real

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["exp", "expm1", "log", "log1p", "log2", "log10", "rsqrt", "sqrt", "xlogy"]


def exp(input: Tensor) -> Tensor:
    """Exponential: y = eˣ.

    Backward  dx = dy · y
    """
    x = real("exp", input)
    return record("exp", exp_forward(x.array), (x, lambda dy, y: dy * y))


@accelerable
def exp_forward(x: Array) -> Array:
    """Return eˣ of an array."""
    with quiet():
        return array_module(x).exp(x)


def expm1(input: Tensor) -> Tensor:
    """Exponential minus one: y = eˣ - 1, to full precision for small x.

    Backward  dx = dy eˣ = dy (y + 1)
    """
    x = real("expm1", input)
    with quiet():
        y = array_module(x.array).expm1(x.array)
    return record("expm1", y, (x, lambda dy, y: dy * (y + 1)))


def log(input: Tensor) -> Tensor:
    """Natural logarithm: y = ln x; -∞ at 0, NaN below.

    Backward  dx = dy / x
    """
    x = real("log", input)
    with quiet():
        y = array_module(x.array).log(x.array)
    return record("log", y, (x, lambda dy, _: dy / x))


def log1p(input: Tensor) -> Tensor:
    """Logarithm of one more: y = ln(1 + x), to full precision for small x.

    Backward  dx = dy / (1 + x)
    """
    x = real("log1p", input)
    with quiet():
        y = array_module(x.array).log1p(x.array)
    return record("log1p", y, (x, lambda dy, _: dy / (1 + x)))


def log2(input: Tensor) -> Tensor:
    """Logarithm to base 2: y = ln x / ln 2.

    Backward  dx = dy / (x ln 2)
    """
    x = real("log2", input)
    with quiet():
        y = array_module(x.array).log2(x.array)
    return record("log2", y, (x, lambda dy, _: dy / (x * math.log(2))))


def log10(input: Tensor) -> Tensor:
    """Logarithm to base 10: y = ln x / ln 10.

    Backward  dx = dy / (x ln 10)
    """
    x = real("log10", input)
    with quiet():
        y = array_module(x.array).log10(x.array)
    return record("log10", y, (x, lambda dy, _: dy / (x * math.log(10))))


def sqrt(input: Tensor) -> Tensor:
    """Square root: y = √x; NaN below 0.

    Backward  dx = dy / (2 y), infinite at 0
    """
    x = real("sqrt", input)
    with quiet():
        y = array_module(x.array).sqrt(x.array)
    return record("sqrt", y, (x, lambda dy, y: dy / (2 * y)))


def rsqrt(input: Tensor) -> Tensor:
    """Reciprocal square root: y = 1/√x; ∞ at 0, NaN below.

    Backward  dx = -½ dy y³
    """
    x = real("rsqrt", input)
    with quiet():
        y = 1 / array_module(x.array).sqrt(x.array)
    return record("rsqrt", y, (x, lambda dy, y: dy * (-0.5 * y * y * y)))


def xlogy(input: Operand, other: Operand) -> Tensor:
    """Multiply by a logarithm: z = x ln y, and 0 wherever x = 0, unless y is NaN.

    Backward  dx = dz ln y,  dy = dz x / y;  both are 0 where x = 0 and y ≤ 0
    """
    x, y = operands("xlogy", input, other)
    x, y = real("xlogy", x), real("xlogy", y)
    xp = array_module(x.array)
    with quiet():
        z = x.array * xp.log(y.array)
    z = xp.where((x.array == 0) & ~xp.isnan(y.array), xp.zeros_like(z), z)
    return record(
        "xlogy",
        z,
        (x, lambda dz, _: xlogy(dz, y.masked_fill(_hidden(x, y), 1))),
        (y, lambda dz, _: dz * (x / y.masked_fill(_hidden(x, y), math.inf))),
    )


def _hidden(x: Tensor, y: Tensor) -> Tensor:
    """Say where x = 0 hides a logarithm that does not exist."""
    return x.eq(0) & (y <= 0)
