from __future__ import annotations

import gc
import json
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.data.dataloader import DataLoader
from minigrad.data.dataset import ArrayDataset, Dataset, IterableDataset, TensorDataset, random_split
from minigrad.data.sampler import BatchSampler, RandomSampler, SubsetRandomSampler
from minigrad.data.stream import stream_for
from minigrad.data.transforms import Compose, RandomCrop, RandomHorizontalFlip, ToFloat
from minigrad.errors import ArgumentError, ShapeError, StateError
from minigrad.random import Generator, get_rng_state, set_rng_state

IMAGES = np.random.default_rng(0).integers(0, 256, (23, 1, 5, 5), dtype=np.uint8)
NUMBERS = ArrayDataset(np.arange(23))


class OneByOne(Dataset[tuple[np.ndarray, int]]):
    """Items that are made one at a time, at random."""

    def __init__(self) -> None:
        self.transform = RandomCrop(4, padding=1)

    def __getitem__(self, index: int) -> tuple[np.ndarray, int]:
        return self.transform(IMAGES[index]), index

    def __len__(self) -> int:
        return len(IMAGES)


class Stream(IterableDataset[np.ndarray]):
    """Random images in a fixed order."""

    def __iter__(self) -> Iterator[np.ndarray]:
        return map(RandomCrop(4, padding=1), IMAGES)


def augmented() -> ArrayDataset:
    return ArrayDataset(IMAGES, np.arange(23), transform=Compose([ToFloat(), RandomCrop(4), RandomHorizontalFlip()]))


def plain(batch: Any) -> Any:
    return [plain(part) for part in batch] if isinstance(batch, list) else batch.tolist()


def batches(loader: DataLoader) -> list[Any]:
    return [plain(batch) for batch in loader]


MAKERS: dict[str, Callable[..., DataLoader]] = {
    "shuffled": lambda **k: DataLoader(augmented(), 4, shuffle=True, generator=Generator(1), **k),
    "in order": lambda **k: DataLoader(augmented(), 4, generator=Generator(1), **k),
    "drop last": lambda **k: DataLoader(augmented(), 4, shuffle=True, drop_last=True, generator=Generator(1), **k),
    "one by one": lambda **k: DataLoader(OneByOne(), 4, shuffle=True, generator=Generator(1), **k),
    "stream": lambda **k: DataLoader(Stream(), 4, generator=Generator(1), **k),
    "own collate": lambda **k: DataLoader(
        augmented(), 4, shuffle=True, generator=Generator(1), collate_fn=lambda items: mg.tensor([y for _, y in items]),
        **k
    ),
    "own sampler": lambda **k: DataLoader(
        augmented(), 4, sampler=RandomSampler(range(23), generator=Generator(8)), generator=Generator(1), **k
    ),
    "shared generator": lambda **k: shared(Generator(1), **k),
    "own batch sampler": lambda **k: DataLoader(
        augmented(),
        batch_sampler=BatchSampler(SubsetRandomSampler(range(3, 20), Generator(8)), 4),
        generator=Generator(1),
        **k,
    ),
    "seedless sampler": lambda **k: DataLoader(
        augmented(), 4, sampler=RandomSampler(range(23)), generator=Generator(1), **k
    ),
}  # fmt: skip


def shared(generator: Generator, **options: Any) -> DataLoader:
    sampler = RandomSampler(range(23), generator=generator)
    return DataLoader(augmented(), 4, sampler=sampler, generator=generator, **options)


def test_every_item_comes_once_an_epoch_in_a_new_order() -> None:
    loader = DataLoader(NUMBERS, batch_size=4, shuffle=True, generator=Generator(0))
    first, second = batches(loader), batches(loader)
    assert [len(batch) for batch in first] == [4, 4, 4, 4, 4, 3] and len(loader) == 6
    orders = [[i for batch in epoch for i in batch] for epoch in (first, second)]
    assert all(sorted(order) == list(range(23)) != order for order in orders) and orders[0] != orders[1]


def test_random_choices_differ_from_batch_to_batch_and_from_epoch_to_epoch() -> None:
    loader = DataLoader(range(4), collate_fn=lambda _: int(stream_for(None).bits(1)[0]), generator=Generator(0))
    assert len({drawn for _ in range(2) for drawn in loader}) == 8


