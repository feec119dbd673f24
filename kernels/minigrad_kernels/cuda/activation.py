"""The activations with a corner on the GPU, each in one pass."""

from __future__ import annotations

from typing import Any

from .elementwise import elementwise
from .program import Program

PROGRAM = Program("activation")


def relu_forward(x: Any) -> Any:
    """Return max(x, 0)."""
    return elementwise(PROGRAM, "map<Relu>", x)


def relu_backward(dy: Any, y: Any) -> Any:
    """Return dy where y > 0 and 0 elsewhere."""
    return elementwise(PROGRAM, "map_back<ReluBack>", dy, y)


def leaky_relu_forward(x: Any, negative_slope: float) -> Any:
    """Return x where x > 0, a x elsewhere."""
    return elementwise(PROGRAM, "map_set<LeakyRelu>", x, settings=(negative_slope,))


def leaky_relu_backward(dy: Any, x: Any, negative_slope: float) -> Any:
    """Return dy where x > 0, a dy elsewhere."""
    return elementwise(PROGRAM, "map_set_back<LeakyReluBack>", dy, x, settings=(negative_slope,))


def elu_forward(x: Any, alpha: float) -> Any:
    """Return x where x > 0, α (eˣ - 1) elsewhere."""
    return elementwise(PROGRAM, "map_set<Elu>", x, settings=(alpha,))


def elu_backward(dy: Any, x: Any, alpha: float) -> Any:
    """Return dy where x > 0, dy α eˣ elsewhere."""
    return elementwise(PROGRAM, "map_set_back<EluBack>", dy, x, settings=(alpha,))
