"""Parts of a number, elementwise: its size, its sign, the whole number next to it, the fraction that is left.

Sign and whole numbers are piecewise constant: their derivative is 0, at the steps too, where it does not exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..autograd import record
from ..backend import array_module
from ..errors import DtypeError
from .operands import quiet, tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["abs", "absolute", "ceil", "floor", "frac", "round", "sign", "trunc"]


def abs(input: Tensor) -> Tensor:
    """Absolute value: y = |x|.

    Backward  dx = dy sign(x), 0 at x = 0
    """
    x = tensor_of("abs", input)
    return record("abs", array_module(x.array).abs(x.array), (x, lambda dy, _: dy * x.sign()))


absolute = abs


def sign(input: Tensor) -> Tensor:
    """Sign: y = 1 for x > 0, 0 for x = 0, -1 for x < 0.

    Backward  dx = 0
    """
    x = tensor_of("sign", input)
    if x.array.dtype.kind == "b":
        return x.clone()
    return record("sign", array_module(x.array).sign(x.array), (x, _flat))


def floor(input: Tensor) -> Tensor:
    """Round down: y = ⌊x⌋, the largest whole number ≤ x.

    Backward  dx = 0
    """
    return _whole("floor", input)


def ceil(input: Tensor) -> Tensor:
    """Round up: y = ⌈x⌉, the smallest whole number ≥ x.

    Backward  dx = 0
    """
    return _whole("ceil", input)


def trunc(input: Tensor) -> Tensor:
    """Round towards 0: y = sign(x) ⌊|x|⌋.

    Backward  dx = 0
    """
    return _whole("trunc", input)


def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """Round to the nearest multiple of 10^-decimals, from half way to the even one: 0.5 to 0, 1.5 to 2.

    Backward  dx = 0
    """
    if not decimals:
        return _whole("rint", input)
    x = tensor_of("round", input)
    if x.array.dtype.kind != "f":
        raise DtypeError(f"round: decimals = {decimals} needs a floating tensor, got {x.array.dtype}")
    with quiet():
        y = array_module(x.array).round(x.array, decimals)
    return record("round", y, (x, _flat))


def frac(input: Tensor) -> Tensor:
    """Keep the fraction: y = x - trunc(x), with the sign of x.

    Backward  dx = dy
    """
    x = tensor_of("frac", input)
    if x.array.dtype.kind != "f":
        raise DtypeError(f"frac: needs a floating tensor, got {x.array.dtype}\nHint: a whole number has no fraction")
    with quiet():
        y = x.array - array_module(x.array).trunc(x.array)
    return record("frac", y, (x, lambda dy, _: dy))


def _whole(function: str, input: Tensor) -> Tensor:
    """Apply one of NumPy's ways to get a whole number; integers and bools are whole already."""
    op = "round" if function == "rint" else function
    x = tensor_of(op, input)
    if x.array.dtype.kind != "f":
        return x.clone()
    return record(op, getattr(array_module(x.array), function)(x.array), (x, _flat))


def _flat(dy: Tensor, _: Tensor) -> Tensor:
    """Return the gradient through a piecewise constant function: 0, whatever dy is."""
    return dy.new_zeros(dy.array.shape)
