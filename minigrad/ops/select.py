"""Choosing between values, elementwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..autograd import record
from ..backend import array_module
from ..errors import DtypeError
from .operands import Number, Operand, tensor_of, together

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["masked_fill", "where"]


def _mask(op: str, condition: Operand) -> Tensor:
    mask = tensor_of(op, condition, "the condition")
    if mask.array.dtype.kind != "b":
        raise DtypeError(f"{op}: the condition must be bool, got {mask.array.dtype}\nHint: compare, as in x != 0")
    return mask


def where(condition: Tensor, input: Operand, other: Operand) -> Tensor:
    """Choose: z = x where the condition c holds, y elsewhere.

    Backward  dx = dz where c, 0 elsewhere;  dy = 0 where c, dz elsewhere
    """
    c = _mask("where", condition)
    x, y = together("where", input, other)
    z = array_module(c.array).where(c.array, x.array, y.array)
    x, y = (v.broadcast_to(z.shape) if v.tracked else v for v in (x, y))
    return record("where", z, (x, lambda dz, _: where(c, dz, 0)), (y, lambda dz, _: where(c, 0, dz)))


def masked_fill(input: Tensor, mask: Tensor, value: Number | Tensor) -> Tensor:
    """Put `value` where the mask holds: y = v where m, x elsewhere.

    Backward  dx = 0 where m, dy elsewhere
    """
    return where(_mask("masked_fill", mask), tensor_of("masked_fill", value).to(input) if hasattr(value, "tracked")
                 else value, input)  # fmt: skip
