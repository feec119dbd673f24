"""Batches of a data set: shuffled by a seed, made ahead in the background, resumable in the middle of an epoch.

An epoch is a function of one number, its seed:

    order of the items         stream 0 of the seed
    random choices in batch k  stream k of the seed, k = 1, 2, ...

So batches do not depend on `num_workers`, and (seed, number of batches delivered) is all that a checkpoint needs.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from collections.abc import Generator as Stepwise
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from ..errors import ArgumentError, StateError
from ..random import Generator, RngState
from .collate import default_collate
from .dataset import Dataset, IterableDataset
from .prefetch import prefetch
from .sampler import BatchSampler, RandomSampler, SequentialSampler
from .stream import drawing_from, stream_for, substream

State: TypeAlias = "dict[str, Any]"


@dataclass
class _Epoch:
    """A pass over the data: what it started from, and how many batches the loop has received."""

    seed: int
    position: int
    generator: RngState | None
    sampler: RngState | None


class DataLoader:
    """Iterate over a data set in batches.

    `generator` gives every epoch its seed; None means the default generator. `sampler` or `batch_sampler` replace
    the order that `shuffle` chooses. Any `num_workers` above 0 makes batches in one background thread, up to
    `num_workers * prefetch_factor` ahead. Without a `collate_fn`, data sets that hold arrays give a whole batch
    with one fancy index.

    >>> import numpy as np
    >>> from minigrad.data import ArrayDataset
    >>> loader = DataLoader(ArrayDataset(np.arange(5)), batch_size=2, shuffle=True, generator=Generator(1))
    >>> [batch.tolist() for batch in loader]
    [[0, 3], [4, 1], [2]]
    """

    def __init__(
        self,
        dataset: Dataset[Any] | Sequence[Any],
        batch_size: int = 1,
        shuffle: bool = False,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Sequence[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        *,
        drop_last: bool = False,
        generator: Generator | None = None,
        prefetch_factor: int = 2,
    ) -> None:
        _check_arguments(isinstance(dataset, IterableDataset), batch_size, shuffle, sampler, batch_sampler, drop_last)
        if num_workers < 0 or prefetch_factor < 1:
            raise ArgumentError(
                f"DataLoader: needs num_workers >= 0 and prefetch_factor >= 1, got {num_workers} and {prefetch_factor}"
            )
        self.dataset = dataset
        self.batch_size = batch_size if batch_sampler is None else None
        self.num_workers = num_workers
        self.prefetch_factor = prefetch_factor
        self.collate_fn = collate_fn
        self.drop_last = drop_last
        self.generator = generator
        if isinstance(dataset, IterableDataset):
            sampler = dataset  # its items take the place of their numbers
        elif sampler is None:
            sampler = RandomSampler(dataset) if shuffle else SequentialSampler(dataset)
        self.sampler: Iterable[Any] = sampler
        self.batch_sampler = BatchSampler(sampler, batch_size, drop_last) if batch_sampler is None else batch_sampler
        self._epoch: _Epoch | None = None
        self._resumed = False

    def __len__(self) -> int:
        return len(cast(Sized, self.batch_sampler))

    def __iter__(self) -> Iterator[Any]:
        if self._resumed and self._epoch is not None:
            epoch = self._epoch
        else:
            epoch = self._epoch = self._new_epoch()
        self._resumed = False
        return self._deliver(epoch)

    def state_dict(self) -> State:
        """Return where the loader stands, as numbers that JSON can hold.

        In the middle of an epoch it counts the batches that the loop has received, not those made ahead. A loader
        without a generator of its own also depends on the default generator: save `minigrad.get_rng_state()` too.
        """
        epoch = self._epoch
        generator = _state_of(self.generator) if epoch is None else epoch.generator
        sampler = _state_of(self._sampler_generator()) if epoch is None else epoch.sampler
        return {
            "seed": None if epoch is None else epoch.seed,
            "position": 0 if epoch is None else epoch.position,
            "generator": None if generator is None else list(generator),
            "sampler": None if sampler is None else list(sampler),
            "length": len(self.dataset) if _has_length(self.dataset) else None,
            "batch_size": self.batch_size,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken: the next loop gives the batches that the interrupted one still owed.

        Raises    StateError if the state is not one, or is of a loader with other data or another batch size
        """
        here = self.state_dict()
        if set(state) != set(here):
            raise StateError(f"DataLoader: the state has the keys {sorted(state)}, expected {sorted(here)}")
        for key in ("length", "batch_size"):
            if state[key] != here[key]:
                raise StateError(f"DataLoader: {key} is {here[key]} here but {state[key]} in the state")
        for key in ("generator", "sampler"):
            if (state[key] is None) != (here[key] is None):
                raise StateError(
                    f"DataLoader: the state is of a loader {_with(key, state)}, this one is {_with(key, here)}\n"
                    "Hint: build the loader with the same generator and sampler arguments"
                )
        generator, sampler = _rng_state("generator", state), _rng_state("sampler", state)
        seed, position = state["seed"], _whole("position", state["position"])
        self._epoch = None if seed is None else _Epoch(_whole("seed", seed), position, generator, sampler)
        self._resumed = self._epoch is not None
        if self.generator is not None and generator is not None:
            self.generator.set_state(generator)
        if sampler is not None and (own := self._sampler_generator()) is not None:
            own.set_state(sampler)

    def _new_epoch(self) -> _Epoch:
        seed = int(stream_for(self.generator).bits(1)[0])
        return _Epoch(seed, 0, _state_of(self.generator), _state_of(self._sampler_generator()))

    def _deliver(self, epoch: _Epoch) -> Iterator[Any]:
        """Yield the batches that the epoch still owes, counting them."""
        batches = self._batches(epoch.seed, epoch.position)
        if self.num_workers:
            batches = prefetch(batches, self.num_workers * self.prefetch_factor)
        with closing(batches):
            for batch in batches:
                epoch.position += 1
                yield batch
        if self._epoch is epoch:
            self._epoch = None

    def _batches(self, seed: int, done: int) -> Stepwise[Any, None, None]:
        """Make the batches of the epoch `seed` after the first `done`; the order is drawn from its start."""
        order = substream(seed, 0)
        with drawing_from(order):
            chosen = iter(self.batch_sampler)
        for number in itertools.count(1):
            with drawing_from(order):
                indices = next(chosen, None)
            if indices is None:
                return
            if number > done:
                with drawing_from(substream(seed, number)):
                    batch = self._fetch(indices)
                yield batch

    def _fetch(self, indices: Sequence[Any]) -> Any:
        if isinstance(self.dataset, IterableDataset):
            return (self.collate_fn or default_collate)(list(indices))  # these are the items themselves
        if self.collate_fn is None and isinstance(self.dataset, Dataset):
            return self.dataset.gather(indices)
        return (self.collate_fn or default_collate)([self.dataset[i] for i in indices])

    def _sampler_generator(self) -> Generator | None:
        """Return the generator that the order comes from, if the user's sampler has one of its own."""
        for sampler in (self.batch_sampler, getattr(self.batch_sampler, "sampler", None)):
            generator = getattr(sampler, "generator", None)
            if isinstance(generator, Generator):
                return generator
        return None


