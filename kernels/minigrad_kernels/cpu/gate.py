"""Gates and what they let through, each in one pass; the formulas are those of minigrad/ops/gate.py.

Where the reference subtracts from 1, here both halves of a probability are computed from exp(-|x|), so that neither
loses digits: σ(x) and 1 - σ(x), Φ(x) and 1 - Φ(x).
"""

from __future__ import annotations

import math
from typing import Any

from . import fastmath as fm
from .compiled import compiled
from .elementwise import elementwise
from .fastmath import ONE, TWO, ZERO, f32, inline

_K, _A = f32(math.sqrt(2 / math.pi)), f32(0.044715)
_THREE_A = f32(3 * 0.044715)
_FLAT = f32(40)  # beyond, the slope of gelu is 0 or 1 to the last bit, and its powers of x may overflow
_STEEP = f32(20)  # beyond, mish is x


@inline
def _both(x: Any) -> Any:
    """Return σ(x) and 1 - σ(x)."""
    e = fm.exp(-abs(x))
    q = ONE / (ONE + e)
    small = e * q
    return (small if x < ZERO else q), (q if x < ZERO else small)


@compiled
def _sigmoid(x: Any, y: Any) -> None:
    for i in range(x.size):
        y[i] = fm.sigmoid(x[i])


@compiled
def _sigmoid_back(dy: Any, y: Any, dx: Any) -> None:
    for i in range(y.size):
        dx[i] = dy[i] * (y[i] * (ONE - y[i]))


@compiled
def _silu(x: Any, y: Any) -> None:
    for i in range(x.size):
        y[i] = x[i] * fm.sigmoid(x[i])


@compiled
def _silu_back(dy: Any, x: Any, dx: Any) -> None:
    for i in range(x.size):
        s, r = _both(x[i])
        dx[i] = dy[i] * (s * (ONE + x[i] * r))


@inline
def _tanh_of_softplus(x: Any) -> Any:
    """Return tanh(ln(1 + eˣ)) = n / (n + 2), n = eˣ (eˣ + 2), and eˣ."""
    e = fm.exp(fm.at_most(_STEEP, x))
    n = e * (e + TWO)
    return n / (n + TWO), e


@compiled
def _mish(x: Any, y: Any) -> None:
    for i in range(x.size):
        y[i] = x[i] * _tanh_of_softplus(x[i])[0]


@compiled
def _mish_back(dy: Any, x: Any, dx: Any) -> None:
    """1 - t² = 4 (e + 1)² / (n + 2)², and σ = e / (1 + e)."""
    for i in range(x.size):
        t, e = _tanh_of_softplus(x[i])
        q = TWO / (e * (e + TWO) + TWO)
        c = fm.at_most(_FLAT, fm.at_least(-TWO * _FLAT, x[i]))
        dx[i] = dy[i] * (t + c * (q * q * (e * (e + ONE))))


@compiled
def _gelu(x: Any, y: Any) -> None:
    for i in range(x.size):
        y[i] = x[i] * fm.normal(x[i])[0]


@compiled
def _gelu_back(dy: Any, x: Any, dx: Any) -> None:
    for i in range(x.size):
        c = fm.at_most(_FLAT, fm.at_least(-_FLAT, x[i]))
        cdf, density = fm.normal(c)
        dx[i] = dy[i] * (cdf + c * density)


@compiled
def _gelu_tanh(x: Any, y: Any) -> None:
    """½ (1 + tanh u) = σ(2 u)."""
    for i in range(x.size):
        y[i] = x[i] * fm.sigmoid(TWO * _K * (x[i] + _A * x[i] * x[i] * x[i]))


@compiled
def _gelu_tanh_back(dy: Any, x: Any, dx: Any) -> None:
    for i in range(x.size):
        c = fm.at_most(_FLAT, fm.at_least(-_FLAT, x[i]))
        s, r = _both(TWO * _K * (c + _A * c * c * c))
        dx[i] = dy[i] * (s + TWO * c * s * r * _K * (ONE + _THREE_A * c * c))


def sigmoid_forward(x: Any) -> Any:
    """Return σ(x)."""
    return elementwise(_sigmoid, x)


def sigmoid_backward(dy: Any, y: Any) -> Any:
    """Return dy y (1 - y)."""
    return elementwise(_sigmoid_back, dy, y)


def silu_forward(x: Any) -> Any:
    """Return x σ(x)."""
    return elementwise(_silu, x)


def silu_backward(dy: Any, x: Any) -> Any:
    """Return dy σ (1 + x (1 - σ))."""
    return elementwise(_silu_back, dy, x)


def mish_forward(x: Any) -> Any:
    """Return x tanh(ln(1 + eˣ)), alone: nothing is kept for backward."""
    y = elementwise(_mish, x)
    return y if y is NotImplemented else (y,)


def mish_backward(dy: Any, y: Any, needed: list[bool], x: Any) -> Any:
    """Return dy (t + x (1 - t²) σ(x)), t = tanh(ln(1 + eˣ)), for the only input there is."""
    dx = elementwise(_mish_back, dy, x)
    return dx if dx is NotImplemented else (dx,)


def gelu_forward(x: Any, approximate: str) -> Any:
    """Return x Φ(x)."""
    return elementwise(_gelu if approximate == "none" else _gelu_tanh, x)


def gelu_backward(dy: Any, x: Any, approximate: str) -> Any:
    """Return dy (Φ(x) + x Φ'(x))."""
    return elementwise(_gelu_back if approximate == "none" else _gelu_tanh_back, dy, x)
