"""Copies, casts and moves: the value stays, its type, device, memory or history changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..autograd import Node, constant, record
from ..backend import device_of, to_device
from ..dtypes import DtypeLike, as_dtype
from ..overwrites import share_memory
from .operands import tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["clone", "contiguous", "detach", "to", "type_as"]


def to(
    input: Tensor, *args: Any, dtype: DtypeLike | None = None, device: str | None = None, copy: bool = False
) -> Tensor:
    """Cast to a dtype and move to a device: to(dtype), to(device), to(device, dtype) or to(other_tensor).

    Forward   y = x in the new type; the tensor itself if nothing changes and `copy` is False
    Backward  dx = dy in the old type, on the old device. A cast to an integer type ends the history.
    """
    x = tensor_of("to", input)
    for arg in args:
        if isinstance(arg, str) and arg.partition(":")[0] in ("cpu", "cuda"):
            device = arg
        elif isinstance(arg, Node):
            dtype, device = arg.array.dtype, device_of(arg.array)
        else:
            dtype = arg
    wanted = x.array.dtype if dtype is None else as_dtype(dtype)
    source, home = x.array.dtype, device_of(x.array)
    y = x.array if device is None else to_device(x.array, device)
    if y is x.array and wanted == source:
        return clone(x) if copy else x
    y = y.astype(wanted)
    if wanted.kind != "f":
        return constant(y)
    return record("to", y, (x, lambda dy, _: dy.to(home, source)))


def type_as(input: Tensor, other: Tensor) -> Tensor:
    """Cast to the dtype and device of `other`."""
    return to(input, other)


def clone(input: Tensor) -> Tensor:
    """Copy into fresh memory, keeping the history: y = x.

    Backward  dx = dy
    """
    x = tensor_of("clone", input)
    return record("clone", x.array.copy(), (x, lambda dy, _: dy))


def contiguous(input: Tensor) -> Tensor:
    """Return the tensor with its elements in row-major order, itself if they are already.

    Backward  dx = dy
    """
    x = tensor_of("contiguous", input)
    return x if x.array.flags.c_contiguous else clone(x)


def detach(input: Tensor) -> Tensor:
    """Return the same memory without the history: gradients stop here.

    Writing to one in place is seen by the other, and by backward's check for overwritten values.
    """
    x = tensor_of("detach", input)
    y = constant(x.array)
    share_memory(y, x)
    return y
