"""Batches of sequences of similar length, so that little of a batch is padding.

A shuffled order is cut into pools of many batches; each pool is sorted by length and cut into batches; the batches
are shuffled again. The larger the pools, the less padding, and the less random the batches: with one batch to a pool it
is plain shuffling, with all data in one pool it is sorting.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..errors import ArgumentError
from ..random import Generator
from .sampler import Sampler, positive
from .stream import stream_for


class BucketSampler(Sampler[list[int]]):
    """Lists of `batch_size` indices whose sequences are about as long, for a loader's `batch_sampler`.

    `pool` is the number of batches that are sorted together. Every index comes once an epoch; with `drop_last` those
    left over of a batch that is not full do not.

    >>> sampler = BucketSampler([3, 9, 3, 8, 2, 9], batch_size=2, generator=Generator(5))
    >>> sorted(sorted([3, 9, 3, 8, 2, 9][i] for i in batch) for batch in sampler)
    [[2, 3], [3, 8], [9, 9]]
    """

    def __init__(
        self,
        lengths: Sequence[int],
        batch_size: int,
        pool: int = 50,
        drop_last: bool = False,
        generator: Generator | None = None,
    ) -> None:
        self.lengths = np.asarray(lengths) if len(lengths) else np.zeros(0, np.int64)
        if self.lengths.ndim != 1 or self.lengths.dtype.kind not in "iu":
            raise ArgumentError(
                f"BucketSampler: lengths must be a list of whole numbers, got {self.lengths.dtype} "
                f"{self.lengths.shape}\nHint: [len(x) for x in dataset.x]"
            )
        self.batch_size = positive("BucketSampler", "batch_size", batch_size)
        self.pool = positive("BucketSampler", "pool", pool)
        self.drop_last = bool(drop_last)
        self.generator = generator

    def __iter__(self) -> Iterator[list[int]]:
        generator, size = stream_for(self.generator), self.batch_size
        order = generator.permutation(len(self.lengths))
        batches: list[list[int]] = []
        for begin in range(0, len(order), size * self.pool):
            pool = order[begin : begin + size * self.pool]
            pool = pool[np.argsort(self.lengths[pool], kind="stable")]
            batches += [pool[i : i + size].tolist() for i in range(0, len(pool), size)]
        whole = [batch for batch in batches if len(batch) == size or not self.drop_last]
        return iter([whole[i] for i in generator.permutation(len(whole)).tolist()])

    def __len__(self) -> int:
        n = len(self.lengths)
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)
