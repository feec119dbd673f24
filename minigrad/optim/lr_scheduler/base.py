"""What all schedules share: counting, writing the learning rates, saving where they stand.

η₀ is a group's first learning rate ("initial_lr"), t the number of steps of the schedule (`last_epoch`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from ...errors import ArgumentError, StateError
from ..optimizer import Optimizer


class LRScheduler:
    """A schedule: a subclass defines `get_lr`, the learning rate of each group at `last_epoch`.

    It writes the learning rates of epoch 0 when it is made. With `last_epoch` = t it continues a run after epoch t.
    """

    group_keys: ClassVar[tuple[str, ...]] = ("initial_lr",)  # what a schedule keeps in the groups of the optimizer

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = check_optimizer(type(self).__name__, optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            missing = [key for key in self.group_keys if key not in group]
            if missing:
                raise StateError(
                    f"{type(self).__name__}: last_epoch is {last_epoch}, but group {i} has no {', '.join(missing)}\n"
                    "Hint: load the optimizer's state first, or start with last_epoch=-1"
                )
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        if last_epoch == -1:
            self._enter(0)
        else:
            self._jump(last_epoch + 1)

    def get_lr(self) -> list[float]:
        """Return the learning rate of each group at `last_epoch`."""
        raise NotImplementedError(f"{type(self).__name__}: define get_lr(self)")

    def get_last_lr(self) -> list[float]:
        """Return the learning rates that were written last."""
        return self._last_lr

    def step(self, epoch: float | None = None) -> None:
        """Go on to the next epoch, or to the given one, and write its learning rates."""
        if epoch is None:
            self._advance()
        elif epoch >= 0:
            self._jump(epoch)
        else:
            raise ArgumentError(f"{type(self).__name__}: epoch is {epoch}, it must be a number in [0, ∞)")

    def _advance(self) -> None:
        self.last_epoch += 1
        self._write(self.get_lr())

    def _enter(self, epoch: float) -> None:
        """Begin at `epoch`, with the groups at their base learning rates or at what another schedule made of them."""
        self.last_epoch = math.floor(epoch)
        self._write(self.get_lr())

    def _jump(self, epoch: float) -> None:
        """Go to `epoch`, whatever the learning rates are now."""
        for group, base_lr in zip(self.optimizer.param_groups, self.base_lrs, strict=True):
            group["lr"] = base_lr
        self._enter(epoch)

    def _write(self, lrs: list[float]) -> None:
        for group, lr in zip(self.optimizer.param_groups, lrs, strict=True):
            group["lr"] = lr
        self._note_lrs()

    def _note_lrs(self) -> None:
        self._last_lr: list[float] = [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Return where the schedule stands, and its settings. The learning rates are in the optimizer's state."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from a state of the same kind of schedule; it may be PyTorch's.

        Raises  StateError naming the keys that do not fit
        """
        self.__dict__.update(self._fitting(state_dict))

    def _fitting(self, state_dict: Mapping[str, Any]) -> dict[str, Any]:
        """Return the entries of `state_dict`, without PyTorch's private ones, if they are those of this schedule."""
        own = self.state_dict()
        given = {key: value for key, value in state_dict.items() if key in own or not key.startswith("_")}
        missing, unexpected = sorted(own.keys() - given.keys()), sorted(given.keys() - own.keys())
        if missing or unexpected:
            rows = [f"  {what}: {', '.join(keys)}"
                    for what, keys in (("missing", missing), ("unexpected", unexpected)) if keys]  # fmt: skip
            raise StateError("\n".join([f"{type(self).__name__}: the state is not of this kind of schedule", *rows]))
        if "base_lrs" in own and len(given["base_lrs"]) != len(own["base_lrs"]):
            raise StateError(
                f"{type(self).__name__}: the state is of {len(given['base_lrs'])} parameter groups, the optimizer has "
                f"{len(own['base_lrs'])}"
            )
        return given


class ClosedFormLR(LRScheduler):
    """A schedule given by a formula for ηₜ, which scales what other schedules of the optimizer do.

    Alone, it writes ηₜ = lr_at(η₀, t). If somebody else has changed the learning rate η since (another schedule, or
    the user), that change is kept and both multiply: η ← η · ηₜ / ηₜ₋₁, measured from `floor`.
    """

    @property
    def floor(self) -> float:
        """The learning rate from which factors are measured."""
        return 0.0

    def lr_at(self, base_lr: float, t: int) -> float:
        """Return the learning rate at epoch `t` of a group whose first one is `base_lr`."""
        raise NotImplementedError(f"{type(self).__name__}: define lr_at(self, base_lr, t)")

    def get_lr(self) -> list[float]:
        """Return the learning rate of each group at `last_epoch`, as it is if this schedule is alone."""
        return [self.lr_at(base_lr, self.last_epoch) for base_lr in self.base_lrs]

    def _advance(self) -> None:
        before = self.get_lr()
        self.last_epoch += 1
        self._scale(before)

    def _enter(self, epoch: float) -> None:
        self.last_epoch = math.floor(epoch)
        self._scale(self.base_lrs)

    def _scale(self, before: list[float]) -> None:
        """Move the learning rates as this schedule alone would move them from `before`."""
        now = [group["lr"] for group in self.optimizer.param_groups]
        self._write([self._moved(*lrs) for lrs in zip(now, before, self.get_lr(), strict=True)])

    def _moved(self, lr: float, before: float, after: float) -> float:
        if lr == before:
            return after
        if before == self.floor:  # there is no factor from here
            return lr + (after - before)
        return self.floor + (lr - self.floor) * (after - self.floor) / (before - self.floor)


def check_optimizer(op: str, optimizer: Any) -> Optimizer:
    """Return `optimizer` if it is one."""
    if not isinstance(optimizer, Optimizer):
        raise ArgumentError(f"{op}: optimizer is of type {type(optimizer).__name__}, it must be an Optimizer")
    return optimizer


def per_group(op: str, name: str, optimizer: Any, value: Any) -> list[Any]:
    """Return one value per parameter group: `value` for all, or the items of a list of that length."""
    count = len(check_optimizer(op, optimizer).param_groups)
    values = list(value) if isinstance(value, (list, tuple)) else [value] * count
    if len(values) != count:
        raise ArgumentError(f"{op}: {name} has {len(values)} values for {count} parameter groups")
    return values
