"""Questions with yes or no for an answer, elementwise. Their results are bool tensors and carry no gradient."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from ..autograd import Node, constant
from ..backend import Array, array_module, is_array
from ..errors import ArgumentError, DtypeError
from .operands import Operand, operands, tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "allclose", "bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor", "eq", "equal", "ge", "gt", "isclose",
    "isfinite", "isinf", "isnan", "isneginf", "isposinf", "le", "logical_and", "logical_not", "logical_or",
    "logical_xor", "lt", "ne",
]  # fmt: skip


def _comparable(x: Any) -> bool:
    return isinstance(x, (Node, bool, int, float)) or is_array(x)


def eq(input: Tensor, other: Operand) -> Tensor:
    """Say where x = y."""
    if not _comparable(other):
        return cast("Tensor", NotImplemented)  # Python then compares identities: x == None is False
    x, y = operands("eq", input, other)
    return constant(x.array == y.array)


def ne(input: Tensor, other: Operand) -> Tensor:
    """Say where x ≠ y."""
    if not _comparable(other):
        return cast("Tensor", NotImplemented)
    x, y = operands("ne", input, other)
    return constant(x.array != y.array)


def lt(input: Tensor, other: Operand) -> Tensor:
    """Say where x < y."""
    x, y = operands("lt", input, other)
    return constant(x.array < y.array)


def le(input: Tensor, other: Operand) -> Tensor:
    """Say where x ≤ y."""
    x, y = operands("le", input, other)
    return constant(x.array <= y.array)


def gt(input: Tensor, other: Operand) -> Tensor:
    """Say where x > y."""
    x, y = operands("gt", input, other)
    return constant(x.array > y.array)


def ge(input: Tensor, other: Operand) -> Tensor:
    """Say where x ≥ y."""
    x, y = operands("ge", input, other)
    return constant(x.array >= y.array)


def equal(input: Tensor, other: Tensor) -> bool:
    """Say whether two tensors have the same shape and the same elements. NaN equals nothing.

    >>> import minigrad
    >>> minigrad.equal(minigrad.tensor([1, 2]), minigrad.tensor([1.0, 2.0]))
    True
    """
    x, y = tensor_of("equal", input), tensor_of("equal", other, "other")
    return x.array.shape == y.array.shape and bool(eq(x, y).array.all())


def isclose(
    input: Operand, other: Operand, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> Tensor:
    """Say where |x - y| ≤ atol + rtol |y|. An infinity is close to itself only, NaN to NaN if `equal_nan`."""
    if rtol < 0 or atol < 0:
        raise ArgumentError(f"isclose: tolerances cannot be negative, got rtol={rtol}, atol={atol}")
    x, y = operands("isclose", input, other)
    return constant(array_module(x.array).isclose(x.array, y.array, rtol, atol, equal_nan))


def allclose(
    input: Operand, other: Operand, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> bool:
    """Say whether |x - y| ≤ atol + rtol |y| everywhere."""
    return bool(isclose(input, other, rtol, atol, equal_nan).array.all())


def isnan(input: Tensor) -> Tensor:
    """Say where x is not a number."""
    x = tensor_of("isnan", input)
    return constant(array_module(x.array).isnan(x.array))


def isinf(input: Tensor) -> Tensor:
    """Say where x is infinite, of either sign."""
    x = tensor_of("isinf", input)
    return constant(array_module(x.array).isinf(x.array))


def isposinf(input: Tensor) -> Tensor:
    """Say where x = ∞."""
    return constant(tensor_of("isposinf", input).array == math.inf)


def isneginf(input: Tensor) -> Tensor:
    """Say where x = -∞."""
    return constant(tensor_of("isneginf", input).array == -math.inf)


def isfinite(input: Tensor) -> Tensor:
    """Say where x is neither infinite nor NaN."""
    x = tensor_of("isfinite", input)
    return constant(array_module(x.array).isfinite(x.array))


def logical_not(input: Tensor) -> Tensor:
    """Say where x is 0."""
    x = tensor_of("logical_not", input)
    return constant(array_module(x.array).logical_not(x.array))


def logical_and(input: Tensor, other: Operand) -> Tensor:
    """Say where neither is 0."""
    x, y = operands("logical_and", input, other)
    return constant(array_module(x.array).logical_and(x.array, y.array))


def logical_or(input: Tensor, other: Operand) -> Tensor:
    """Say where at least one is not 0."""
    x, y = operands("logical_or", input, other)
    return constant(array_module(x.array).logical_or(x.array, y.array))


def logical_xor(input: Tensor, other: Operand) -> Tensor:
    """Say where exactly one is not 0."""
    x, y = operands("logical_xor", input, other)
    return constant(array_module(x.array).logical_xor(x.array, y.array))


def _bits(op: str, x: Tensor) -> Array:
    if x.array.dtype.kind == "f":
        raise DtypeError(f"{op}: needs bool or integer tensors, got {x.array.dtype}\nHint: compare first, as in x > 0")
    return x.array


def bitwise_and(input: Operand, other: Operand) -> Tensor:
    """Combine the bits of integers, or bools, by and."""
    x, y = operands("bitwise_and", input, other)
    return constant(_bits("bitwise_and", x) & _bits("bitwise_and", y))


def bitwise_or(input: Operand, other: Operand) -> Tensor:
    """Combine the bits of integers, or bools, by or."""
    x, y = operands("bitwise_or", input, other)
    return constant(_bits("bitwise_or", x) | _bits("bitwise_or", y))


def bitwise_xor(input: Operand, other: Operand) -> Tensor:
    """Combine the bits of integers, or bools, by exclusive or."""
    x, y = operands("bitwise_xor", input, other)
    return constant(_bits("bitwise_xor", x) ^ _bits("bitwise_xor", y))


def bitwise_not(input: Tensor) -> Tensor:
    """Flip the bits of integers, or bools."""
    return constant(~_bits("bitwise_not", tensor_of("bitwise_not", input)))
