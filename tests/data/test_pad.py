from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad.data import BucketSampler, DataLoader, load
from minigrad.data.pad import pad_collate
from minigrad.errors import ArgumentError, ShapeError

lengths = st.lists(st.integers(0, 6), min_size=1, max_size=5)


@given(lengths, st.integers(0, 2), st.floats(-3, 3).filter(bool))
def test_each_sequence_stands_at_the_start_of_its_row_and_padding_fills_the_rest(sizes, axes, value) -> None:
    rng = np.random.default_rng(0)
    items = [rng.normal(size=(n, *(2, 3)[:axes])) for n in sizes]
    x, found = pad_collate(items, value)
    assert x.shape == (len(sizes), max(sizes), *(2, 3)[:axes]) and found.tolist() == sizes
    for row, item in zip(x.numpy(), items, strict=True):
        np.testing.assert_array_equal(row[: len(item)], item)
        assert (row[len(item) :] == value).all()


def test_a_pair_of_sequences_gives_both_with_their_lengths() -> None:
    items = [(np.array([1, 2]), np.array([7, 8, 9])), (minigrad.tensor([3]), [5])]
    x, x_lengths, y, y_lengths = pad_collate(items, (0, -100))
    assert x.tolist() == [[1, 2], [3, 0]] and y.tolist() == [[7, 8, 9], [5, -100, -100]]
    assert x_lengths.tolist() == [2, 1] and y_lengths.tolist() == [3, 1]
    assert x.dtype == y.dtype == np.int64


def test_labels_are_stacked_and_strings_stay_a_list() -> None:
    items = [(np.zeros((1, 2), "f4"), np.int64(3), "a", 0.5, np.array(1)), (np.ones((2, 2), "f4"), np.int64(4), "b", 1.5, np.array(2))]
    x, sizes, label, name, number, zero_d = pad_collate(items)
    assert x.dtype == np.float32 and sizes.tolist() == [1, 2]
    assert (label.tolist(), name, number.tolist(), zero_d.tolist()) == ([3, 4], ["a", "b"], [0.5, 1.5], [1, 2])
    assert label.dtype == np.int64


def test_an_empty_list_has_no_say_in_the_type() -> None:
    x, sizes = pad_collate([[], [1, 2]])
    assert x.dtype == np.int64 and x.tolist() == [[0, 0], [1, 2]] and sizes.tolist() == [0, 2]
    assert pad_collate([[], []])[0].shape == (2, 0)


def test_the_vowels_come_in_padded_batches_of_similar_length() -> None:
    vowels = load("japanese_vowels")
    sampler = BucketSampler([len(x) for x in vowels.x], 32, generator=minigrad.Generator(0))
    loader = DataLoader(vowels, batch_sampler=sampler, collate_fn=functools.partial(pad_collate, padding_value=np.nan))
    seen = padding = 0
    for x, sizes, y in loader:
        assert x.shape == (len(y), max(sizes.tolist()), 12) and y.dtype == np.int64
        padding += int(np.isnan(x.numpy()).sum())
        seen += len(y)
    assert seen == 270 and padding < 0.1 * 270 * 16 * 12


@pytest.mark.parametrize(
    ("batch", "options", "error", "message"),
    [
        ([], {}, ArgumentError, "the batch has no items"),
        ([(1, 2), (1,)], {}, ArgumentError, "items have 1 and 2 parts, all need as many"),
        ([([1],)], {"padding_value": (0, 1)}, ArgumentError, "2 padding values are given for items of 1 parts"),
        ([[1]], {"padding_value": 0.5}, ArgumentError, "part 0 is int64, which cannot hold the padding value 0.5"),
        ([[1]], {"padding_value": float("nan")}, ArgumentError, "cannot hold the padding value nan"),
        ([(np.zeros((2, 3)),), (np.zeros((2, 4)),)], {}, ShapeError, r"item 0 \(T, ...\) = \(2, 3\) float64\n  item 1 \(T, ...\) = \(2, 4\)"),
        ([[1], 3], {}, ShapeError, r"item 1 \(T, ...\) = \(\)(?s:.)*Hint: only the first axis"),
        ([["a"], ["b"]], {}, ShapeError, "not sequences of equal steps"),
    ],
)  # fmt: skip
def test_what_cannot_be_padded_is_told(batch, options, error, message) -> None:
    with pytest.raises(error, match=f"pad_collate: (?s:.)*{message}"):
        pad_collate(batch, **options)
