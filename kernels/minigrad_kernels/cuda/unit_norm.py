"""RMS norm on the GPU: layer norm of rows without the mean; see norm_rows.py."""

from __future__ import annotations

from math import prod
from typing import Any

from .arrays import covered, dense, room
from .norm_rows import rows_backward, rows_forward


def rms_norm_forward(x: Any, w: Any, lead: int, eps: float) -> Any:
    """Return y = w x s, s = 1/√(mean x² + ε) over the axes from `lead` on, and s."""
    if not covered(x, w):
        return NotImplemented
    rows = prod(x.shape[:lead])
    y, s = room((rows, x.size // rows)), room((rows,))
    rows_forward(dense(x).reshape(y.shape), _row(w), None, eps, y, None, s)
    return y.reshape(x.shape), s


def rms_norm_backward(dy: Any, y: Any, s: Any, needed: list[bool], x: Any, w: Any, lead: int, eps: float) -> Any:
    """Return dx = s (g - x̂ mean(g x̂)), g = w dy, and dw = Σ dy x̂."""
    dx = room((s.size, x.size // s.size))
    up, rows = (dense(array).reshape(dx.shape) for array in (dy, x))
    dw, _ = rows_backward(up, rows, _row(w), None, s, dx, sums=w is not None)
    return dx.reshape(x.shape), None if w is None else dw.reshape(w.shape)


def _row(w: Any) -> Any:
    return None if w is None else dense(w).reshape(-1)