def test_without_shuffling_the_order_is_that_of_the_data() -> None:
    assert batches(DataLoader(NUMBERS, 10, drop_last=True)) == [list(range(10)), list(range(10, 20))]
    assert len(DataLoader(NUMBERS, 10, drop_last=True)) == 2
    assert batches(DataLoader(NUMBERS)) == [[i] for i in range(23)]


@pytest.mark.parametrize("name", MAKERS)
def test_a_seed_decides_everything_whoever_makes_the_batches(name: str) -> None:
    make = MAKERS[name]
    loader = make()
    expected = [batches(loader), batches(loader)]
    assert expected[0] != expected[1] or name == "own collate"
    for options in ({}, {"num_workers": 1}, {"num_workers": 3, "prefetch_factor": 1}):
        other = make(**options)
        assert [batches(other), batches(other)] == expected


def test_the_default_generator_decides_where_there_is_no_other() -> None:
    def run(seed: int, **options: Any) -> list[Any]:
        mg.manual_seed(seed)
        return batches(DataLoader(augmented(), 4, shuffle=True, **options))

    assert run(0) == run(0) == run(0, num_workers=2) != run(1)


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("workers", [0, 2])
def test_a_run_resumed_in_the_middle_of_an_epoch_goes_on_bit_for_bit(name: str, workers: int) -> None:
    make = MAKERS[name]
    whole = make(num_workers=workers)
    batches(whole)
    second, third = batches(whole), batches(whole)
    for stop in range(len(second) + 1):
        interrupted = make(num_workers=workers)
        batches(interrupted)
        iterator = iter(interrupted)
        received = [plain(next(iterator)) for _ in range(stop)]
        state = json.loads(json.dumps(interrupted.state_dict()))
        resumed = make(num_workers=workers)
        resumed.load_state_dict(state)
        assert resumed.state_dict() == state
        assert received + batches(resumed) == second
        assert batches(resumed) == third


def test_a_state_between_two_epochs_starts_the_next() -> None:
    for make in MAKERS.values():
        loader, resumed = make(), make()
        batches(loader)
        resumed.load_state_dict(loader.state_dict())
        assert batches(resumed) == batches(loader)


def test_with_the_default_generator_its_state_must_be_saved_too() -> None:
    mg.manual_seed(3)
    loader = DataLoader(augmented(), 4, shuffle=True, num_workers=1)
    iterator = iter(loader)
    next(iterator)
    state, rng = loader.state_dict(), get_rng_state()
    rest, after = [plain(batch) for batch in iterator], batches(loader)
    mg.manual_seed(99)
    resumed = DataLoader(augmented(), 4, shuffle=True, num_workers=1)
    resumed.load_state_dict(state)
    set_rng_state(rng)
    assert batches(resumed) == rest and batches(resumed) == after


def test_the_state_counts_what_was_received_not_what_was_made() -> None:
    loader = DataLoader(NUMBERS, 2, num_workers=5)
    iterator = iter(loader)
    assert [loader.state_dict()["position"] for _ in zip(range(3), iterator, strict=False)] == [1, 2, 3]


def test_an_abandoned_epoch_is_followed_by_a_new_one() -> None:
    loader, other = (DataLoader(NUMBERS, 4, shuffle=True, generator=Generator(0)) for _ in range(2))
    next(iter(loader))
    batches(other)
    assert batches(loader) == batches(other)


def test_a_resumed_epoch_that_is_abandoned_is_not_resumed_again() -> None:
    loader, resumed = (DataLoader(NUMBERS, 4, shuffle=True, generator=Generator(0)) for _ in range(2))
    next(iter(loader))
    resumed.load_state_dict(loader.state_dict())
    next(iter(resumed))
    assert batches(resumed) == batches(loader)


def test_two_loops_at_once_do_not_disturb_each_other() -> None:
    loader = DataLoader(NUMBERS, 4, generator=Generator(0))
    assert all(plain(a) == plain(b) for a, b in zip(loader, loader, strict=True))


