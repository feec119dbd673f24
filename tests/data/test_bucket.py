from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.data.bucket import BucketSampler
from minigrad.errors import ArgumentError
from minigrad.random import Generator

sizes = st.lists(st.integers(0, 30), max_size=60)


@given(sizes, st.integers(1, 7), st.integers(1, 4))
def test_every_index_comes_once_in_batches_of_the_given_size(lengths, batch_size, pool) -> None:
    sampler = BucketSampler(lengths, batch_size, pool, generator=Generator(3))
    batches = list(sampler)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert len(batches) == len(sampler)
    assert sum(len(batch) != batch_size for batch in batches) <= 1


@given(sizes, st.integers(1, 7))
def test_with_drop_last_every_batch_is_full(lengths, batch_size) -> None:
    sampler = BucketSampler(lengths, batch_size, 2, drop_last=True, generator=Generator(3))
    batches = list(sampler)
    assert len(batches) == len(sampler) and all(len(batch) == batch_size for batch in batches)


def test_batches_of_one_pool_do_not_mix_lengths() -> None:
    lengths = np.random.default_rng(0).integers(1, 100, 320)
    spans = [(min(lengths[batch]), max(lengths[batch])) for batch in BucketSampler(lengths, 16, generator=Generator(1))]
    ordered = sorted(spans)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(ordered))
    assert spans != ordered


def test_more_batches_to_a_pool_leave_less_padding() -> None:
    lengths = np.random.default_rng(0).integers(1, 100, 2000)
    padding = [sum(max(lengths[b]) * len(b) - sum(lengths[b]) for b in BucketSampler(lengths, 20, pool, generator=Generator(2)))
               for pool in (1, 4, 100)]  # fmt: skip
    assert padding[0] > 2 * padding[1] > 4 * padding[2]


def test_the_order_is_a_function_of_the_seed_and_changes_from_epoch_to_epoch() -> None:
    one, two = (BucketSampler(range(50), 4, 2, generator=Generator(7)) for _ in range(2))
    first, second = list(one), list(one)
    assert first != second and [first, second] == [list(two), list(two)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.5], 2), r"lengths must be a list of whole numbers, got float64 \(1,\)\nHint"),
        (([[1], [2]], 2), "lengths must be a list of whole numbers"),
        (([1], 0), "batch_size must be a positive integer, got 0"), (([1], 1, -1), "pool must be a positive integer"),
    ],
)  # fmt: skip
def test_arguments_are_checked(arguments, message) -> None:
    with pytest.raises(ArgumentError, match=f"BucketSampler: {message}"):
        BucketSampler(*arguments)
