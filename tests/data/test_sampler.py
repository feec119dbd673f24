from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from minigrad.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from minigrad.errors import ArgumentError
from minigrad.random import Generator, manual_seed


def test_sequential_is_the_natural_order() -> None:
    sampler = SequentialSampler("abcd")
    assert list(sampler) == [0, 1, 2, 3] and len(sampler) == 4


def test_random_is_a_new_permutation_each_time_and_the_same_for_a_seed() -> None:
    sampler = RandomSampler(range(50), generator=Generator(3))
    first, second = list(sampler), list(sampler)
    assert sorted(first) == sorted(second) == list(range(50)) and first != second
    assert list(RandomSampler(range(50), generator=Generator(3))) == first
    assert list(RandomSampler(range(50), generator=Generator(4))) != first


def test_without_a_generator_the_default_one_decides() -> None:
    manual_seed(5)
    first = list(RandomSampler(range(20)))
    manual_seed(5)
    assert list(RandomSampler(range(20))) == first == list(RandomSampler(range(20), generator=Generator(5)))


def test_more_samples_than_items_are_several_permutations() -> None:
    drawn = list(RandomSampler(range(5), num_samples=12, generator=Generator(0)))
    assert len(drawn) == 12 and sorted(drawn[:5]) == sorted(drawn[5:10]) == list(range(5))
    assert len(list(RandomSampler(range(5), num_samples=2, generator=Generator(0)))) == 2


def test_with_replacement_all_items_are_equally_likely() -> None:
    drawn = Counter(RandomSampler(range(4), replacement=True, num_samples=8000, generator=Generator(0)))
    assert sorted(drawn) == [0, 1, 2, 3] and all(abs(n - 2000) < 200 for n in drawn.values())  # 5 sigma


def test_nothing_to_draw_from_gives_nothing() -> None:
    assert list(RandomSampler([])) == list(SequentialSampler([])) == list(SubsetRandomSampler([])) == []


def test_a_subset_is_shuffled() -> None:
    sampler = SubsetRandomSampler([7, 7, 2, 9, 11, 4], generator=Generator(1))
    drawn = list(sampler)
    assert sorted(drawn) == [2, 4, 7, 7, 9, 11] and len(sampler) == 6
    assert drawn != list(sampler)


def test_weights_are_probabilities() -> None:
    weights = [1.0, 0.0, 3.0, 4.0]
    drawn = Counter(WeightedRandomSampler(weights, 8000, generator=Generator(2)))
    assert drawn[1] == 0
    for i, weight in enumerate(weights):
        assert abs(drawn[i] - 1000 * weight) < 5 * np.sqrt(8000 / 4)


def test_without_replacement_the_first_draw_follows_the_weights_and_none_comes_twice() -> None:
    generator, first = Generator(0), Counter[int]()
    for _ in range(4000):
        drawn = list(WeightedRandomSampler([1, 0, 2, 5], 3, replacement=False, generator=generator))
        assert sorted(drawn) == [0, 2, 3]
        first[drawn[0]] += 1
    for i, weight in enumerate([1, 0, 2, 5]):
        assert abs(first[i] - 500 * weight) < 5 * np.sqrt(4000 / 4)


class Zeros(Generator):
    """A generator that always draws the smallest number there is."""

    def uniform(self, shape: tuple[int, ...], *_: Any) -> np.ndarray:
        return np.zeros(shape)


def test_the_smallest_draw_takes_no_item_of_weight_zero() -> None:
    assert list(WeightedRandomSampler([0, 2, 1], 2, generator=Zeros())) == [1, 1]
    assert list(WeightedRandomSampler([0, 2, 1], 2, False, generator=Zeros())) == [1, 2]


def test_batches_are_full_but_for_the_last() -> None:
    assert list(BatchSampler(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(BatchSampler(range(7), 3, drop_last=True)) == [[0, 1, 2], [3, 4, 5]]
    for n in range(8):
        for drop in (False, True):
            sampler = BatchSampler(range(n), 3, drop)
            assert len(sampler) == len(list(sampler))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BatchSampler([1], 0), "BatchSampler: batch_size must be a positive integer, got 0"),
        (lambda: BatchSampler([1], 2.0), "batch_size must be a positive integer, got 2.0"),
        (lambda: BatchSampler([1], True), "batch_size must be a positive integer, got True"),
        (lambda: RandomSampler([1], num_samples=-1), "RandomSampler: num_samples must be a positive integer, got -1"),
        (lambda: WeightedRandomSampler([1, -1], 2), "numbers >= 0, one of them above 0"),
        (lambda: WeightedRandomSampler([0, 0], 2), "numbers >= 0, one of them above 0"),
        (lambda: WeightedRandomSampler([1, float("nan")], 2), "numbers >= 0, one of them above 0"),
        (lambda: WeightedRandomSampler([[1.0]], 2), "must be a list of numbers"),
        (lambda: WeightedRandomSampler([1, 0, 1], 3, False), "num_samples is 3, only 2 indices have a weight above 0"),
    ],
)
def test_bad_arguments_are_named(make: Any, message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        make()
    assert message in str(caught.value)


def test_the_base_class_says_what_is_missing() -> None:
    with pytest.raises(NotImplementedError, match="Sampler must define __iter__"):
        iter(Sampler())
    with pytest.raises(TypeError, match="Sampler must define __len__"):
        len(Sampler())
