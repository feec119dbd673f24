"""Falling along half a cosine, once or again and again.

Source  Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", arXiv:1608.03983, equation 5
"""

from __future__ import annotations

import math

from ..hyperparameters import NON_NEGATIVE, check_count, check_number
from ..optimizer import Optimizer
from .base import ClosedFormLR, LRScheduler


def half_cosine(start: float, end: float, part: float) -> float:
    """Return the value at `part`, from 0 to 1, of the way from `start` to `end` along half a cosine."""
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2


class CosineAnnealingLR(ClosedFormLR):
    """Fall from the first learning rate to `eta_min` in `T_max` epochs; then rise again.

    Update  ηₜ = η_min + (η₀ - η_min) (1 + cos(π t / T)) / 2,   T: T_max
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = check_count("CosineAnnealingLR", "T_max", T_max)
        self.eta_min = check_number("CosineAnnealingLR", "eta_min", eta_min, NON_NEGATIVE)
        super().__init__(optimizer, last_epoch)

    @property
    def floor(self) -> float:
        """The learning rate from which factors are measured."""
        return self.eta_min

    def lr_at(self, base_lr: float, t: int) -> float:
        """Return ηₜ."""
        return half_cosine(base_lr, self.eta_min, t / self.T_max)


class CosineAnnealingWarmRestarts(LRScheduler):
    """Fall from the first learning rate to `eta_min` in `T_0` epochs, start anew, each time `T_mult` times as slowly.

    Update  ηₜ = η_min + (η₀ - η_min) (1 + cos(π T_cur / T_i)) / 2,   T_cur: epochs since the restart, T_i: its period

    `step(epoch)` takes fractions of an epoch too.
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        self.T_0 = self.T_i = check_count("CosineAnnealingWarmRestarts", "T_0", T_0)
        self.T_mult = check_count("CosineAnnealingWarmRestarts", "T_mult", T_mult)
        self.eta_min = check_number("CosineAnnealingWarmRestarts", "eta_min", eta_min, NON_NEGATIVE)
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return ηₜ of each group."""
        return [half_cosine(base_lr, self.eta_min, self.T_cur / self.T_i) for base_lr in self.base_lrs]

    def _advance(self) -> None:
        self.T_cur += 1
        if self.T_cur >= self.T_i:
            self.T_cur, self.T_i = self.T_cur - self.T_i, self.T_i * self.T_mult
        super()._advance()

    def _enter(self, epoch: float) -> None:
        self.T_cur, self.T_i = self._place(epoch)
        super()._enter(epoch)

    def _place(self, epoch: float) -> tuple[float, int]:
        """Return the time since the last restart, and the period that began with it."""
        if self.T_mult == 1:
            return epoch % self.T_0, self.T_0
        begin, period = 0, self.T_0
        while epoch >= begin + period:
            begin, period = begin + period, period * self.T_mult
        return epoch - begin, period
