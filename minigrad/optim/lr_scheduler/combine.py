"""Schedules made of schedules: one after the other, or all at once."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from ...errors import ArgumentError, StateError
from ..hyperparameters import check_count
from ..optimizer import Optimizer
from .base import LRScheduler
from .plateau import ReduceLROnPlateau


class _Combination(LRScheduler):
    """What both share: the schedules inside, and their states."""

    _schedulers: list[LRScheduler]

    def _adopt(self, optimizer: Optimizer | None, schedulers: Sequence[LRScheduler]) -> Optimizer:
        name = type(self).__name__
        if not schedulers:
            raise ArgumentError(f"{name}: schedulers is empty, it needs at least one")
        for i, scheduler in enumerate(schedulers):
            which = f"{name}: schedulers[{i}], of type {type(scheduler).__name__},"
            if not isinstance(scheduler, LRScheduler):
                raise ArgumentError(f"{which} is not a schedule")
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ArgumentError(f"{which} cannot step without a metric\nHint: step it yourself, after this one")
            if scheduler.optimizer is not (optimizer or schedulers[0].optimizer):
                raise ArgumentError(f"{which} is of another optimizer")
        self._schedulers = list(schedulers)
        return optimizer or schedulers[0].optimizer

    def state_dict(self) -> dict[str, Any]:
        """Return where the schedules stand."""
        return {**super().state_dict(), "_schedulers": [scheduler.state_dict() for scheduler in self._schedulers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from a state of the same combination."""
        given = self._fitting(state_dict)
        states = given.pop("_schedulers")
        if len(states) != len(self._schedulers):
            raise StateError(
                f"{type(self).__name__}: the state is of {len(states)} schedules, this one has {len(self._schedulers)}"
            )
        for scheduler, state in zip(self._schedulers, states, strict=True):
            scheduler.load_state_dict(state)
        self.__dict__.update(given)


class SequentialLR(_Combination):
    """Follow one schedule after the other: `milestones` are the epochs at which the next one takes over.

    Update  ηₜ = ηₛ of schedule i,   milestoneᵢ <= t < milestoneᵢ₊₁,  s = t - milestoneᵢ
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int], last_epoch: int = -1
    ) -> None:
        self._adopt(optimizer, schedulers)
        self._milestones = [check_count("SequentialLR", f"milestones[{i}]", m) for i, m in enumerate(milestones)]
        if len(milestones) != len(schedulers) - 1:
            raise ArgumentError(
                f"SequentialLR: {len(milestones)} milestones for {len(schedulers)} schedules, there must be one less"
            )
        if any(earlier >= later for earlier, later in pairwise(self._milestones)):
            raise ArgumentError(f"SequentialLR: milestones is {self._milestones}, it must rise")
        self.optimizer, self.last_epoch = optimizer, last_epoch
        self._jump(last_epoch + 1)

    def _current(self) -> tuple[LRScheduler, int]:
        """Return the schedule at `last_epoch`, and the epoch at which it took over."""
        i = bisect_right(self._milestones, self.last_epoch)
        return self._schedulers[i], self._milestones[i - 1] if i else 0

    def _advance(self) -> None:
        self.last_epoch += 1
        scheduler, begin = self._current()
        if self.last_epoch == begin:
            scheduler._jump(0)
        else:
            scheduler._advance()
        self._note_lrs()

    def _enter(self, epoch: float) -> None:
        self.last_epoch = math.floor(epoch)
        scheduler, begin = self._current()
        scheduler._enter(epoch - begin)
        self._note_lrs()

    def _jump(self, epoch: float) -> None:
        self.last_epoch = math.floor(epoch)
        scheduler, begin = self._current()
        scheduler._jump(epoch - begin)
        self._note_lrs()


class ChainedScheduler(_Combination):
    """Follow several schedules at once; those given by a formula multiply."""

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        self.optimizer = self._adopt(optimizer, schedulers)
        self._note_lrs()

    def _advance(self) -> None:
        for scheduler in self._schedulers:
            scheduler._advance()
        self._note_lrs()

    def _enter(self, epoch: float) -> None:
        for scheduler in self._schedulers:
            scheduler._enter(epoch)
        self._note_lrs()

    def _jump(self, epoch: float) -> None:
        self._schedulers[0]._jump(epoch)
        for scheduler in self._schedulers[1:]:
            scheduler._enter(epoch)
        self._note_lrs()
