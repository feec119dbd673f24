"""tanh and its derivative, each in one pass."""

from __future__ import annotations

from typing import Any

from . import fastmath as fm
from .compiled import compiled
from .elementwise import elementwise
from .fastmath import ONE


@compiled
def _tanh(x: Any, y: Any) -> None:
    for i in range(x.size):
        y[i] = fm.tanh(x[i])


@compiled
def _tanh_back(dy: Any, y: Any, dx: Any) -> None:
    for i in range(y.size):
        dx[i] = dy[i] * (ONE - y[i] * y[i])


def tanh_forward(x: Any) -> Any:
    """Return tanh(x)."""
    return elementwise(_tanh, x)


def tanh_backward(dy: Any, y: Any) -> Any:
    """Return dy (1 - y²)."""
    return elementwise(_tanh_back, dy, y)
