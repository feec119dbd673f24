"""Averages of whole planes: the twins of average_loop and spread_loop where one window is all there is.

For other windows the references, which add tap by tap, are fast enough. Bytes: the images, once; that bounds it.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from .buffers import FLOAT32, flat, out
from .channels import sum_of
from .compiled import compiled
from .launch import launch


@compiled
def _average(x: Any, pixels: int, count: float, y: Any, start: int, stop: int) -> None:
    for n in range(start, stop):
        y[n] = sum_of(x, n * pixels, (n + 1) * pixels) / count


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
    launch(x_nchw.size, y.size, _average, flat(x_nchw), prod(g.size), _number(count), y.reshape(-1))
    return y


def spread_loop(y_ncpq: Any, g: Any, count: Any) -> Any:
    """Divide and add to every pixel of the window."""
    if not _one_window(y_ncpq, g):
        return NotImplemented
    x = out((*y_ncpq.shape[: -len(g.size)], *g.size))
    launch(x.size, y_ncpq.size, _spread, flat(y_ncpq), _number(count), prod(g.size), x.reshape(-1))
    return x


def _number(count: Any) -> Any:
    return FLOAT32.type(np.asarray(count).reshape(-1)[0])
