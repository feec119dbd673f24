"""tanh and its derivative on the GPU, each in one pass."""

from __future__ import annotations

from typing import Any

from .elementwise import elementwise
from .program import Program

PROGRAM = Program("trigonometry")


def tanh_forward(x: Any) -> Any:
    """Return tanh(x)."""
    return elementwise(PROGRAM, "hyperbolic_tangent", x)


def tanh_backward(dy: Any, y: Any) -> Any:
    """Return dy (1 - y²)."""
    return elementwise(PROGRAM, "hyperbolic_tangent_back", dy, y)
