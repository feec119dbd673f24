"""Data sets: things with a length whose items have numbers.

`gather(indices)` is a whole batch at once. It means `default_collate` of the items; data sets that hold arrays do it
with one fancy index, which is many times faster than stacking items one by one.
"""

from __future__ import annotations

import bisect
import itertools
import math
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from ..backend import Array, is_array
from ..errors import ArgumentError, ShapeError
from ..random import Generator
from ..tensor import Tensor
from .collate import collate_array, default_collate
from .info import DatasetInfo
from .stream import stream_for

Item = TypeVar("Item")


class Dataset(Generic[Item]):
    """Base class of data sets whose items have numbers: define `__getitem__` and `__len__`."""

    def __getitem__(self, index: int) -> Item:
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__")

    def __len__(self) -> int:
        raise TypeError(f"{type(self).__name__} must define __len__")

    def __add__(self, other: Dataset[Item]) -> ConcatDataset[Item]:
        return ConcatDataset([self, other])

    def gather(self, indices: Sequence[int]) -> Any:
        """Return the items at `indices` as one batch."""
        return default_collate([self[i] for i in indices])


class IterableDataset(Dataset[Item]):
    """Base class of data sets that can only be read in order: define `__iter__`."""

    def __iter__(self) -> Iterator[Item]:
        raise NotImplementedError(f"{type(self).__name__} must define __iter__")


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Tensors of equal length; item i is the tuple of their rows i."""

    def __init__(self, *tensors: Tensor) -> None:
        if not tensors:
            raise ArgumentError("TensorDataset: needs at least one tensor")
        for i, tensor in enumerate(tensors):
            if not isinstance(tensor, Tensor):
                raise ArgumentError(
                    f"TensorDataset: argument {i} is {type(tensor).__name__}, not Tensor\n"
                    "Hint: minigrad.from_numpy makes one of an array; ArrayDataset takes arrays as they are"
                )
        _check_lengths("TensorDataset", {f"tensor {i}": t.shape for i, t in enumerate(tensors)})
        self.tensors = tensors

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])

    def gather(self, indices: Sequence[int]) -> Any:
        """Return the rows at `indices` of every tensor."""
        if type(self).__getitem__ is not TensorDataset.__getitem__:
            return super().gather(indices)  # a subclass makes its items in another way
        rows = np.asarray(indices, np.int64)
        return [tensor[rows] for tensor in self.tensors]


class ArrayDataset(Dataset[Any]):
    """Arrays `x` and, if there is one, `y`: item i is (x[i], y[i]), or x[i] alone.

    `transform` is applied to x. One that says `batched = True`, as those of `minigrad.data.transforms` do, is given
    whole batches; any other is given one item at a time.
    """

    def __init__(self, x: Array, y: Array | None = None, *, transform: Callable[[Array], Any] | None = None) -> None:
        self.x: Array = x if is_array(x) else np.asarray(x)
        self.y: Array = y if y is None or is_array(y) else np.asarray(y)
        self.transform = transform
        _check_lengths("ArrayDataset", {name: array.shape for name, array in self._arrays().items()})

    def __getitem__(self, index: int) -> Any:
        index = operator.index(index)
        x = self.x[index] if self.transform is None else self.transform(self.x[index])
        return x if self.y is None else (x, self.y[index])

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        arrays = ", ".join(f"{name}: {array.dtype} {array.shape}" for name, array in self._arrays().items())
        return f"{type(self).__name__}({arrays})"

    def gather(self, indices: Sequence[int]) -> Any:
        """Return the rows at `indices` as tensors, transformed."""
        whole = self.transform is None or getattr(self.transform, "batched", False)
        if not whole or type(self).__getitem__ is not ArrayDataset.__getitem__:
            return super().gather(indices)
        rows = np.asarray(indices, np.int64)
        x = self.x[rows] if self.transform is None else self.transform(self.x[rows])
        return collate_array(x) if self.y is None else [collate_array(x), collate_array(self.y[rows])]

    def _arrays(self) -> dict[str, Array]:
        return {"x": self.x} if self.y is None else {"x": self.x, "y": self.y}


class LoadedDataset(ArrayDataset):
    """What `minigrad.data.load` returns: arrays that know where they come from."""

    def __init__(self, x: Array, y: Array | None = None, *, info: DatasetInfo) -> None:
        super().__init__(x, y)
        self.info = info

    @property
    def text(self) -> str:
        """Return a text data set, one byte per character, as a string."""
        if self.x.ndim != 1 or self.x.dtype != np.uint8:
            raise ArgumentError(f"text: {self.info.name} is not a text, its x is {self.x.dtype} {self.x.shape}")
        return str(self.x.tobytes().decode("ascii"))


class Subset(Dataset[Item]):
    """The items of another data set at `indices`, in that order."""

    def __init__(self, dataset: Dataset[Item], indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: int) -> Item:
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)

    def gather(self, indices: Sequence[int]) -> Any:
        """Return a batch of the data set underneath, as fast as it can."""
        if type(self).__getitem__ is not Subset.__getitem__ or not isinstance(self.dataset, Dataset):
            return super().gather(indices)
        return self.dataset.gather([self.indices[i] for i in indices])


class ConcatDataset(Dataset[Item]):
    """Several data sets, one after the other."""

    def __init__(self, datasets: Iterable[Dataset[Item]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ArgumentError("ConcatDataset: needs at least one data set")
        self.cumulative_sizes = list(itertools.accumulate(len(dataset) for dataset in self.datasets))

    def __getitem__(self, index: int) -> Item:
        n = len(self)
        if not -n <= index < n:
            raise IndexError(f"ConcatDataset: index {index} is outside [-{n}, {n - 1}]")
        index %= n
        which = bisect.bisect_right(self.cumulative_sizes, index)
        return self.datasets[which][index - (self.cumulative_sizes[which - 1] if which else 0)]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


def random_split(
    dataset: Dataset[Item], lengths: Sequence[float], generator: Generator | None = None
) -> list[Subset[Item]]:
    """Deal the items out at random to parts of the given lengths, or of the given fractions.

    Fractions must sum to 1; each part gets the whole items of its share, and the first parts one more each until
    none is left over.

    >>> [len(part) for part in random_split(ArrayDataset(np.arange(10)), [0.65, 0.35])]
    [7, 3]
    """
    n = len(dataset)
    sizes = _sizes(lengths, n)
    order = stream_for(generator).permutation(n).tolist()
    ends = itertools.accumulate(sizes)
    return [Subset(dataset, order[end - size : end]) for size, end in zip(sizes, ends, strict=True)]


def _sizes(lengths: Sequence[float], n: int) -> list[int]:
    """Turn lengths or fractions into whole numbers of items that sum to n; lengths that sum to 1 are fractions."""
    if any(not length >= 0 for length in lengths):
        raise ArgumentError(f"random_split: lengths must not be negative, got {list(lengths)}")
    if math.isclose(sum(lengths), 1):
        sizes = [math.floor(n * fraction) for fraction in lengths]
        for i in range(n - sum(sizes)):
            sizes[i % len(sizes)] += 1
        return sizes
    if sum(lengths) != n or any(length != int(length) for length in lengths):
        raise ArgumentError(
            f"random_split: lengths {list(lengths)} sum to {sum(lengths)}, the data set has {n} items\n"
            "Hint: give whole numbers that sum to the length, or fractions that sum to 1"
        )
    return [int(length) for length in lengths]


def _check_lengths(op: str, shapes: dict[str, tuple[int, ...]]) -> None:
    """Compare the first axes of arrays that must have one row per item."""
    first, n = "", 0
    for name, shape in shapes.items():
        if not shape:
            raise ShapeError(f"{op}: {name} has no axes, so no items\nHint: the first axis counts the items")
        first, n = (first, n) if first else (name, shape[0])
        if shape[0] != n:
            rows = "".join(f"\n  {each} (N, ...) = {shapes[each]}" for each in shapes)
            raise ShapeError(
                f"{op}: N is {n} in {first} but {shape[0]} in {name}{rows}\nHint: every array needs one row per item"
            )
