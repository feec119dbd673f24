"""Sequences of different lengths, padded into one array, or packed so that no padding is left.

    sequences        padded (T, B)        packed: step by step, the longest sequence first
    a0 a1            a0 b0 c0             data         b0 a0 c0 │ b1 a1 │ b2 │ b3
    b0 b1 b2 b3      a1 b1  ·             batch_sizes         3 │     2 │  1 │  1
    c0                ·  b2 ·             sorted_indices  1 0 2
                      ·  b3 ·

Recurrent layers take padded sequences with `lengths=`, which says the same with one array more; packing is here because
PyTorch's code is written with it. Both give the same numbers.

T steps of the longest sequence, B sequences, * any further axes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ... import ops
from ...autograd import constant
from ...backend import Array, to_device, to_numpy
from ...errors import ArgumentError, ShapeError
from ...ops.ragged import Lengths, lengths_of, present
from ...tensor import Tensor

__all__ = [
    "PackedSequence", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence", "pad_sequence", "unpack_sequence",
    "unpad_sequence",
]  # fmt: skip

_ON_CPU = np.empty(0)  # lengths decide shapes, so Python has to know them


class PackedSequence(NamedTuple):
    """Sequences without padding: the elements of step 0, then those of step 1, and so on.

    `batch_sizes[t]` says how many sequences have a step t. `sorted_indices[i]` is the place, in the batch, of the i-th
    longest sequence, and `unsorted_indices` the way back; both are None if the batch came sorted. These numbers decide
    shapes: they stay on the CPU, wherever the data is.
    """

    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None = None
    unsorted_indices: Tensor | None = None

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """Move or cast the data, as `Tensor.to`."""
        return self._replace(data=self.data.to(*args, **kwargs))


def pad_sequence(
    sequences: Sequence[Tensor], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Stack sequences, made as long as the longest by `padding_value` at their ends (or at their starts: "left").

    Targets padded with -100 are ready for `cross_entropy`, whose `ignore_index` that is.

    Shapes    each (T_b, *)  ->  (T, B, *), or with batch_first (B, T, *)
    Raises    ShapeError, ArgumentError

    >>> from minigrad import tensor
    >>> pad_sequence([tensor([1, 2, 3]), tensor([4])], batch_first=True, padding_value=-100)
    tensor([[   1,    2,    3],
            [   4, -100, -100]])
    """
    op = "pad_sequence"
    if padding_side not in ("left", "right"):
        raise ArgumentError(f'{op}: padding_side is {padding_side!r}; use "left" or "right"')
    if not sequences:
        raise ArgumentError(f"{op}: there is no sequence to pad")
    shapes = [tuple(x.shape) for x in sequences]
    for i, shape in enumerate(shapes):
        if not shape or shape[1:] != shapes[0][1:]:
            raise ShapeError(
                f"{op}: sequences must agree in all axes but the first, sequence 0 and sequence {i} do not\n"
                f"  sequence 0: {shapes[0]}\n  sequence {i}: {shape}"
            )
    T = max(n for n, *_ in shapes)
    padded = []
    for x in sequences:
        missing = (0, T - len(x)) if padding_side == "right" else (T - len(x), 0)
        padded.append(ops.pad(x, (0, 0) * (x.ndim - 1) + missing, value=padding_value))
    return ops.stack(padded, 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Lengths, batch_first: bool = False) -> list[Tensor]:
    """Return the sequences of a padded batch one by one, each as long as it is."""
    x = _batch_second("unpad_sequence", padded_sequences, batch_first)
    n = lengths_of("unpad_sequence", "lengths", lengths, x.shape[1], x.shape[0], _ON_CPU)
    return [x[:length, b] for b, length in enumerate(n.tolist())]


