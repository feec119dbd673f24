"""The training loop on one page: batches in, steps of the optimizer, an evaluation per epoch, callbacks around it.

    for epoch:  for x, y in loader:  zero_grad, loss(model(x), y), backward, step
                evaluate on the validation data

A run is a function of its seeds: all that it depends on is in `state_dict()`, so a run that was interrupted, even in
the middle of an epoch, and resumed in another process gives the weights of the uninterrupted run, bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..anomaly import detect_anomaly
from ..errors import AnomalyError, StateError
from ..grad_mode import no_grad
from ..nn import Module
from ..optim import Optimizer
from ..random import get_rng_state, set_rng_state
from ..tensor import Tensor
from .callbacks import Callback
from .interrupt import Interrupt

Metric = Callable[[Tensor, Tensor], float]  # (output, target) of a batch to a mean over its examples
Row = dict[str, float]


class Trainer:
    """Fits a model to data.

    `loss(output, target)` returns the mean over a batch. Each of `metrics` does the same as a plain number, by name.
    `scheduler` is stepped after every batch, or after every epoch with `schedule_by="epoch"`.

    After `fit`, `history` has one row per epoch: epoch, loss, the metrics, and the same with "val_" in front.
    """

    def __init__(
        self,
        model: Module,
        optimizer: Optimizer,
        loss: Callable[[Tensor, Tensor], Tensor],
        *,
        metrics: Mapping[str, Metric] | None = None,
        scheduler: Any = None,
        schedule_by: str = "batch",
        callbacks: Sequence[Callback] = (),
    ) -> None:
        self.model, self.optimizer, self.loss = model, optimizer, loss
        self.metrics = dict(metrics or {})
        self.scheduler, self.schedule_by = scheduler, schedule_by
        self.callbacks = list(callbacks)
        self.history: list[Row] = []
        self.epoch = 0  # epochs completed
        self.batches = 0  # batches completed, over all epochs
        self.loader: Any = None
        self.stopping = False  # a callback sets this to end the run after the epoch
        self._sums: Row = {}  # of the epoch under way

    def fit(self, loader: Iterable[Any], epochs: int, validation: Iterable[Any] | None = None) -> list[Row]:
        """Train until `epochs` epochs are complete, those before a resume included; return the history.

        Raises  AnomalyError naming the op that first made a NaN or an infinity; KeyboardInterrupt after Ctrl-C, once
                the step under way is done and the callbacks have been told
        """
        self.loader, self.stopping = loader, False
        self._tell("fit_started", epochs)
        try:
            with Interrupt() as interrupt:
                while self.epoch < epochs and not self.stopping:
                    self._train_epoch(loader, interrupt)
                    self._close_epoch(validation)
        finally:
            self._tell("fit_ended")
        return self.history

    def _close_epoch(self, validation: Iterable[Any] | None) -> None:
        row = {"epoch": float(self.epoch + 1), **self._means()}
        if validation is not None:
            row |= {f"val_{name}": value for name, value in self.evaluate(validation).items()}
        if self.scheduler is not None and self.schedule_by == "epoch":
            self.scheduler.step()
        self._sums, self.epoch = {}, self.epoch + 1
        self.history.append(row)
        self._tell("epoch_ended", row)

    def _train_epoch(self, loader: Iterable[Any], interrupt: Interrupt) -> None:
        self.model.train()
        self._tell("epoch_started", self.epoch)
        for x, y in loader:
            output, loss = self.step(x, y)
            self._add(output, y, loss)
            self.batches += 1
            self._tell("batch_ended", self._means())
            if interrupt.requested:
                self._tell("interrupted")
                raise KeyboardInterrupt

    def step(self, x: Tensor, y: Tensor) -> tuple[Tensor, float]:
        """Take one step on one batch; return the output of the model and the loss."""
        random = get_rng_state()
        self.optimizer.zero_grad()
        output = self.model(x)
        loss = self.loss(output, y)
        value = float(loss.item())
        if not math.isfinite(value):
            set_rng_state(random)
            self._explain(x, y, value)
        loss.backward()
        self.optimizer.step()
        if self.scheduler is not None and self.schedule_by == "batch":
            self.scheduler.step()
        return output, value

    def _explain(self, x: Tensor, y: Tensor, value: float) -> None:
        """Find what first went wrong in a step whose loss is not finite, and raise."""
        for name, parameter in self.model.named_parameters():
            if not math.isfinite(float(parameter.detach().sum().item())):
                raise AnomalyError(
                    f"fit: the loss is {value} because {name} is not finite since an update, epoch {self.epoch + 1}, "
                    f"batch {self.batches + 1}\nHint: lower the learning rate, or clip the gradients"
                )
        with detect_anomaly():
            self.loss(self.model(x), y)
        raise AnomalyError(f"fit: the loss is {value} in epoch {self.epoch + 1}, batch {self.batches + 1}")

    def evaluate(self, loader: Iterable[Any]) -> Row:
        """Return the mean loss and metrics over `loader`, in evaluation mode, which is left as it was found."""
        training, sums = self.model.training, self._sums
        self._sums = {}
        self.model.eval()
        try:
            with no_grad():
                for x, y in loader:
                    output = self.model(x)
                    self._add(output, y, float(self.loss(output, y).item()))
            return self._means()
        finally:
            self._sums = sums
            self.model.train(training)

    def _add(self, output: Tensor, y: Tensor, loss: float) -> None:
        n = len(y)
        with no_grad():
            values = {"loss": loss, **{name: metric(output, y) for name, metric in self.metrics.items()}}
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + n * float(value)
        self._sums["examples"] = self._sums.get("examples", 0.0) + n

    def _means(self) -> Row:
        n = self._sums.get("examples", 0.0) or 1.0
        return {name: total / n for name, total in self._sums.items() if name != "examples"}

    def _tell(self, event: str, *args: Any) -> None:
        for callback in self.callbacks:
            getattr(callback, event)(self, *args)

    def state_dict(self) -> dict[str, Any]:
        """Return everything that the rest of the run depends on."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": None if self.scheduler is None else self.scheduler.state_dict(),
            "loader": self.loader.state_dict() if hasattr(self.loader, "state_dict") else None,
            "random": list(get_rng_state()),
            "progress": {"epoch": self.epoch, "batches": self.batches, "sums": self._sums, "history": self.history},
        }

    def load_state_dict(self, state: Mapping[str, Any], loader: Any = None) -> None:
        """Go on where `state_dict` was taken; `loader` is the one that `fit` will be given."""
        missing = {"model", "optimizer", "scheduler", "loader", "random", "progress"} - set(state)
        if missing:
            raise StateError(f"Trainer: the checkpoint has no {', '.join(sorted(missing))}; it holds {sorted(state)}")
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.scheduler is not None and state["scheduler"] is not None:
            self.scheduler.load_state_dict(state["scheduler"])
        if loader is not None and state["loader"] is not None:
            loader.load_state_dict(state["loader"])
        progress = state["progress"]
        self.epoch, self.batches = int(progress["epoch"]), int(progress["batches"])
        self._sums, self.history = dict(progress["sums"]), [dict(row) for row in progress["history"]]
        set_rng_state(tuple(state["random"]))