def change(**entries: Any) -> dict[str, Any]:
    return {**DataLoader(NUMBERS, 4, generator=Generator(0)).state_dict(), **entries}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({}, "the state has the keys [], expected ['batch_size', 'generator'"),
        (change(length=60_000), "length is 23 here but 60000 in the state"),
        (change(batch_size=8), "batch_size is 4 here but 8 in the state"),
        (change(generator=None), "the state is of a loader without a generator state, this one is with a generator"),
        (change(sampler=[0, 0]), "the state is of a loader with a sampler state"),
        (change(generator=[1]), "generator must be [seed, position], got [1]"),
        (change(generator=[1, "x"]), "generator must be a whole number, got 'x'"),
        (change(seed=-1), "seed must be a whole number, got -1"),
        (change(seed=3, position=1.5), "position must be a whole number, got 1.5"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(state: dict[str, Any], message: str) -> None:
    loader = DataLoader(NUMBERS, 4, generator=Generator(0))
    before = loader.state_dict()
    with pytest.raises(StateError) as caught:
        loader.load_state_dict(state)
    assert message in str(caught.value)
    assert loader.state_dict() == before


def test_leaving_the_loop_early_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    for _ in DataLoader(NUMBERS, num_workers=2):
        break
    gc.collect()
    assert threading.active_count() == before


@pytest.mark.parametrize("workers", [0, 1])
def test_an_error_in_the_data_set_is_raised_with_its_own_traceback(workers: int) -> None:
    class Broken(ArrayDataset):
        def __getitem__(self, index: int) -> Any:
            if index == 5:
                raise RuntimeError("item 5 is unreadable")
            return self.x[index]

    received = []
    with pytest.raises(RuntimeError, match="item 5 is unreadable") as caught:
        for batch in DataLoader(Broken(np.arange(9)), 2, num_workers=workers):
            received.append(plain(batch))
    assert received == [[0, 1], [2, 3]]
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert frames[-1].name == "__getitem__" and frames[-1].filename == __file__


def test_ragged_items_are_named() -> None:
    with pytest.raises(ShapeError, match=r"item 0 has shape \(1,\) but item 1 has \(2,\)"):
        batches(DataLoader([np.zeros(1), np.zeros(2)], 2))


def test_arrays_are_gathered_without_touching_items(monkeypatch: pytest.MonkeyPatch) -> None:
    x = mg.from_numpy(IMAGES)
    part = random_split(TensorDataset(x, mg.from_numpy(np.arange(23))), [20, 3], generator=Generator(0))[0]
    monkeypatch.setattr(mg.Tensor, "__iter__", None)
    for images, numbers in DataLoader(part, 6, shuffle=True):
        np.testing.assert_array_equal(images.numpy(), IMAGES[numbers.numpy()])


def test_plain_sequences_are_data_sets() -> None:
    assert batches(DataLoader([1, 2, 3], 2)) == [[1, 2], [3]]


def test_a_stream_is_cut_into_batches() -> None:
    class Count(IterableDataset[int]):
        def __iter__(self) -> Iterator[int]:
            return iter(range(7))

    assert batches(DataLoader(Count(), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert batches(DataLoader(Count(), 3, drop_last=True, num_workers=1)) == [[0, 1, 2], [3, 4, 5]]
    with pytest.raises(TypeError, match="Count must define __len__"):
        len(DataLoader(Count(), 3))


def test_no_data_give_no_batches() -> None:
    for shuffle in (False, True):
        loader = DataLoader(ArrayDataset(np.zeros((0, 3))), 4, shuffle=shuffle, num_workers=1)
        assert batches(loader) == [] and len(loader) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size must be a positive integer, got 0"),
        ({"batch_size": None}, "batch_size must be a positive integer, got None"),
        ({"num_workers": -1}, "needs num_workers >= 0 and prefetch_factor >= 1, got -1 and 2"),
        ({"prefetch_factor": 0}, "got 0 and 0"),
        ({"sampler": [1], "shuffle": True}, "sampler and shuffle=True both choose the order"),
        ({"batch_sampler": [[1]], "batch_size": 2}, "batch_sampler already decides"),
        ({"batch_sampler": [[1]], "drop_last": True}, "batch_sampler already decides"),
        ({"dataset": Stream(), "shuffle": True}, "an IterableDataset has an order of its own"),
        ({"dataset": Stream(), "sampler": [1]}, "an IterableDataset has an order of its own"),
    ],
)
def test_contradictory_arguments_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        DataLoader(**{"dataset": NUMBERS, **options})
    assert message in str(caught.value)
