"""Schedules that fall in steps, by a constant factor, along a line or a power; and warming up.

η₀ is the first learning rate of a group, ηₜ the one at epoch t.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import FunctionType
from typing import Any

from ...errors import ArgumentError
from ..hyperparameters import FRACTION, NON_NEGATIVE, check_count, check_number
from ..optimizer import Optimizer
from .base import ClosedFormLR, LRScheduler, per_group


class StepLR(ClosedFormLR):
    """Multiply by `gamma` every `step_size` epochs.

    Update  ηₜ = η₀ γ^⌊t/s⌋
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size = check_count("StepLR", "step_size", step_size)
        self.gamma = check_number("StepLR", "gamma", gamma, NON_NEGATIVE)
        super().__init__(optimizer, last_epoch)

    def lr_at(self, base_lr: float, t: int) -> float:
        """Return ηₜ."""
        return float(base_lr * self.gamma ** (t // self.step_size))


class MultiStepLR(ClosedFormLR):
    """Multiply by `gamma` at each of `milestones`.

    Update  ηₜ = η₀ γ^n,   n = number of milestones <= t
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = Counter(check_count("MultiStepLR", "a milestone", m, 0) for m in milestones)
        self.gamma = check_number("MultiStepLR", "gamma", gamma, NON_NEGATIVE)
        super().__init__(optimizer, last_epoch)

    def lr_at(self, base_lr: float, t: int) -> float:
        """Return ηₜ."""
        return float(base_lr * self.gamma ** sum(n for m, n in self.milestones.items() if m <= t))


class ConstantLR(ClosedFormLR):
    """Multiply by `factor` for the first `total_iters` epochs.

    Update  ηₜ = η₀ · factor for t < total_iters, then η₀
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        self.factor = check_number("ConstantLR", "factor", factor, FRACTION)
        self.total_iters = check_count("ConstantLR", "total_iters", total_iters, 0)
        super().__init__(optimizer, last_epoch)

    def lr_at(self, base_lr: float, t: int) -> float:
        """Return ηₜ."""
        return base_lr * self.factor if t < self.total_iters else base_lr


class LinearLR(ClosedFormLR):
    """Go along a line, from η₀ · start_factor to η₀ · end_factor: a warm-up by default.

    Update  ηₜ = η₀ (a + (b - a) min(t, n) / n),   a: start_factor, b: end_factor, n: total_iters
    """

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1.0 / 3, end_factor: float = 1.0, total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        self.start_factor = check_number("LinearLR", "start_factor", start_factor, FRACTION)
        if self.start_factor == 0:
            raise ArgumentError("LinearLR: start_factor is 0, it must be a number in (0, 1]")
        self.end_factor = check_number("LinearLR", "end_factor", end_factor, FRACTION)
        self.total_iters = check_count("LinearLR", "total_iters", total_iters)
        super().__init__(optimizer, last_epoch)

    def lr_at(self, base_lr: float, t: int) -> float:
        """Return ηₜ."""
        way = min(t, self.total_iters) / self.total_iters
        return base_lr * (self.start_factor + (self.end_factor - self.start_factor) * way)


class ExponentialLR(ClosedFormLR):
    """Multiply by `gamma` every epoch.

    Update  ηₜ = η₀ γᵗ
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = check_number("ExponentialLR", "gamma", gamma, NON_NEGATIVE)
        super().__init__(optimizer, last_epoch)

    def lr_at(self, base_lr: float, t: int) -> float:
        """Return ηₜ."""
        return float(base_lr * self.gamma**t)


class PolynomialLR(ClosedFormLR):
    """Fall to 0 along a power of the time left.

    Update  ηₜ = η₀ (1 - min(t, n) / n)^power,   n: total_iters
    """

    def __init__(
        self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1
    ) -> None:
        self.total_iters = check_count("PolynomialLR", "total_iters", total_iters)
        self.power = check_number("PolynomialLR", "power", power, NON_NEGATIVE)
        super().__init__(optimizer, last_epoch)

    def lr_at(self, base_lr: float, t: int) -> float:
        """Return ηₜ."""
        return float(base_lr * (1 - min(t, self.total_iters) / self.total_iters) ** self.power)


class LambdaLR(LRScheduler):
    """Multiply the first learning rate by a function of the epoch, one for all groups or one for each.

    Update  ηₜ = η₀ λ(t)

    A function is not part of the state; an object with `__call__` is, by its attributes.
    """

    def __init__(
        self, optimizer: Optimizer, lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        self.lr_lambdas: list[Callable[[int], float]] = per_group("LambdaLR", "lr_lambda", optimizer, lr_lambda)
        for function in self.lr_lambdas:
            if not callable(function):
                raise ArgumentError(f"LambdaLR: lr_lambda is of type {type(function).__name__}, it must be a function")
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return ηₜ of each group."""
        return [base_lr * function(self.last_epoch)
                for base_lr, function in zip(self.base_lrs, self.lr_lambdas, strict=True)]  # fmt: skip

    def state_dict(self) -> dict[str, Any]:
        """Return where the schedule stands; of the functions only what is not code."""
        remembered = [None if isinstance(function, FunctionType) else dict(vars(function))
                      for function in self.lr_lambdas]  # fmt: skip
        return {**super().state_dict(), "lr_lambdas": remembered}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from a state."""
        given = self._fitting(state_dict)
        for function, remembered in zip(self.lr_lambdas, given.pop("lr_lambdas"), strict=True):
            if remembered is not None:
                vars(function).update(remembered)
        self.__dict__.update(given)
