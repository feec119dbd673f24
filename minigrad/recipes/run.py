"""A run of a recipe: its folder, its training stages, and the list of what it wrote.

    run.fit(...)            a stage: trains, with a progress bar and a checkpoint after every epoch
    run.keep(path)          notes a picture or a text among the results
    run.save_model(...)     model.safetensors
    run.finish(figures)     metrics.json

A run that is resumed is run again from the start, but for what its checkpoints hold: a stage that was completed trains
for no more epochs, one that was interrupted goes on. So all that lies between stages must be a function of the seed.
"""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ..data import DataLoader
from ..io import atomic_write, load, save
from ..nn import Module
from ..optim import AdamW
from ..optim.lr_scheduler import OneCycleLR
from ..random import manual_seed
from ..tensor import Tensor
from ..train import Checkpoint, HistoryLog, ProgressBar, Trainer, plot_curves
from ..train.trainer import Metric
from .recipe import Recipe
from .saved import CHECKPOINT, MODEL


class Run:
    """Where a recipe is run: files in folders, models on a device. `source` is the folder to go on with, if any."""

    def __init__(
        self, recipe: Recipe, out: Path, source: Path | None = None, console: Any = None, device: str = "cpu"
    ) -> None:
        from rich.console import Console

        self.recipe, self.out, self.source, self.device = recipe, out, source, device
        self.console = console or Console()
        self.say = partial(self.console.print, highlight=False, markup=False, soft_wrap=True)
        self.files: list[Path] = []
        self.seconds = self.cpu_seconds = 0.0  # of training, in this process

    def execute(self) -> dict[str, Any]:
        """Run the recipe; return the figures, which are also in metrics.json."""
        manual_seed(self.recipe.seed)
        return self.finish(self.recipe.train(self))

    def fit(
        self, model: Module, loader: DataLoader, validation: Iterable[Any], loss: Callable[[Any, Tensor], Tensor], *,
        stage: str = "", epochs: int | None = None, lr: float | None = None, weight_decay: float = 0.01,
        metrics: Mapping[str, Metric] | None = None,
    ) -> Trainer:  # fmt: skip
        """Train a model with AdamW and one cycle of the learning rate; draw the curves. `stage` names its files."""
        epochs, lr = epochs or self.recipe.epochs, lr or self.recipe.lr
        model.to(self.device)
        checkpoint = Checkpoint(self.out / _of_stage(CHECKPOINT, stage), self.recipe.described())
        log = HistoryLog(self.out / _of_stage("history.csv", stage))
        optimizer = AdamW(model.parameters(), lr=lr, betas=(0.9, 0.99), weight_decay=weight_decay)
        trainer = Trainer(
            model, optimizer, loss, metrics=metrics,
            scheduler=OneCycleLR(optimizer, lr, epochs * len(loader), pct_start=0.1, cycle_momentum=False),
            callbacks=[ProgressBar(self.console), log, checkpoint],
        )  # fmt: skip
        if self.source is not None and (self.source / checkpoint.path.name).exists():
            trainer.load_state_dict(load(self.source / checkpoint.path.name))
        self.out.mkdir(parents=True, exist_ok=True)
        count = sum(p.numel() for p in model.parameters())
        self.say(f"{stage or self.recipe.NAME}: {count:,} parameters, {len(loader):,} steps to an epoch")
        self._timed(partial(trainer.fit, loader, epochs, validation))
        for callback in (log, checkpoint):
            if not callback.path.exists():  # the stage was completed before, in another folder
                callback.epoch_ended(trainer, trainer.history[-1])
            self.keep(callback.path)
        title = f"{self.recipe.NAME} {stage}".strip()
        self.keep(plot_curves(trainer.history, self.out / _of_stage("curves.png", stage), title))
        return trainer

    def _timed(self, work: Callable[[], Any]) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            work()
        except KeyboardInterrupt:
            if (self.out / CHECKPOINT).exists():
                self.say(f"interrupted; go on with  minigrad train --resume {shlex.quote(str(self.out))}")
            raise
        self.seconds += time.perf_counter() - wall
        self.cpu_seconds += time.process_time() - cpu

    def keep(self, path: Path) -> None:
        """Note a file among the results."""
        self.files.append(path)

    def write_text(self, name: str, text: str) -> None:
        """Write a text among the results."""
        with atomic_write(self.out / name, "w") as file:
            file.write(text)
        self.keep(self.out / name)

    def save_model(self, model: Module, **extras: Any) -> None:
        """Write the weights, the recipe that builds the model, and what else is needed to use it."""
        save({"recipe": self.recipe.described(), **extras, "model": model.state_dict()}, self.out / MODEL)
        self.keep(self.out / MODEL)

    def finish(self, figures: dict[str, Any]) -> dict[str, Any]:
        """Write metrics.json: the figures, the seconds of training and the recipe; list the files."""
        times = {"seconds": round(self.seconds, 2), "cpu_seconds": round(self.cpu_seconds, 2)}
        metrics = {**figures, **times, "device": self.device, **self.recipe.described()}
        self.write_text("metrics.json", json.dumps(metrics, indent=1) + "\n")
        shown = ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in figures.items()
                          if isinstance(value, (int, float)))  # fmt: skip
        self.say(f"{shown}; {self.seconds:.1f} s, {self.cpu_seconds:.1f} s of CPU; written to {self.out}:")
        for path in sorted(self.files):
            self.say(f"  {path}")
        return metrics


def _of_stage(name: str, stage: str) -> str:
    """Return the name of a stage's file: pretraining-curves.png."""
    return f"{stage.replace(' ', '-')}-{name}" if stage else name
