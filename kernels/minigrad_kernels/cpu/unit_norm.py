"""RMS norm forward and backward, a row at a time; see norm_rows.py."""

from __future__ import annotations

from math import prod
from typing import Any

from .buffers import FLOAT32, dense, out
from .fastmath import f32
from .launch import launch
from .norm_rows import rms_backward, rms_forward
from .normalise import factors, parts_of


def rms_norm_forward(x: Any, w: Any, lead: int, eps: float) -> Any:
    """Return y = w x s, s = 1/√(mean x² + ε) over the axes from `lead` on, and s."""
    if x.dtype is not FLOAT32 or not x.size:
        return NotImplemented
    y, rows = out(x.shape), prod(x.shape[:lead])
    flat, s = dense(x, (rows, x.size // rows)), out(rows)
    launch(x.size, rows, rms_forward, flat, factors(w, flat.shape[1]), f32(eps), y.reshape(flat.shape), s)
    return y, s


def rms_norm_backward(dy: Any, y: Any, s: Any, needed: list[bool], x: Any, w: Any, lead: int, eps: float) -> Any:
    """Return dx = s (g - x̂ mean(g x̂)), g = w dy, and dw = Σ dy x̂."""
    rows, dx = s.size, out(x.shape)
    shape = (rows, x.size // rows)
    part, parts = parts_of(rows)
    dw = out((parts, shape[1]))
    flat = dense(dy, shape), dense(x, shape), factors(w, shape[1]), s, dx.reshape(shape)
    launch(x.size, parts, rms_backward, *flat, dw, part)
    return dx, None if w is None else (dw if parts == 1 else dw.sum(0)).reshape(w.shape)
