"""One rise and one fall of the learning rate over the whole run, the momentum going the other way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypedDict

from ...errors import ArgumentError
from ..hyperparameters import DECAY, FRACTION, NON_NEGATIVE, check_count, check_number
from ..optimizer import Optimizer
from .base import LRScheduler, check_optimizer, per_group
from .cosine import half_cosine


class Phase(TypedDict):
    """A stretch of the run that ends at step `end_step`; the values at both its ends, named by keys of a group."""

    end_step: float
    start_lr: str
    end_lr: str
    start_momentum: str
    end_momentum: str


class OneCycleLR(LRScheduler):
    """Rise from a small learning rate to `max_lr`, fall to nearly nothing; step it once per batch.

    Update  initial_lr = max_lr / div_factor,   min_lr = initial_lr / final_div_factor
            initial_lr ↗ max_lr                 for the first pct_start of the steps
            max_lr ↘ min_lr                     for the rest; three_phase: ↘ initial_lr, as slowly as it rose, ↘ min_lr
            along half a cosine, or a line (anneal_strategy)
    Source  Smith and Topin, "Super-convergence: very fast training of neural networks using large learning rates",
            arXiv:1708.07120

    The momentum (β₁ of Adam and its kin) falls from `max_momentum` to `base_momentum` while the learning rate rises,
    and rises while it falls. The length is `total_steps`, or `epochs` · `steps_per_epoch`.
    """

    group_keys: ClassVar[tuple[str, ...]] = ("initial_lr", "max_lr", "min_lr")

    def __init__(
        self, optimizer: Optimizer, max_lr: float | Sequence[float], total_steps: int | None = None,
        epochs: int | None = None, steps_per_epoch: int | None = None, pct_start: float = 0.3,
        anneal_strategy: str = "cos", cycle_momentum: bool = True, base_momentum: float | Sequence[float] = 0.85,
        max_momentum: float | Sequence[float] = 0.95, div_factor: float = 25.0, final_div_factor: float = 1e4,
        three_phase: bool = False, last_epoch: int = -1,
    ) -> None:  # fmt: skip
        self.optimizer = check_optimizer("OneCycleLR", optimizer)
        self.total_steps = _length(total_steps, epochs, steps_per_epoch)
        self._schedule_phases = _phases(pct_start, self.total_steps, three_phase)
        if anneal_strategy not in ANNEALING:
            raise ArgumentError(f'OneCycleLR: anneal_strategy is {anneal_strategy!r}, it must be "cos" or "linear"')
        self._anneal_func_type = anneal_strategy
        self.cycle_momentum = cycle_momentum
        self.use_beta1 = "betas" in optimizer.defaults
        if cycle_momentum and not self.use_beta1 and "momentum" not in optimizer.defaults:
            raise ArgumentError(
                f"OneCycleLR: {optimizer.name} has neither momentum nor betas\nHint: pass cycle_momentum=False"
            )
        if last_epoch == -1:
            self._set("max_lr", max_lr)
            for group in optimizer.param_groups:
                group["initial_lr"] = group["max_lr"] / _divisor("div_factor", div_factor)
                group["min_lr"] = group["initial_lr"] / _divisor("final_div_factor", final_div_factor)
            if cycle_momentum:
                self._set("max_momentum", max_momentum)
                self._set("base_momentum", base_momentum)
        super().__init__(optimizer, last_epoch)

    def _set(self, name: str, value: float | Sequence[float]) -> None:
        interval = NON_NEGATIVE if name == "max_lr" else DECAY
        checked = [check_number("OneCycleLR", name, x, interval)
                   for x in per_group("OneCycleLR", name, self.optimizer, value)]  # fmt: skip
        for group, x in zip(self.optimizer.param_groups, checked, strict=True):
            group[name] = x

    def get_lr(self) -> list[float]:
        """Return the learning rate of each group at `last_epoch`, and set its momentum."""
        if self.last_epoch > self.total_steps:
            raise ArgumentError(
                f"OneCycleLR: step {self.last_epoch} is beyond total_steps, {self.total_steps}\n"
                "Hint: total_steps is the number of batches of the whole run, epochs · len(loader)"
            )
        phase, part = self._position()
        anneal = ANNEALING[self._anneal_func_type]
        for group in self.optimizer.param_groups if self.cycle_momentum else []:
            momentum = anneal(group[phase["start_momentum"]], group[phase["end_momentum"]], part)
            if self.use_beta1:
                group["betas"] = (momentum, *group["betas"][1:])
            else:
                group["momentum"] = momentum
        return [anneal(group[phase["start_lr"]], group[phase["end_lr"]], part) for group in self.optimizer.param_groups]

    def _position(self) -> tuple[Phase, float]:
        """Return the phase at `last_epoch`, and how much of it is over, from 0 to 1."""
        begin, phases = 0.0, self._schedule_phases
        for phase in phases:
            end = phase["end_step"]
            if self.last_epoch <= end or phase is phases[-1]:
                return phase, min((self.last_epoch - begin) / (end - begin), 1.0) if end > begin else 1.0
            begin = end
        raise AssertionError("a schedule has at least one phase")


def _line(start: float, end: float, part: float) -> float:
    return start + (end - start) * part


ANNEALING: dict[str, Callable[[float, float, float], float]] = {"cos": half_cosine, "linear": _line}


def _phases(pct_start: float, total_steps: int, three_phase: bool) -> list[Phase]:
    pct_start = check_number("OneCycleLR", "pct_start", pct_start, FRACTION)
    peak, end = pct_start * total_steps - 1, total_steps - 1
    rise = Phase(end_step=peak, start_lr="initial_lr", end_lr="max_lr",
                 start_momentum="max_momentum", end_momentum="base_momentum")  # fmt: skip
    if not three_phase:
        return [rise, Phase(end_step=end, start_lr="max_lr", end_lr="min_lr",
                            start_momentum="base_momentum", end_momentum="max_momentum")]  # fmt: skip
    return [
        rise,
        Phase(end_step=2 * peak, start_lr="max_lr", end_lr="initial_lr",
              start_momentum="base_momentum", end_momentum="max_momentum"),
        Phase(end_step=end, start_lr="initial_lr", end_lr="min_lr",
              start_momentum="max_momentum", end_momentum="max_momentum"),
    ]  # fmt: skip


def _length(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    if total_steps is not None:
        return check_count("OneCycleLR", "total_steps", total_steps)
    if epochs is None or steps_per_epoch is None:
        raise ArgumentError("OneCycleLR: give total_steps, or both epochs and steps_per_epoch")
    return check_count("OneCycleLR", "epochs", epochs) * check_count("OneCycleLR", "steps_per_epoch", steps_per_epoch)


def _divisor(name: str, value: Any) -> float:
    divisor = check_number("OneCycleLR", name, value, NON_NEGATIVE)
    if divisor == 0:
        raise ArgumentError(f"OneCycleLR: {name} is {value!r}, it must be a number in (0, ∞)")
    return divisor
