"""Sequences of different lengths in one array: B sequences, padded to T steps, and how many steps of each count.

              t = 0  1  2  3  4
    length 3      ●  ●  ●  ·  ·       ● present
    length 5      ●  ●  ●  ●  ●       · padding: whatever it holds has no effect on anything
    length 1      ●  ·  ·  ·  ·
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from ..autograd import constant
from ..backend import Array, array_module, device_of, to_device
from ..doubts import at_hand
from ..errors import ArgumentError, DtypeError, ShapeError
from .bounds import insist_within
from .creation import as_tensor

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__: list[str] = []

Lengths: TypeAlias = "Tensor | Array | Sequence[int]"


def lengths_of(op: str, name: str, lengths: Lengths, B: int, T: int, like: Array, least: int = 1) -> Array:
    """Return the lengths of B sequences as an int64 array on the device of `like`, each checked to be in [least, T]."""
    n = as_tensor(lengths).array
    if n.dtype.kind not in "iu" and n.size:
        raise DtypeError(f"{op}: {name} must be whole numbers, got {n.dtype}\nHint: convert with .long()")
    if n.shape != (B,):
        raise ShapeError(f"{op}: {name} has shape {n.shape}, B = {B} sequences need one length each, shape ({B},)")

    def complain(i: int) -> Exception:
        return ArgumentError(
            f"{op}: {name} holds {i}, outside [{least}, {T}]: the sequences are padded to {T} steps\n"
            f"Hint: count the steps of each sequence without its padding{', and leave out empty ones' if least else ''}"
        )

    insist_within(n, least, T + 1, complain)
    if not at_hand(n):  # a kernel must not meet what is told later
        n = n.clip(least, T)
    return to_device(n.astype("int64"), device_of(like))


def present(lengths: Array, T: int) -> Array:
    """Return a mask (T, B): whether step t of sequence b counts."""
    return array_module(lengths).arange(T)[:, None] < lengths


def without_padding(x: Tensor, lengths: Array | None) -> Tensor:
    """Return x (T, B, *) with zeros for its padding: a NaN there would reach the weights as 0 · NaN."""
    if lengths is None:
        return x
    absent = constant(~present(lengths, len(x.array)))
    return x.masked_fill(absent.reshape(*absent.array.shape, *(1,) * (x.array.ndim - 2)), 0)


def apart(x: Tensor) -> list[Tensor]:
    """Take time, the first axis, apart by halves.

    The gradient of a slice is as long as what it was cut from. Cut from the whole, T slices would cost T² steps of
    zeros; cut by halves, they cost T log₂ T.
    """
    n = len(x.array)
    if n <= 1:
        return [x.squeeze(0)] * n
    return apart(x[: n // 2]) + apart(x[n // 2 :])