def pack_padded_sequence(
    input: Tensor, lengths: Lengths, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Drop the padding of a batch. Sequences must come longest first, or be sorted here with enforce_sorted=False.

    Forward   data = the elements that are present, step by step, within a step from the longest sequence on
    Backward  each element's gradient goes back to its place; padding gets 0
    Shapes    (T, B, *), or with batch_first (B, T, *), lengths (B,)  ->  data (Σ lengths, *)
    Raises    ShapeError, ArgumentError for a length outside [1, T] or lengths that are not sorted
    """
    op = "pack_padded_sequence"
    x = _batch_second(op, input, batch_first)
    T, B = x.shape[:2]
    n = lengths_of(op, "lengths", lengths, B, T, _ON_CPU)
    if not B:
        raise ShapeError(f"{op}: there is no sequence to pack, input has shape {tuple(input.shape)}")
    order = (-n).argsort(kind="stable")
    if enforce_sorted and (n[1:] > n[:-1]).any():
        raise ArgumentError(
            f"{op}: lengths must not grow with enforce_sorted=True, got {n.tolist()}\n"
            "Hint: pass enforce_sorted=False to have the sequences sorted, or give lengths= to the layer instead"
        )
    here = present(n[order], int(n.max()))
    t, i = np.nonzero(here)
    found = [None, None] if enforce_sorted else [constant(order), constant(order.argsort())]
    return PackedSequence(x[t, order[i]], constant(here.sum(1)), *found)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """Undo `pack_padded_sequence`: return the padded batch in its first order, and the lengths.

    Shapes    data (Σ lengths, *)  ->  (T, B, *), or with batch_first (B, T, *), and (B,);  T is the longest length, or
              `total_length`
    Raises    ArgumentError if total_length is less than the longest length
    """
    rows, n = _rows(sequence)
    T = len(rows)
    if total_length is not None:
        if total_length < T:
            raise ArgumentError(f"pad_packed_sequence: total_length is {total_length}, a sequence has {T} steps")
        rows = np.pad(rows, ((0, total_length - T), (0, 0)), constant_values=-1)
    rows = to_device(rows, sequence.data.device)
    absent = constant(rows < 0).reshape(*rows.shape, *(1,) * (sequence.data.ndim - 1))
    y = sequence.data[rows].masked_fill(absent, padding_value)
    return y.transpose(0, 1) if batch_first else y, constant(n)


def _rows(sequence: PackedSequence) -> tuple[Array, Array]:
    """Return for each step and sequence (T, B) the row of the data that holds it, -1 for padding; and the lengths."""
    sizes = to_numpy(sequence.batch_sizes.array)
    B = int(sizes[0]) if sizes.ndim == 1 and sizes.size else 0
    if not B or sizes[-1] < 1 or (sizes[1:] > sizes[:-1]).any() or sizes.sum() != len(sequence.data):
        raise ArgumentError(
            f"PackedSequence: batch_sizes {sizes.tolist()} must fall from step to step and add up to the "
            f"{len(sequence.data)} rows of data\nHint: make it with pack_padded_sequence or pack_sequence"
        )
    here = np.arange(B) < sizes[:, None]
    rows = np.where(here, here.cumsum().reshape(here.shape) - 1, -1)
    lengths = here.sum(0)
    if sequence.unsorted_indices is not None:
        back = to_numpy(sequence.unsorted_indices.array)
        rows, lengths = rows[:, back], lengths[back]
    return rows, lengths


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences that come one by one; longest first, unless enforce_sorted=False.

    >>> from minigrad import tensor
    >>> pack_sequence([tensor([1, 2, 3]), tensor([4, 5])]).data
    tensor([1, 4, 2, 5, 3])
    """
    return pack_padded_sequence(pad_sequence(sequences), [len(x) for x in sequences], enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """Undo `pack_sequence`."""
    return unpad_sequence(*pad_packed_sequence(packed_sequences))


def _batch_second(op: str, x: Tensor, batch_first: bool) -> Tensor:
    if x.ndim < 2:
        raise ShapeError(f"{op}: needs axes (T, B, ...), or (B, T, ...) with batch_first, got shape {tuple(x.shape)}")
    return x.transpose(0, 1) if batch_first else x
