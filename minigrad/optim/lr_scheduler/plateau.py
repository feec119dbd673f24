"""Lowering the learning rate when a metric has stopped improving."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import ArgumentError
from ..hyperparameters import DECAY, NON_NEGATIVE, check_count, check_number
from ..optimizer import Optimizer
from .base import LRScheduler, per_group


class ReduceLROnPlateau(LRScheduler):
    """Multiply by `factor` when the metric has not improved for more than `patience` epochs.

    Update  better:  m < best (1 - threshold)  for mode "min" and "rel",   m < best - threshold  for "abs"
                     m > best (1 + threshold)  for mode "max" and "rel",   m > best + threshold  for "abs"
            η ← max(η · factor, min_lr)        after patience + 1 epochs that were not better, unless that changes
                                               η by less than eps; for `cooldown` epochs afterwards none is counted
    """

    def __init__(
        self, optimizer: Optimizer, mode: str = "min", factor: float = 0.1, patience: int = 10,
        threshold: float = 1e-4, threshold_mode: str = "rel", cooldown: int = 0,
        min_lr: float | Sequence[float] = 0, eps: float = 1e-8,
    ) -> None:  # fmt: skip
        if mode not in ("min", "max"):
            raise ArgumentError(f'ReduceLROnPlateau: mode is {mode!r}, it must be "min" or "max"')
        if threshold_mode not in ("rel", "abs"):
            raise ArgumentError(f'ReduceLROnPlateau: threshold_mode is {threshold_mode!r}, it must be "rel" or "abs"')
        self.min_lrs = [check_number("ReduceLROnPlateau", "min_lr", low, NON_NEGATIVE)
                        for low in per_group("ReduceLROnPlateau", "min_lr", optimizer, min_lr)]  # fmt: skip
        self.optimizer = optimizer
        self.mode, self.threshold_mode = mode, threshold_mode
        self.factor = check_number("ReduceLROnPlateau", "factor", factor, DECAY)
        self.patience = check_count("ReduceLROnPlateau", "patience", patience, 0)
        self.threshold = check_number("ReduceLROnPlateau", "threshold", threshold, NON_NEGATIVE)
        self.cooldown = check_count("ReduceLROnPlateau", "cooldown", cooldown, 0)
        self.eps = check_number("ReduceLROnPlateau", "eps", eps, NON_NEGATIVE)
        self.best = math.inf if mode == "min" else -math.inf
        self.cooldown_counter = self.num_bad_epochs = self.last_epoch = 0
        self._note_lrs()

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        """Look at the metric of an epoch, a number or a tensor of one element."""
        try:
            current = float(metrics)
        except (TypeError, ValueError) as error:
            raise ArgumentError(f"ReduceLROnPlateau: metrics is {metrics!r:.80}, it must be one number") from error
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self.is_better(current, self.best):
            self.best, self.num_bad_epochs = current, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter, self.num_bad_epochs = self.cooldown_counter - 1, 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._note_lrs()

    def is_better(self, a: float, best: float) -> bool:
        """Say whether `a` is enough of an improvement on `best`."""
        sign = 1 if self.mode == "max" else -1
        bar = best * (1 + sign * self.threshold) if self.threshold_mode == "rel" else best + sign * self.threshold
        return sign * a > sign * bar

    def _reduce(self) -> None:
        for group, min_lr in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
            lower = max(group["lr"] * self.factor, min_lr)
            if group["lr"] - lower > self.eps:
                group["lr"] = lower

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from a state; what PyTorch derives from the mode is left out."""
        derived = ("mode_worse", "default_min_lr")
        super().load_state_dict({key: value for key, value in state_dict.items() if key not in derived})
