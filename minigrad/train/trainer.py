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
from ..errors import AnomalyError, ArgumentError, StateError
from ..grad_mode import no_grad
from ..nn import Module
from ..optim import Optimizer
from ..optim.lr_scheduler import ReduceLROnPlateau
from ..random import get_rng_state, set_rng_state
from ..tensor import Tensor
from .callbacks import Callback
from .interrupt import Interrupt

Metric = Callable[[Tensor, Tensor], float]  # (output, target) of a batch to a mean over its examples
Row = dict[str, float]


class Trainer:
    """Fits a model to data: batches (x, y) of tensors, which it moves to the model's device and floating type.

    A model of several arguments is given batches (x, lengths, ..., y): the last is the target, the others go to it.
    `loss(output, target)` returns the mean over a batch. Each of `metrics` does the same as a plain number, by name.
    `scheduler` is stepped after every batch, or after every epoch with `schedule_by="epoch"`; ReduceLROnPlateau after
    every epoch, and follows the validation loss, or the training loss if there is no validation.

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
        if taken := {"epoch", "loss", "examples"} & set(self.metrics):
            raise ArgumentError(f"Trainer: {', '.join(sorted(taken))} cannot name a metric, the history has it already")
        if schedule_by not in ("batch", "epoch"):
            raise ArgumentError(f'Trainer: schedule_by is {schedule_by!r}; use "batch" or "epoch"')
        self.scheduler = scheduler
        self.schedule_by = "epoch" if isinstance(scheduler, ReduceLROnPlateau) else schedule_by
        self.callbacks = list(callbacks)
        self.history: list[Row] = []
        self.epoch = 0  # epochs completed
        self.batches = 0  # batches completed, over all epochs
        self.loader: Any = None
        self.stopping = False  # a callback sets this to end the run after the epoch
        self._sums: Row = {}  # of the epoch under way
        self._position: Any = None  # of the loader, where a run that was stopped goes on

    def fit(self, loader: Iterable[Any], epochs: int, validation: Iterable[Any] | None = None) -> list[Row]:
        """Train until `epochs` epochs are complete, those before a resume included; return the history.

        Raises  AnomalyError naming the op that first made a NaN or an infinity, or the parameter that holds one;
                KeyboardInterrupt after Ctrl-C, once the step under way is done and the callbacks have been told;
                ArgumentError if a loader gives no batches
        """
        resume = getattr(loader, "load_state_dict", None)
        if self._position is not None and resume is not None:
            resume(self._position)
        else:
            self._sums = {}  # a loader that cannot go on begins its epoch again
        self.loader, self.stopping, self._position = loader, False, None
        self._tell("fit_started", epochs)
        try:
            with Interrupt() as interrupt:
                while self.epoch < epochs and not self.stopping:
                    self._train_epoch(loader, interrupt)
                    self._close_epoch(validation)
                    self._heed(interrupt)
        finally:
            self._position = self._loader_state() if self._sums else None
            self._tell("fit_ended")
        return self.history

    def _heed(self, interrupt: Interrupt) -> None:
        """End the run here if Ctrl-C was pressed."""
        if interrupt.requested:
            self._check_parameters()
            self._tell("interrupted")
            raise KeyboardInterrupt

    def _close_epoch(self, validation: Iterable[Any] | None) -> None:
        if not self._sums:
            raise ArgumentError(
                f"fit: the loader gave no batches in epoch {self.epoch + 1}\n"
                "Hint: a generator gives its batches only once; use a DataLoader or a list"
            )
        self._check_parameters()
        row = {"epoch": float(self.epoch + 1), **self._means()}
        if validation is not None:
            row |= {f"val_{name}": value for name, value in self.evaluate(validation).items()}
        if isinstance(self.scheduler, ReduceLROnPlateau):
            self.scheduler.step(row.get("val_loss", row["loss"]))
        elif self.scheduler is not None and self.schedule_by == "epoch":
            self.scheduler.step()
        self._sums, self.epoch = {}, self.epoch + 1
        self.history.append(row)
        self._tell("epoch_ended", row)

    def _train_epoch(self, loader: Iterable[Any], interrupt: Interrupt) -> None:
        self.model.train()
        self._tell("epoch_started", self.epoch)
        for batch in map(self.placed, loader):
            output, loss = self.step(*batch)
            self._add(output, batch[-1], loss)
            self.batches += 1
            self._tell("batch_ended", self._means())
            self._heed(interrupt)

    def placed(self, batch: Sequence[Tensor]) -> list[Tensor]:
        """Return the tensors of a batch on the model's device, the floating ones in its dtype."""
        model = next(self.model.parameters())
        return [t.to(device=model.device, dtype=model.dtype if t.is_floating_point() else None) for t in batch]

    def step(self, *batch: Tensor) -> tuple[Tensor, float]:
        """Take one step on one batch, (x, y); return the output of the model and the loss."""
        *x, y = batch
        random = get_rng_state()
        self.optimizer.zero_grad()
        output = self.model(*x)
        loss = self.loss(output, y)
        loss.backward()
        value = float(loss.item())  # only now, so that a GPU has the backward pass to do while the host waits
        if not math.isfinite(value):
            set_rng_state(random)
            self._explain(x, y, value)
        self.optimizer.step()
        if self.scheduler is not None and self.schedule_by == "batch":
            self.scheduler.step()
        return output, value

    def _explain(self, x: list[Tensor], y: Tensor, value: float) -> None:
        """Find what first went wrong in a step whose loss is not finite, and raise."""
        self._check_parameters()
        place = f"epoch {self.epoch + 1}, batch {self.batches + 1}"
        for name, data in (*(("x", part) for part in x), ("y", y)):
            if not _is_finite(data):
                raise AnomalyError(f"fit: the loss is {value} in {place}: {name} of the batch is not finite\n"
                                   "Hint: look for NaN and infinity in the data set")  # fmt: skip
        with detect_anomaly():
            self.loss(self.model(*x), y)
        raise AnomalyError(f"fit: the loss is {value} in {place}")

    def _check_parameters(self) -> None:
        """Raise if an update left a parameter that is not finite, before it is saved over a good one."""
        for name, parameter in self.model.named_parameters():
            if not _is_finite(parameter):
                raise AnomalyError(
                    f"fit: {name} is not finite since an update, epoch {self.epoch + 1}, {self.batches} batches done\n"
                    "Hint: lower the learning rate, or clip the gradients"
                )

    def evaluate(self, loader: Iterable[Any]) -> Row:
        """Return the mean loss and metrics over `loader`, in evaluation mode; the model's mode is left as it was."""
        training, sums = self.model.training, self._sums
        self._sums = {}
        self.model.eval()
        try:
            with no_grad():
                for *x, y in map(self.placed, loader):
                    output = self.model(*x)
                    self._add(output, y, float(self.loss(output, y).item()))
            if not self._sums:
                raise ArgumentError("evaluate: the loader gave no batches\nHint: a generator gives them only once")
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

    def _loader_state(self) -> Any:
        if self.loader is None:
            return self._position
        return self.loader.state_dict() if hasattr(self.loader, "state_dict") else None

    def state_dict(self) -> dict[str, Any]:
        """Return everything that the rest of the run depends on; what `history` says is enough for the callbacks."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": None if self.scheduler is None else self.scheduler.state_dict(),
            "loader": self._loader_state(),
            "random": list(get_rng_state()),
            "progress": {
                "epoch": self.epoch, "batches": self.batches, "sums": dict(self._sums), "history": list(self.history),
            },
        }  # fmt: skip

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken; `fit` will put its loader where that of the state stood.

        Raises  StateError if parts are missing, or are of a run that was built in another way
        """
        missing = {"model", "optimizer", "scheduler", "loader", "random", "progress"} - set(state)
        if missing:
            raise StateError(f"Trainer: the checkpoint has no {', '.join(sorted(missing))}; it holds {sorted(state)}")
        if (state["scheduler"] is None) != (self.scheduler is None):
            there, here = ("without", "with") if state["scheduler"] is None else ("with", "without")
            raise StateError(f"Trainer: the checkpoint is of a run {there} a scheduler, this one is {here}")
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.scheduler is not None:
            self.scheduler.load_state_dict(state["scheduler"])
        self.loader, self._position = None, state["loader"]
        progress = state["progress"]
        self.epoch, self.batches = int(progress["epoch"]), int(progress["batches"])
        self._sums, self.history = dict(progress["sums"]), [dict(row) for row in progress["history"]]
        set_rng_state(tuple(state["random"]))


def _is_finite(x: Tensor) -> bool:
    return bool(x.isfinite().all().item())
