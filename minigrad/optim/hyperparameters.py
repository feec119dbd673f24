"""What each hyperparameter may be. A name means the same in every optimizer, so one table serves them all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import ArgumentError


@dataclass(frozen=True)
class Interval:
    """The numbers from `low` up to `high`, with or without `high` itself.

    >>> str(Interval(0, 1)), 1.0 in Interval(0, 1), 1.0 in Interval(0, 1, closed=True)
    ('[0, 1)', False, True)
    """

    low: float
    high: float = math.inf
    closed: bool = False

    def __contains__(self, x: float) -> bool:
        return self.low <= x < self.high or (self.closed and x == self.high)

    def __str__(self) -> str:
        return f"[{self.low}, {'∞' if self.high == math.inf else self.high}{']' if self.closed else ')'}"


NON_NEGATIVE = Interval(0)
LIMIT = Interval(0, math.inf, closed=True)  # infinity: no limit
FRACTION = Interval(0, 1, closed=True)
DECAY = Interval(0, 1)  # how much of a running average stays; at 1 it would never move

INTERVALS = {
    "alpha": FRACTION,
    "dampening": FRACTION,
    "eps": NON_NEGATIVE,
    "initial_accumulator_value": NON_NEGATIVE,
    "lr": NON_NEGATIVE,
    "lr_decay": NON_NEGATIVE,
    "momentum": NON_NEGATIVE,
    "momentum_decay": NON_NEGATIVE,
    "rho": FRACTION,
    "weight_decay": NON_NEGATIVE,
}


def check_number(op: str, name: str, value: Any, interval: Interval) -> float:
    """Return `value`, a number or a tensor of one element, as a Python number in `interval`.

    >>> check_number("SGD", "lr", -0.1, NON_NEGATIVE)
    Traceback (most recent call last):
    minigrad.errors.ArgumentError: SGD: lr is -0.1, it must be a number in [0, ∞)
    """
    try:
        number = value if type(value) in (int, float) else math.nan if isinstance(value, str) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if number not in interval:
        raise ArgumentError(f"{op}: {name} is {value!r}, it must be a number in {interval}")
    return number


def check_count(op: str, name: str, value: Any, least: int = 1) -> int:
    """Return `value` as an int that is at least `least`."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:
        raise ArgumentError(f"{op}: {name} is {value!r}, it must be an integer in [{least}, ∞)")
    return int(value)


def check_options(op: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of `options` whose hyperparameters are Python numbers inside their intervals."""
    checked = dict(options)
    for name in INTERVALS.keys() & options.keys():
        checked[name] = check_number(op, name, options[name], INTERVALS[name])
    if "betas" in options:
        betas = options["betas"]
        if not isinstance(betas, Sequence) or len(betas) != 2:
            raise ArgumentError(f"{op}: betas is {betas!r}, it must be a pair of numbers in {DECAY}")
        checked["betas"] = tuple(check_number(op, f"betas[{i}]", beta, DECAY) for i, beta in enumerate(betas))
    return checked
