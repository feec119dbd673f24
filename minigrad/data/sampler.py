"""In which order the items come: iterables of indices, and of lists of indices.

A sampler that was given no generator draws from the stream of the DataLoader it works for, or from the default one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Generic, TypeVar, cast

import numpy as np

from ..errors import ArgumentError
from ..random import Generator
from .stream import stream_for

Index = TypeVar("Index")


class Sampler(Generic[Index]):
    """Base class: define `__iter__`, and `__len__` if the number is known."""

    generator: Generator | None = None

    def __iter__(self) -> Iterator[Index]:
        raise NotImplementedError(f"{type(self).__name__} must define __iter__")

    def __len__(self) -> int:
        raise TypeError(f"{type(self).__name__} must define __len__")


class SequentialSampler(Sampler[int]):
    """0, 1, ... n-1."""

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """Random indices: a permutation (several, one after the other, if more are asked for), or independent draws."""

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self.generator = generator
        self._num_samples = None if num_samples is None else positive("RandomSampler", "num_samples", num_samples)

    def __iter__(self) -> Iterator[int]:
        n, wanted, generator = len(self.data_source), len(self), stream_for(self.generator)
        if not n:
            return iter(())
        if self.replacement:
            return iter(generator.integers(0, n, (wanted,)).tolist())
        rounds = [generator.permutation(n) for _ in range(-(-wanted // n))]
        return iter(np.concatenate(rounds)[:wanted].tolist())

    def __len__(self) -> int:
        return len(self.data_source) if self._num_samples is None else self._num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given indices in random order."""

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        order = stream_for(self.generator).permutation(len(self.indices))
        return iter([self.indices[i] for i in order.tolist()])

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Index i with probability weights[i] / sum(weights), drawn `num_samples` times.

    Forward   with replacement: the first i whose cumulative weight exceeds u · sum(weights), u uniform in [0, 1)
              without: the largest of log(u_i) / weights[i]; they are distributed as successive draws
    Source    Efraimidis, Spirakis, "Weighted random sampling with a reservoir", 2006
    """

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        self.weights = np.asarray(weights, np.float64)
        self.num_samples = positive("WeightedRandomSampler", "num_samples", num_samples)
        self.replacement = replacement
        self.generator = generator
        valid = self.weights.ndim == 1 and bool((self.weights >= 0).all()) and 0 < self.weights.sum() < np.inf
        if not valid:
            raise ArgumentError("WeightedRandomSampler: weights must be a list of numbers >= 0, one of them above 0")
        possible = np.count_nonzero(self.weights)
        if not replacement and num_samples > possible:
            raise ArgumentError(
                f"WeightedRandomSampler: num_samples is {num_samples}, only {possible} indices have a weight above 0\n"
                "Hint: draw fewer, or with replacement=True"
            )

    def __iter__(self) -> Iterator[int]:
        generator, wide = stream_for(self.generator), np.dtype("float64")
        if self.replacement:
            ends = np.cumsum(self.weights)
            u = generator.uniform((self.num_samples,), wide) * ends[-1]
            return iter(np.searchsorted(ends, u, side="right").tolist())
        u = 1 - generator.uniform(self.weights.shape, wide)  # in (0, 1], so that the logarithm is finite
        keys = np.full(self.weights.shape, -np.inf)
        np.divide(np.log(u), self.weights, out=keys, where=self.weights > 0)
        return iter(np.argsort(-keys, kind="stable")[: self.num_samples].tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """The indices of another sampler in lists of `batch_size`; the last may be shorter, or dropped."""

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool = False) -> None:
        self.sampler = sampler
        self.batch_size = positive("BatchSampler", "batch_size", batch_size)
        self.drop_last = bool(drop_last)

    def __iter__(self) -> Iterator[list[int]]:
        batch = []
        for index in self.sampler:
            batch.append(index)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch and not self.drop_last:
            yield batch

    def __len__(self) -> int:
        n = len(cast(Sized, self.sampler))
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)


def positive(op: str, name: str, value: int) -> int:
    """Return `value`, having checked that it is a positive integer."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value <= 0:
        raise ArgumentError(f"{op}: {name} must be a positive integer, got {value!r}")
    return int(value)
