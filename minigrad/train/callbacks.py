"""What happens around the training loop: stopping early, keeping the best, writing logs and checkpoints.

A callback that remembers something about the epochs works it out anew from the history when `fit` starts, so that a
resumed run goes on as if it had never stopped.
"""

from __future__ import annotations

import csv
import json
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError
from ..io import atomic_write, save

if TYPE_CHECKING:
    from .trainer import Row, Trainer


class Callback:
    """The events of a run; override those of interest."""

    def fit_started(self, trainer: Trainer, epochs: int) -> None:
        """Training begins and will go on until `epochs` epochs are complete."""

    def epoch_started(self, trainer: Trainer, epoch: int) -> None:
        """An epoch begins, or is resumed; `epoch` are complete."""

    def batch_ended(self, trainer: Trainer, means: Row) -> None:
        """A step is done; `means` are the loss and metrics of the epoch so far."""

    def epoch_ended(self, trainer: Trainer, row: Row) -> None:
        """An epoch is complete and evaluated; `row` is the newest of the history."""

    def interrupted(self, trainer: Trainer) -> None:
        """Ctrl-C was pressed, and the step under way is done."""

    def fit_ended(self, trainer: Trainer) -> None:
        """Training is over, complete or not."""


class Best:
    """Follows one column of the history and says when it has improved."""

    def __init__(self, monitor: str, mode: str) -> None:
        if mode not in ("min", "max"):
            raise ArgumentError(f'callback: mode is {mode!r}; use "min" or "max"')
        self.monitor, self.sign = monitor, 1.0 if mode == "max" else -1.0
        self.forget()

    def forget(self) -> None:
        """Begin again: nothing was seen yet."""
        self.value = -math.inf

    def improved(self, row: Row, margin: float = 0.0) -> bool:
        """Say whether `row` is the best so far, by more than `margin`, and remember it if so."""
        if self.monitor not in row:
            raise ArgumentError(
                f"callback: there is no {self.monitor!r} in the history, only {', '.join(row)}\n"
                "Hint: names that begin with val_ need fit(..., validation=...)"
            )
        value = self.sign * row[self.monitor]
        if value > self.value + margin:
            self.value = value
            return True
        return False


class EarlyStopping(Callback):
    """Ends the run when `monitor` has not improved by more than `min_delta` for `patience` epochs.

    A run that has ended so stays ended: `fit` with more epochs, or after a resume, returns at once.
    """

    def __init__(self, monitor: str = "val_loss", patience: int = 5, mode: str = "min", min_delta: float = 0.0) -> None:
        if patience < 1:
            raise ArgumentError(f"EarlyStopping: patience must be at least 1 epoch, got {patience}")
        self.best, self.patience, self.min_delta, self.waited = Best(monitor, mode), patience, min_delta, 0

    def fit_started(self, trainer: Trainer, epochs: int) -> None:
        """Count again from the first epoch of the history."""
        self.best.forget()
        self.waited = 0
        for row in trainer.history:
            self.epoch_ended(trainer, row)

    def epoch_ended(self, trainer: Trainer, row: Row) -> None:
        """Count the epochs without improvement."""
        self.waited = 0 if self.best.improved(row, self.min_delta) else self.waited + 1
        trainer.stopping = trainer.stopping or self.waited >= self.patience


class BestCheckpoint(Callback):
    """Saves the weights whenever `monitor` is the best so far."""

    def __init__(self, path: str | os.PathLike[str], monitor: str = "val_loss", mode: str = "min") -> None:
        self.path, self.best = Path(path), Best(monitor, mode)

    def fit_started(self, trainer: Trainer, epochs: int) -> None:
        """Look for the best epoch of the history, whose weights were saved then."""
        self.best.forget()
        for row in trainer.history:
            self.best.improved(row)

    def epoch_ended(self, trainer: Trainer, row: Row) -> None:
        """Save if this epoch is the best."""
        if self.best.improved(row):
            save(trainer.model.state_dict(), self.path)


class Checkpoint(Callback):
    """Saves the whole state of the run after every epoch, and when it is interrupted.

    `extra` is saved along under "run": what is needed to build the same run again.
    """

    def __init__(self, path: str | os.PathLike[str], extra: dict[str, Any] | None = None) -> None:
        self.path, self.extra = Path(path), dict(extra or {})

    def epoch_ended(self, trainer: Trainer, row: Row) -> None:
        """Save the run."""
        self.interrupted(trainer)

    def interrupted(self, trainer: Trainer) -> None:
        """Save the run."""
        save({"run": self.extra, **trainer.state_dict()}, self.path)


class HistoryLog(Callback):
    """Writes the history after every epoch: a line per epoch in a .csv, a list of rows in a .json."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if self.path.suffix not in (".csv", ".json"):
            raise ArgumentError(f"HistoryLog: {self.path.name!r} ends neither in .csv nor in .json")

    def epoch_ended(self, trainer: Trainer, row: Row) -> None:
        """Write the history anew."""
        with atomic_write(self.path, "w") as file:
            if self.path.suffix == ".json":
                json.dump(trainer.history, file, indent=1)
            else:
                writer = csv.DictWriter(file, list(trainer.history[-1]), extrasaction="ignore", lineterminator="\n")
                writer.writeheader()
                writer.writerows(trainer.history)
