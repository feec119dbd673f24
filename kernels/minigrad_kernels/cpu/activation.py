"""The activations with a corner, each in one pass; the formulas are those of minigrad/ops/activation.py."""

from __future__ import annotations

from typing import Any

from . import fastmath as fm
from .compiled import compiled
from .elementwise import elementwise
from .fastmath import ONE, ZERO, f32


@compiled
def _relu(x: Any, y: Any) -> None:
    for i in range(x.size):
        y[i] = ZERO if x[i] < ZERO else x[i]


@compiled
def _relu_back(dy: Any, y: Any, dx: Any) -> None:
    """A product, as in the reference: an infinite or undefined dy shows, even where 0 lets nothing pass."""
    for i in range(y.size):
        dx[i] = dy[i] * (ONE if y[i] > ZERO else ZERO)


@compiled
def _leaky_relu(x: Any, y: Any, slope: Any) -> None:
    for i in range(x.size):
        y[i] = x[i] if x[i] > ZERO else slope * x[i]


@compiled
def _leaky_relu_back(dy: Any, x: Any, dx: Any, slope: Any) -> None:
    for i in range(x.size):
        dx[i] = dy[i] if x[i] > ZERO else slope * dy[i]


@compiled
def _elu(x: Any, y: Any, alpha: Any) -> None:
    for i in range(x.size):
        below = alpha * fm.expm1_within(fm.at_most(ZERO, x[i]))
        y[i] = x[i] if x[i] > ZERO else below


@compiled
def _elu_back(dy: Any, x: Any, dx: Any, alpha: Any) -> None:
    for i in range(x.size):
        below = dy[i] * (alpha * fm.exp(fm.at_most(ZERO, x[i])))
        dx[i] = dy[i] if x[i] > ZERO else below


def relu_forward(x: Any) -> Any:
    """Return max(x, 0)."""
    return elementwise(_relu, x)


def relu_backward(dy: Any, y: Any) -> Any:
    """Return dy where y > 0 and 0 elsewhere."""
    return elementwise(_relu_back, dy, y)


def leaky_relu_forward(x: Any, negative_slope: float) -> Any:
    """Return x where x > 0, a x elsewhere."""
    return elementwise(_leaky_relu, x, settings=(f32(negative_slope),))


def leaky_relu_backward(dy: Any, x: Any, negative_slope: float) -> Any:
    """Return dy where x > 0, a dy elsewhere."""
    return elementwise(_leaky_relu_back, dy, x, settings=(f32(negative_slope),))


def elu_forward(x: Any, alpha: float) -> Any:
    """Return x where x > 0, α (eˣ - 1) elsewhere."""
    return elementwise(_elu, x, settings=(f32(alpha),))


def elu_backward(dy: Any, x: Any, alpha: float) -> Any:
    """Return dy where x > 0, dy α eˣ elsewhere."""
    return elementwise(_elu_back, dy, x, settings=(f32(alpha),))
