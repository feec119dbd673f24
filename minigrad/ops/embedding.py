"""Vectors looked up by number: row v of a table stands for word v.

    y[..., :] = w[index[...], :]

A word that occurs several times gets the sum of its gradients: reading rows and adding into rows are adjoint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..autograd import record
from ..backend import Array
from ..errors import ArgumentError, DtypeError, RangeError, ShapeError
from ..shapes import describe
from .bounds import insist_within
from .index import put_add
from .operands import on_one_device, tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["embedding"]


def embedding(input: Tensor, weight: Tensor, padding_idx: int | None = None) -> Tensor:
    """Look up a row of `weight` for every index in `input`.

    Backward  dw = 0, then dw[index] += dy: a row read twice receives both gradients, row `padding_idx` none
    Shapes    input (...) of integers in [0, V), weight (V, M)  ->  (..., M)
    Raises    RangeError for an index outside the table
    """
    w, words = tensor_of("embedding", weight, "weight"), tensor_of("embedding", input)
    on_one_device("embedding", input=words, weight=w)
    index = words.array
    if w.array.ndim != 2:
        raise ShapeError(describe("embedding", "needs a table of rows", {"weight": (w, "V M")}, "pass (input, weight)"))
    if index.dtype.kind not in "iu":
        raise DtypeError(
            f"embedding: input must hold integers, got {index.dtype}\nHint: convert with .long(), or swap the arguments"
        )
    shape = w.array.shape
    _check_range(index, shape[0])
    index = index.astype("int64")  # a copy: backward must not see what the caller writes to `input` later
    padding = _padding_row(padding_idx, shape[0])

    def d_w(dy: Tensor, _: Tensor) -> Tensor:
        if padding is not None:
            dy = dy * (index != padding)[..., None]
        return put_add(dy, index, shape)

    return record("embedding", w.array.take(index, 0), (w, d_w))


def _check_range(index: Array, v: int) -> None:
    def complain(i: int) -> Exception:
        return RangeError(
            f"embedding: input holds {i}, outside [0, {v}): the table has V = {v} rows\n"
            "Hint: give the table as many rows as there are words, or map unknown words to one of them"
        )

    insist_within(index, 0, v, complain)


def _padding_row(padding_idx: int | None, v: int) -> int | None:
    if padding_idx is None:
        return None
    if not -v <= padding_idx < v:
        raise ArgumentError(f"embedding: padding_idx is {padding_idx}, outside [{-v}, {v}), the rows of the table")
    return padding_idx % v
