"""Gates and what they let through on the GPU, each in one pass."""

from __future__ import annotations

from typing import Any

from .elementwise import elementwise
from .program import Program

PROGRAM = Program("gate")


def sigmoid_forward(x: Any) -> Any:
    """Return σ(x)."""
    return elementwise(PROGRAM, "map<Sigmoid>", x)


def sigmoid_backward(dy: Any, y: Any) -> Any:
    """Return dy y (1 - y)."""
    return elementwise(PROGRAM, "map_back<SigmoidBack>", dy, y)


def silu_forward(x: Any) -> Any:
    """Return x σ(x)."""
    return elementwise(PROGRAM, "map<Silu>", x)


def silu_backward(dy: Any, x: Any) -> Any:
    """Return dy σ (1 + x (1 - σ))."""
    return elementwise(PROGRAM, "map_back<SiluBack>", dy, x)


def mish_forward(x: Any) -> Any:
    """Return x tanh(ln(1 + eˣ)), alone: nothing is kept for backward."""
    y = elementwise(PROGRAM, "map<Mish>", x)
    return y if y is NotImplemented else (y,)


def mish_backward(dy: Any, y: Any, needed: list[bool], x: Any) -> Any:
    """Return dy (t + x (1 - t²) σ(x)), t = tanh(ln(1 + eˣ)), for the only input there is."""
    dx = elementwise(PROGRAM, "map_back<MishBack>", dy, x)
    return dx if dx is NotImplemented else (dx,)


def gelu_forward(x: Any, approximate: str) -> Any:
    """Return x Φ(x)."""
    return elementwise(PROGRAM, "map<Gelu>" if approximate == "none" else "map<GeluTanh>", x)


def gelu_backward(dy: Any, x: Any, approximate: str) -> Any:
    """Return dy (Φ(x) + x Φ'(x))."""
    return elementwise(PROGRAM, "map_back<GeluBack>" if approximate == "none" else "map_back<GeluTanhBack>", dy, x)
