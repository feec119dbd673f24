"""Learning rates that change during training. Call `step()` after the optimizer's, once per batch or per epoch."""

from __future__ import annotations

import math
from typing import Any

from ..errors import ArgumentError, StateError
from .optimizer import Optimizer


class LRScheduler:
    """A learning rate as a function of the number of steps taken: a subclass defines `rate(base, t)`."""

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = optimizer
        self.base_lrs = [group["lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self.step()

    def rate(self, base: float, t: int) -> float:
        """Return the learning rate after `t` steps, of a group that began with `base`."""
        raise NotImplementedError(f"{type(self).__name__} must define rate")

    def step(self) -> None:
        """Go one step on and set the learning rates."""
        self.last_epoch += 1
        for base, group in zip(self.base_lrs, self.optimizer.param_groups, strict=True):
            group["lr"] = self.rate(base, self.last_epoch)

    def get_last_lr(self) -> list[float]:
        """Return the learning rates now, one per group."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Return where the schedule stands."""
        return {"last_epoch": self.last_epoch, "base_lrs": list(self.base_lrs)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from there; the optimizer's state holds the learning rates themselves."""
        if len(state_dict["base_lrs"]) != len(self.base_lrs):
            raise StateError(f"{type(self).__name__}: the state is of {len(state_dict['base_lrs'])} groups")
        self.last_epoch, self.base_lrs = int(state_dict["last_epoch"]), list(state_dict["base_lrs"])


class StepLR(LRScheduler):
    """Multiply by `gamma` every `step_size` steps."""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        if step_size < 1:
            raise ArgumentError(f"StepLR: step_size must be at least 1, got {step_size}")
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, t: int) -> float:
        """Return base · gamma^⌊t / step_size⌋."""
        return float(base * self.gamma ** (t // self.step_size))


class ExponentialLR(LRScheduler):
    """Multiply by `gamma` every step."""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, t: int) -> float:
        """Return base · gamma^t."""
        return float(base * self.gamma**t)


class CosineAnnealingLR(LRScheduler):
    """Fall from the first rate to `eta_min` along half a cosine of `T_max` steps.

    Source  Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        if T_max < 1:
            raise ArgumentError(f"CosineAnnealingLR: T_max must be at least 1, got {T_max}")
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, t: int) -> float:
        """Return η_min + (base - η_min) (1 + cos(π t / T)) / 2."""
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * t / self.T_max)) / 2


class OneCycleLR(LRScheduler):
    """Rise to `max_lr` along half a cosine, then fall far below the start along another.

    The start is max_lr / div_factor, the end that / final_div_factor, and `pct_start` the part of the steps that rise.

    Source  Smith and Topin, "Super-convergence", 2018
    """

    def __init__(
        self, optimizer: Optimizer, max_lr: float, total_steps: int, pct_start: float = 0.3, div_factor: float = 25.0,
        final_div_factor: float = 1e4, last_epoch: int = -1,
    ) -> None:  # fmt: skip
        if total_steps < 1 or not 0 <= pct_start <= 1:
            raise ArgumentError(
                f"OneCycleLR: needs total_steps >= 1 and pct_start in [0, 1], got {total_steps} and {pct_start}"
            )
        self.max_lr, self.total_steps = max_lr, total_steps
        self.first, self.last = max_lr / div_factor, max_lr / div_factor / final_div_factor
        self.peak = pct_start * total_steps - 1
        super().__init__(optimizer, last_epoch)

    def rate(self, base: float, t: int) -> float:
        """Return the rate of the rise or of the fall; after the last step it stays."""
        if t <= self.peak:
            return _cosine(self.first, self.max_lr, t / self.peak if self.peak else 1.0)
        fall = max(self.total_steps - 1 - self.peak, 1e-9)
        return _cosine(self.max_lr, self.last, min((t - self.peak) / fall, 1.0))


def _cosine(start: float, end: float, part: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2
