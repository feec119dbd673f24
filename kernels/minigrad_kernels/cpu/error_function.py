"""The error function and its complement in one pass; the reference has three formulas and picks elements for each."""

from __future__ import annotations

from typing import Any

from . import fastmath as fm
from .compiled import compiled
from .elementwise import elementwise
from .fastmath import TWO, ZERO


@compiled
def _erf(x: Any, y: Any) -> None:
    for i in range(x.size):
        y[i] = fm.erf(x[i])


@compiled
def _erfc(x: Any, y: Any) -> None:
    for i in range(x.size):
        above = fm.erfc_above(abs(x[i]))
        y[i] = TWO - above if x[i] < ZERO else above


def erf_forward(x: Any) -> Any:
    """Return erf(x)."""
    return elementwise(_erf, x)


def erfc_forward(x: Any) -> Any:
    """Return 1 - erf(x)."""
    return elementwise(_erfc, x)
