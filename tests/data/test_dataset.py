from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.data.collate import default_collate
from minigrad.data.dataset import (
    ArrayDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    Subset,
    TensorDataset,
    random_split,
)
from minigrad.errors import ArgumentError, ShapeError
from minigrad.random import Generator
from minigrad.tensor import Tensor

X = np.random.default_rng(0).normal(size=(7, 2, 3)).astype(np.float32)
Y = np.arange(7) * 10


class Batched:
    """A transform that counts its calls."""

    batched = True

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x: np.ndarray) -> np.ndarray:
        self.calls += 1
        return x * 2


def same(a: Any, b: Any) -> None:
    """Compare two batches, nested as they are."""
    if isinstance(a, list):
        assert isinstance(b, list) and len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            same(x, y)
    elif isinstance(a, Tensor):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    else:
        assert a == b


DATASETS = {
    "arrays": ArrayDataset(X, Y),
    "x alone": ArrayDataset(X),
    "strings": ArrayDataset(np.array(list("abcdefg")), Y),
    "tensors": TensorDataset(mg.from_numpy(X), mg.from_numpy(Y)),
    "transformed at once": ArrayDataset(X, Y, transform=Batched()),
    "transformed one by one": ArrayDataset(X, Y, transform=lambda x: x.ravel() - x[0, 0]),
    "subset": Subset(Subset(ArrayDataset(X, Y), [6, 5, 4, 3, 2, 1, 0]), [0, 2, 4, 6, 1, 3, 5]),
    "concatenated": ArrayDataset(X[:3], Y[:3]) + ArrayDataset(X[3:], Y[3:]),
}


@pytest.mark.parametrize("name", DATASETS)
@given(indices=st.lists(st.integers(-7, 6), min_size=1, max_size=9))
def test_gathering_is_collating_the_items(name: str, indices: list[int]) -> None:
    dataset = DATASETS[name]
    same(dataset.gather(indices), default_collate([dataset[i] for i in indices]))


@pytest.mark.parametrize("name", DATASETS)
def test_indices_end_where_the_data_end(name: str) -> None:
    dataset = DATASETS[name]
    assert len(dataset) == 7
    same(default_collate([dataset[-1]]), default_collate([dataset[6]]))
    for index in (7, -8):
        with pytest.raises(IndexError):
            dataset[index]
    assert len(list(dataset)) == 7


def test_a_batch_is_transformed_in_one_call() -> None:
    transform = Batched()
    x, y = ArrayDataset(X, Y, transform=transform).gather([3, 1])
    np.testing.assert_array_equal(x.numpy(), X[[3, 1]] * 2)
    assert y.tolist() == [30, 10] and transform.calls == 1


@pytest.mark.parametrize("base", ["arrays", "tensors", "subset"])
def test_a_subclass_that_changes_the_items_changes_the_batches(base: str) -> None:
    class Labels(type(DATASETS[base])):  # type: ignore[misc]
        def __getitem__(self, index: int) -> Any:
            return super().__getitem__(index)[1]

    dataset = {
        "arrays": lambda: Labels(X, Y),
        "tensors": lambda: Labels(mg.from_numpy(X), mg.from_numpy(Y)),
        "subset": lambda: Labels(ArrayDataset(X, Y), range(7)),
    }[base]()
    assert dataset.gather([2, 4]).tolist() == [20, 40]


def test_a_subset_of_a_plain_list_is_collated() -> None:
    assert Subset([5, 6, 7], [2, 0]).gather([0, 1]).tolist() == [7, 5]


def test_concatenated_data_sets_count_through() -> None:
    parts = [ArrayDataset(np.arange(a, b)) for a, b in ((0, 3), (3, 3), (3, 4), (4, 9))]
    joined = ConcatDataset(parts)
    assert [joined[i] for i in range(9)] == list(range(9)) and [joined[i] for i in range(-9, 0)] == list(range(9))
    assert joined.cumulative_sizes == [3, 3, 4, 9]
    with pytest.raises(IndexError, match=r"ConcatDataset: index 9 is outside \[-9, 8\]"):
        joined[9]
    assert len(parts[0] + parts[3] + parts[2]) == 9


def test_items_are_ints_not_slices() -> None:
    with pytest.raises(TypeError):
        ArrayDataset(X)[1:3]
    assert ArrayDataset(X, Y)[np.int64(2)][1] == 20


def test_lists_become_arrays() -> None:
    dataset = ArrayDataset([[1, 2], [3, 4]], [0, 1])
    assert repr(dataset) == "ArrayDataset(x: int64 (2, 2), y: int64 (2,))"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: ArrayDataset(X, Y[:5]), ShapeError, "ArrayDataset: N is 7 in x but 5 in y\n  x (N, ...) = (7, 2, 3)"),
        (lambda: ArrayDataset(np.float64(3)), ShapeError, "ArrayDataset: x has no axes"),
        (
            lambda: TensorDataset(mg.zeros(3, 1), mg.zeros(3), mg.zeros(4)),
            ShapeError,
            "TensorDataset: N is 3 in tensor 0 but 4 in tensor 2",
        ),
        (lambda: TensorDataset(mg.zeros(())), ShapeError, "tensor 0 has no axes"),
        (TensorDataset, ArgumentError, "at least one tensor"),
        (lambda: TensorDataset(mg.zeros(2), X), ArgumentError, "argument 1 is ndarray, not Tensor\nHint: minigrad.f"),
        (lambda: ConcatDataset([]), ArgumentError, "at least one data set"),
    ],
)
def test_data_that_do_not_fit_are_refused(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        make()
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("lengths", "sizes"),
    [([3, 4], [3, 4]), ([0, 7], [0, 7]), ([0.5, 0.5], [4, 3]), ([1.0], [7]), ([0.9, 0.1], [7, 0]),
     ([0.1] * 10, [1] * 7 + [0] * 3)],
)  # fmt: skip
def test_a_split_deals_out_every_item_once(lengths: list[float], sizes: list[int]) -> None:
    parts = random_split(ArrayDataset(Y), lengths, generator=Generator(0))
    assert [len(part) for part in parts] == sizes
    assert sorted(part[i] for part in parts for i in range(len(part))) == Y.tolist()


def test_a_split_depends_on_its_seed() -> None:
    first, again, other = (random_split(range(100), [50, 50], generator=Generator(s))[0].indices for s in (1, 1, 2))
    assert first == again != other and first != list(range(50))


@pytest.mark.parametrize("lengths", [[3, 3], [8], [], [0.5, 0.6], [-1, 8], [3.5, 3.5], [np.nan, 1], [np.inf]])
def test_lengths_that_do_not_add_up_are_refused(lengths: list[float]) -> None:
    with pytest.raises(ArgumentError, match="random_split: lengths"):
        random_split(ArrayDataset(Y), lengths)


def test_base_classes_say_what_is_missing() -> None:
    with pytest.raises(NotImplementedError, match="Dataset must define __getitem__"):
        Dataset()[0]
    with pytest.raises(TypeError, match="Dataset must define __len__"):
        len(Dataset())
    with pytest.raises(NotImplementedError, match="IterableDataset must define __iter__"):
        iter(IterableDataset())