def _check_arguments(
    iterable: bool,
    batch_size: int,
    shuffle: bool,
    sampler: Iterable[Any] | None,
    batch_sampler: Iterable[Sequence[Any]] | None,
    drop_last: bool,
) -> None:
    """Refuse arguments that contradict each other."""
    if iterable and (shuffle or sampler is not None or batch_sampler is not None):
        raise ArgumentError(
            "DataLoader: an IterableDataset has an order of its own, it takes no shuffle, sampler or batch_sampler\n"
            "Hint: shuffle inside the data set"
        )
    if sampler is not None and shuffle:
        raise ArgumentError("DataLoader: sampler and shuffle=True both choose the order\nHint: give one of them")
    if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
        raise ArgumentError(
            "DataLoader: batch_sampler already decides what batch_size, shuffle, sampler and drop_last say\n"
            "Hint: give them to the BatchSampler"
        )


def _has_length(dataset: object) -> bool:
    try:
        len(cast(Sized, dataset))
    except (TypeError, NotImplementedError):
        return False
    return True


def _state_of(generator: Generator | None) -> RngState | None:
    return None if generator is None else generator.get_state()


def _with(key: str, state: Mapping[str, Any]) -> str:
    return f"without a {key} state" if state[key] is None else f"with a {key} state"


def _whole(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise StateError(f"DataLoader: {key} must be a whole number, got {value!r}")
    return value


def _rng_state(key: str, state: Mapping[str, Any]) -> RngState | None:
    value = state[key]
    if value is None:
        return None
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise StateError(f"DataLoader: {key} must be [seed, position], got {value!r}")
    return RngState(_whole(key, value[0]), _whole(key, value[1]))
