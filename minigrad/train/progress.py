"""A progress bar for the training loop, and a line per epoch."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .callbacks import Callback

if TYPE_CHECKING:
    from .trainer import Row, Trainer


def readable(row: Row) -> str:
    """Return the numbers of a history row as text, the epoch left out."""
    return "  ".join(f"{name} {value:.4g}" for name, value in row.items() if name != "epoch")


class ProgressBar(Callback):
    """Shows how far the run is, at what speed, and the loss and metrics so far. `console` is a rich console."""

    def __init__(self, console: Any = None) -> None:
        from rich.console import Console

        self.console = console or Console()
        self._bar: Any = None

    def fit_started(self, trainer: Trainer, epochs: int) -> None:
        """Put up the bar."""
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()]
        means = TextColumn("{task.fields[means]}", markup=False)
        self._bar = Progress(*columns, means, console=self.console, transient=True)
        self._bar.start()
        self._epochs = epochs

    def epoch_started(self, trainer: Trainer, epoch: int) -> None:
        """Start the bar of an epoch."""
        total = len(trainer.loader) if hasattr(trainer.loader, "__len__") else None
        done = trainer.batches % total if total else 0
        self._task = self._bar.add_task(f"epoch {epoch + 1}/{self._epochs}", total=total, completed=done, means="")
        self._since = time.perf_counter()

    def batch_ended(self, trainer: Trainer, means: Row) -> None:
        """Move the bar."""
        self._bar.update(self._task, advance=1, means=readable(means))

    def epoch_ended(self, trainer: Trainer, row: Row) -> None:
        """Replace the bar of the epoch by a line."""
        seconds = time.perf_counter() - self._since
        self._bar.remove_task(self._task)
        line = f"epoch {int(row['epoch'])}/{self._epochs}  {readable(row)}  {seconds:.1f} s"
        self.console.print(line, highlight=False, markup=False, soft_wrap=True)

    def fit_ended(self, trainer: Trainer) -> None:
        """Take the bar down."""
        self._bar.stop()
