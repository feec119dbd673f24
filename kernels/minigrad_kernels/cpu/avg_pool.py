"""Averages of whole planes: the twins of average_loop and spread_loop where one window is all there is.

For other windows the references, which add tap by tap, are fast enough. Bytes: the images, once; that bounds it.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from .buffers import FLOAT32, dense, out
from .compiled import compiled
from .launch import launch

PIECE = 1024  # numbers added up in float32; sums of pieces are added up in float64


@compiled(fastmath={"reassoc"})  # sums in any order, so that a vector of them can be kept
def _average(x: Any, pixels: int, count: float, y: Any, start: int, stop: int) -> None:
    for n in range(start, stop):
        total = np.float64(0)
        for p in range(n * pixels, (n + 1) * pixels, PIECE):
            piece, part = x[p : min(p + PIECE, (n + 1) * pixels)], np.float32(0)
            for i in range(piece.shape[0]):
                part += piece[i]
            total += part
        y[n] = total / count


@compiled
def _spread(y: Any, count: float, pixels: int, x: Any, start: int, stop: int) -> None:
    for n in range(start, stop):
        x[n * pixels : (n + 1) * pixels] = y[n] / count


def _one_window(a: Any, g: Any) -> bool:
    return a.dtype == FLOAT32 and a.size > 0 and prod(g.out) == 1 and g.kernel == g.size and not any(g.padding)


def average_loop(x_nchw: Any, g: Any, count: Any) -> Any:
    """Add up each window and divide."""
    if not _one_window(x_nchw, g):
        return NotImplemented
    y = out((*x_nchw.shape[: -len(g.size)], *g.out))
    launch(x_nchw.size, y.size, _average, dense(x_nchw, (x_nchw.size,)), prod(g.size), _number(count), y.reshape(-1))
    return y


def spread_loop(y_ncpq: Any, g: Any, count: Any) -> Any:
    """Divide and add to every pixel of the window."""
    if not _one_window(y_ncpq, g):
        return NotImplemented
    x = out((*y_ncpq.shape[: -len(g.size)], *g.size))
    launch(x.size, y_ncpq.size, _spread, dense(y_ncpq, (y_ncpq.size,)), _number(count), prod(g.size), x.reshape(-1))
    return x


def _number(count: Any) -> Any:
    return FLOAT32.type(np.asarray(count).reshape(-1)[0])
