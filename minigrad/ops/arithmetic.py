"""Sums, products and powers of two tensors, elementwise.

x and y are broadcast first (see operands.py), so every rule here sees one shape. z = f(x, y), and dz is dL/dz.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..autograd import record
from ..backend import array_module
from ..doubts import insist
from ..errors import ArgumentError, DtypeError
from .operands import Number, Operand, operands, quiet, real, tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "add", "div", "floor_divide", "fmod", "mul", "neg", "pow", "reciprocal", "remainder", "rsub", "square", "sub",
]  # fmt: skip


def add(input: Operand, other: Operand, *, alpha: Number = 1) -> Tensor:
    """Add: z = x + α y.

    Backward  dx = dz,  dy = α dz
    """
    if alpha != 1:
        other = mul(other, alpha)
    x, y = operands("add", input, other)
    return record("add", x.array + y.array, (x, lambda dz, _: dz), (y, lambda dz, _: dz))


def sub(input: Operand, other: Operand, *, alpha: Number = 1) -> Tensor:
    """Subtract: z = x - α y.

    Backward  dx = dz,  dy = -α dz
    """
    if alpha != 1:
        other = mul(other, alpha)
    x, y = operands("sub", input, other)
    if x.array.dtype.kind == "b":
        raise DtypeError("sub: bool tensors cannot be subtracted\nHint: use logical_xor, or convert with .int()")
    return record("sub", x.array - y.array, (x, lambda dz, _: dz), (y, lambda dz, _: -dz))


def rsub(input: Tensor, other: Operand) -> Tensor:
    """Subtract the other way round: z = y - x."""
    return sub(other, input)


def neg(input: Tensor) -> Tensor:
    """Change the sign: y = -x.

    Backward  dx = -dy
    """
    x = tensor_of("neg", input)
    if x.array.dtype.kind == "b":
        raise DtypeError("neg: a bool tensor has no sign\nHint: use logical_not, or convert with .int()")
    return record("neg", -x.array, (x, lambda dy, _: -dy))


def mul(input: Operand, other: Operand) -> Tensor:
    """Multiply: z = x y.

    Backward  dx = dz · y,  dy = dz · x
    """
    x, y = operands("mul", input, other)
    return record("mul", x.array * y.array, (x, lambda dz, _: dz * y), (y, lambda dz, _: dz * x))


def div(input: Operand, other: Operand, *, rounding_mode: str | None = None) -> Tensor:
    """Divide: z = x / y; integers give the default floating type. rounding_mode is None, "trunc" or "floor".

    Backward  dx = dz / y,  dy = -dz · x / y².  A rounded quotient is piecewise constant: dx = dy = 0.
    """
    if rounding_mode is not None:
        return _rounded_quotient(input, other, rounding_mode)
    x, y = operands("div", input, other)
    x, y = real("div", x), real("div", y)
    with quiet():
        z = x.array / y.array
    return record("div", z, (x, lambda dz, _: dz / y), (y, lambda dz, z: -dz * z / y))


def _rounded_quotient(input: Operand, other: Operand, rounding_mode: str) -> Tensor:
    if rounding_mode not in ("trunc", "floor"):
        raise ArgumentError(f'div: rounding_mode is {rounding_mode!r}; use None, "trunc" or "floor"')
    x, y = _divisible("div", input, other)
    xp = array_module(x.array)
    with quiet():
        if rounding_mode == "floor":
            z = xp.floor_divide(x.array, y.array)
        elif x.array.dtype.kind == "f":
            z = xp.trunc(x.array / y.array)
        else:
            z = xp.sign(x.array) * xp.sign(y.array) * (xp.abs(x.array) // xp.abs(y.array))
    return record("div", z, (x, _flat), (y, _flat))


def _flat(dz: Tensor, _: Tensor) -> Tensor:
    """Return the gradient through a piecewise constant function: 0, whatever dz is."""
    return dz.new_zeros(dz.array.shape)


def _divisible(op: str, input: Operand, other: Operand) -> tuple[Tensor, Tensor]:
    """Return the operands of a division whose result is whole; integers have no infinity to divide by 0 into."""
    x, y = operands(op, input, other)
    if x.array.dtype.kind == "b":
        raise DtypeError(f"{op}: bool tensors cannot be divided into whole numbers\nHint: convert with .int()")
    if x.array.dtype.kind != "f" and x.array.size:
        wrong = f"{op}: division of {x.array.dtype} by 0\nHint: convert with .float() for an infinity"
        insist(y.array.all(), lambda: ArgumentError(wrong))
    return x, y


def floor_divide(input: Operand, other: Operand) -> Tensor:
    """Divide and round down: z = ⌊x / y⌋, piecewise constant."""
    return _rounded_quotient(input, other, "floor")


def remainder(input: Operand, other: Operand) -> Tensor:
    """Remainder with the sign of y: z = x - y ⌊x / y⌋, as Python's %.

    Backward  dx = dz,  dy = -dz ⌊x / y⌋
    """
    x, y = _divisible("remainder", input, other)
    with quiet():
        z = array_module(x.array).remainder(x.array, y.array)
    return record("remainder", z, (x, lambda dz, _: dz), (y, lambda dz, _: -dz * floor_divide(x, y)))


def fmod(input: Operand, other: Operand) -> Tensor:
    """Remainder with the sign of x: z = x - y trunc(x / y), as C's fmod.

    Backward  dx = dz,  dy = -dz trunc(x / y)
    """
    x, y = _divisible("fmod", input, other)
    with quiet():
        z = array_module(x.array).fmod(x.array, y.array)
    return record("fmod", z, (x, lambda dz, _: dz), (y, lambda dz, _: -dz * div(x, y, rounding_mode="trunc")))


def pow(input: Operand, exponent: Operand) -> Tensor:
    """Raise to a power: z = x^y.

    Backward  dx = dz · y x^(y-1),  dy = dz · z ln x
              At x = 0: a power of 0 is constant in x, so dx = 0; and dy = 0 for y >= 0, the limit from above.
    """
    if isinstance(exponent, (int, float)) and not isinstance(input, (int, float)):
        return _fixed_power(tensor_of("pow", input), exponent)
    x, y = operands("pow", input, exponent)
    if x.array.dtype.kind == "b":
        x, y = x.to("int64"), y.to("int64")
    if x.array.dtype.kind != "f":
        wrong = "pow: a whole number to a negative power is a fraction\nHint: convert with .float()"
        insist((y.array >= 0).all(), lambda: ArgumentError(wrong))

    def d_x(dz: Tensor, _: Tensor) -> Tensor:
        flat = (x == 0) & (y == 0)
        return dz * (y * x ** (y - 1).masked_fill(flat, 1))

    def d_y(dz: Tensor, z: Tensor) -> Tensor:
        flat = (x == 0) & (y >= 0)
        return dz * (z * x.masked_fill(flat, 1).log())

    with quiet():
        z = x.array**y.array
    return record("pow", z, (x, d_x), (y, d_y))


def _fixed_power(x: Tensor, n: Number) -> Tensor:
    if x.array.dtype.kind != "f" and (isinstance(n, float) or n < 0):
        x = real("pow", x)
    elif x.array.dtype.kind == "b":
        x = x.to("int64")

    def d_x(dy: Tensor, _: Tensor) -> Tensor:
        return dy * (n * x ** (n - 1 if n else 0))  # x^0 is 1 everywhere, 0 included

    with quiet():
        y = x.array**n
    return record("pow", y, (x, d_x))


def square(input: Tensor) -> Tensor:
    """Square: y = x².

    Backward  dx = 2 x dy
    """
    x = tensor_of("square", input)
    return record("square", x.array * x.array, (x, lambda dy, _: dy * (2 * x)))


def reciprocal(input: Tensor) -> Tensor:
    """Invert: y = 1/x.

    Backward  dx = -dy · y²
    """
    x = real("reciprocal", input)
    with quiet():
        y = 1 / x.array
    return record("reciprocal", y, (x, lambda dy, y: -dy * (y * y)))
