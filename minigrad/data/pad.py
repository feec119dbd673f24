"""Batches of sequences whose lengths differ: the short ones are filled up to the longest, and the lengths go along.

    [(a0 a1), 3], [(b0 b1 b2 b3), 5], [(c0), 3]   ->   a0 a1  ·  ·     lengths [2, 4, 1]     y [3, 5, 3]
                                                       b0 b1 b2 b3
                                                       c0  ·  ·  ·
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import ops
from ..backend import to_numpy
from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor
from .collate import default_collate


def pad_collate(batch: Sequence[Any], padding_value: float | Sequence[float] = 0.0) -> list[Any]:
    """Make one batch of sequences, or of tuples with sequences, for use as a loader's `collate_fn`.

    Every part of an item that has steps becomes two: the padded sequences and their lengths. A part without
    (a label) is stacked. So (sequence, label) gives [x, lengths, y], and a pair of sequences, as translation
    has, [x, x_lengths, y, y_lengths]. `padding_value` is one number, or one for each part of an item.

    Shapes    each sequence (T_b, *)  ->  (B, T, *) and (B,), T the largest T_b
    Raises    ArgumentError if the items differ in structure or there are none
              ShapeError if sequences differ in the axes after the first

    >>> pad_collate([([1, 2, 3], 0), ([4], 1)], padding_value=-1)
    [tensor([[ 1,  2,  3],
            [ 4, -1, -1]]), tensor([3, 1]), tensor([0, 1])]
    """
    if not len(batch):
        raise ArgumentError("pad_collate: the batch has no items")
    tuples = [item if isinstance(item, tuple) else (item,) for item in batch]
    widths = {len(item) for item in tuples}
    if len(widths) > 1:
        raise ArgumentError(f"pad_collate: items have {' and '.join(map(str, sorted(widths)))} parts, all need as many")
    n = len(tuples[0])
    values = [padding_value] * n if isinstance(padding_value, (int, float)) else list(padding_value)
    if len(values) != n:
        raise ArgumentError(f"pad_collate: {len(values)} padding values are given for items of {n} parts")
    made: list[Any] = []
    for i, (part, value) in enumerate(zip(zip(*tuples, strict=True), values, strict=True)):
        made += _collate_part(f"part {i}", list(part), value)
    return made


def _collate_part(what: str, part: list[Any], value: float) -> list[Any]:
    if all(isinstance(item, (int, float, np.generic, str)) for item in part):
        return [default_collate([item.item() if isinstance(item, np.generic) else item for item in part])]
    arrays = [to_numpy(item.array) if isinstance(item, Tensor) else np.asarray(item) for item in part]
    if all(array.ndim == 0 for array in arrays):
        return [default_collate(arrays)]
    rest = arrays[0].shape[1:]
    for i, array in enumerate(arrays):
        if array.dtype.kind not in "fiub" or array.ndim == 0 or array.shape[1:] != rest:
            raise ShapeError(
                f"pad_collate: {what} of the items are not sequences of equal steps\n"
                f"  item 0 (T, ...) = {arrays[0].shape} {arrays[0].dtype}\n"
                f"  item {i} (T, ...) = {array.shape} {array.dtype}\n"
                "Hint: only the first axis, that of the steps, may differ"
            )
    dtype = np.result_type(*(array for array in arrays if len(array))) if any(map(len, arrays)) else arrays[0].dtype
    if dtype.kind != "f" and not float(value).is_integer():
        raise ArgumentError(f"pad_collate: {what} is {dtype}, which cannot hold the padding value {value}")
    padded = np.full((len(arrays), max(map(len, arrays)), *rest), value, dtype)
    for row, array in zip(padded, arrays, strict=True):
        row[: len(array)] = array
    return [ops.as_tensor(padded), ops.as_tensor(np.array([len(array) for array in arrays], np.int64))]
