"""Choosing between values, elementwise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, overload

import numpy as np

from ..autograd import constant, record
from ..backend import array_module
from ..dtypes import Dtype
from ..errors import ArgumentError, DtypeError, ShapeError
from ..shapes import broadcast_shapes
from .operands import Number, Operand, on_one_device, tensor_of, together

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["masked_fill", "where"]


def _mask(op: str, condition: Operand) -> Tensor:
    mask = tensor_of(op, condition, "the condition")
    if mask.array.dtype.kind != "b":
        raise DtypeError(f"{op}: the condition must be bool, got {mask.array.dtype}\nHint: compare, as in x != 0")
    return mask


@overload
def where(condition: Tensor) -> tuple[Tensor, ...]: ...
@overload
def where(condition: Tensor, input: Operand, other: Operand) -> Tensor: ...
def where(condition: Tensor, input: Operand | None = None, other: Operand | None = None) -> Tensor | tuple[Tensor, ...]:
    """Choose: z = x where the condition c holds, y elsewhere. Of a condition alone, say at which places it holds.

    Backward  dx = dz where c, 0 elsewhere;  dy = 0 where c, dz elsewhere
    """
    c = _mask("where", condition)
    xp = array_module(c.array)
    if input is None and other is None:
        return tuple(constant(places) for places in xp.nonzero(xp.atleast_1d(c.array)))
    x, y = together("where", input, other, beside=c)
    shape = broadcast_shapes("where", c.array.shape, x.array.shape, y.array.shape)
    x, y = (v.broadcast_to(shape) if v.tracked else v for v in (x, y))
    z = xp.where(c.array, x.array, y.array)
    return record("where", z, (x, lambda dz, _: where(c, dz, 0)), (y, lambda dz, _: where(c, 0, dz)))


def masked_fill(input: Tensor, mask: Tensor, value: Number | Tensor) -> Tensor:
    """Put one value where the mask m holds: y = v where m, x elsewhere, in the dtype of x.

    Backward  dx = 0 where m, dy elsewhere;  dv = Σ dy over m
    """
    x, m = tensor_of("masked_fill", input), _mask("masked_fill", mask)
    broadcast_shapes("masked_fill", x.array.shape, m.array.shape)
    if isinstance(value, (bool, int, float)):
        v = x.new_full((), _fitting("masked_fill", value, x.array.dtype))
    else:
        v = tensor_of("masked_fill", value, "value")
    if v.array.ndim:
        raise ShapeError(
            f"masked_fill: value must be a number or a 0-d tensor, it has shape {v.array.shape}\n"
            "Hint: choose between tensors with where(mask, value, input)"
        )
    on_one_device("masked_fill", input=x, value=v)
    return where(m, v.to(x.array.dtype), x)


def _fitting(op: str, value: Number, dtype: Dtype) -> Number:
    """Return `value` if `dtype` can hold it; a fraction is cut off by integer types, as in PyTorch."""
    if dtype.kind == "b":
        return value
    lo, hi = _range(dtype)
    if lo <= value <= hi or (dtype.kind == "f" and isinstance(value, float) and not math.isfinite(value)):
        return value
    raise ArgumentError(f"{op}: {value!r:.40} does not fit into {dtype}, which holds {lo} to {hi}")


def _range(dtype: Dtype) -> tuple[Number, Number]:
    """Return the smallest and the largest finite number of a type, as Python numbers: these compare exactly."""
    if dtype.kind == "f":
        return float(np.finfo(dtype).min), float(np.finfo(dtype).max)
    return np.iinfo(dtype).min, np.iinfo(dtype).max
