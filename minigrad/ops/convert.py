"""Copies, casts and moves: the value stays, its type, device, memory or history changes."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

from ..autograd import Node, constant, record
from ..backend import device_of, to_device
from ..dtypes import DtypeLike, as_dtype
from ..overwrites import share_memory
from .operands import quiet, tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["clone", "contiguous", "detach", "to", "type_as"]


def to(
    input: Tensor, *args: Any, dtype: DtypeLike | None = None, device: str | None = None, copy: builtins.bool = False
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
    with quiet():
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


def float(input: Tensor) -> Tensor:
    """Cast to float32. This and the casts below are methods only: `minigrad.float32` and so on are dtypes."""
    return to(input, "float32")


def double(input: Tensor) -> Tensor:
    """Cast to float64."""
    return to(input, "float64")


def half(input: Tensor) -> Tensor:
    """Cast to float16."""
    return to(input, "float16")


def long(input: Tensor) -> Tensor:
    """Cast to int64; the fraction is cut off."""
    return to(input, "int64")


def int(input: Tensor) -> Tensor:
    """Cast to int32; the fraction is cut off."""
    return to(input, "int32")


def bool(input: Tensor) -> Tensor:
    """Cast to bool: False where x = 0."""
    return to(input, "bool")
