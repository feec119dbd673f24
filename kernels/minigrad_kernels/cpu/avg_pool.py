"""Averages in one pass: the twins of average_loop and spread_loop for windows that share no pixel.

They lie side by side and fill the plane: one window that is the whole plane, or rows of them. For windows that overlap,
hang over or leave pixels out the references, which add tap by tap, are fast enough. Bytes: the images, once; that
bounds it.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from .buffers import FLOAT32, flat, out
from .channels import sum_of
from .compiled import compiled
from .launch import launch

WIDEST = 8  # columns of a window; their number is known to the compiler, as the length of a tuple


@compiled
def _average(x: Any, pixels: int, count: float, y: Any, start: int, stop: int) -> None:
    for n in range(start, stop):
        y[n] = sum_of(x, n * pixels, (n + 1) * pixels) / count


@compiled
def _spread(y: Any, count: float, pixels: int, x: Any, start: int, stop: int) -> None:
    for n in range(start, stop):
        x[n * pixels : (n + 1) * pixels] = y[n] / count


@compiled
def _average_rows(columns: Any, x: Any, rows: int, Q: int, count: float, y: Any, start: int, stop: int) -> None:
    """Average rows start to stop of windows, each `rows` rows of pixels high."""
    S = len(columns)
    for p in range(start, stop):
        averages = y[p * Q : (p + 1) * Q]
        averages[:] = 0
        for r in range(p * rows, (p + 1) * rows):
            pixels = x[r * Q * S : (r + 1) * Q * S]
            for q in range(Q):
                for s in range(S):
                    averages[q] += pixels[q * S + s]
        for q in range(Q):
            averages[q] /= count


@compiled
def _spread_rows(columns: Any, y: Any, rows: int, Q: int, count: float, x: Any, start: int, stop: int) -> None:
    S = len(columns)
    for p in range(start, stop):
        for r in range(p * rows, (p + 1) * rows):
            pixels = x[r * Q * S : (r + 1) * Q * S]
            for q in range(Q):
                for s in range(S):
                    pixels[q * S + s] = y[p * Q + q] / count


def _one_window(g: Any) -> bool:
    return prod(g.out) == 1 and g.kernel == g.size and not any(g.padding)


def _rows_of_windows(g: Any) -> bool:
    """Say whether windows of one or two axes fill the plane side by side."""
    filled = tuple(p * r for p, r in zip(g.out, g.kernel, strict=True)) == g.size
    return filled and g.stride == g.kernel and not any(g.padding) and len(g.size) < 3 and g.kernel[-1] <= WIDEST


def average_loop(x_nchw: Any, g: Any, count: Any) -> Any:
    """Add up each window and divide."""
    if x_nchw.dtype != FLOAT32 or not x_nchw.size or not (_one_window(g) or _rows_of_windows(g)):
        return NotImplemented
    y, x, divisor = out((*x_nchw.shape[: -len(g.size)], *g.out)), flat(x_nchw), _number(count)
    if _one_window(g):
        launch(x.size, y.size, _average, x, prod(g.size), divisor, y.reshape(-1))
    else:
        columns, rows, Q = (0,) * g.kernel[-1], prod(g.kernel[:-1]), g.out[-1]
        launch(x.size, y.size // Q, _average_rows, columns, x, rows, Q, divisor, y.reshape(-1))
    return y


def spread_loop(y_ncpq: Any, g: Any, count: Any) -> Any:
    """Divide and add to every pixel of the window."""
    if y_ncpq.dtype != FLOAT32 or not y_ncpq.size or not (_one_window(g) or _rows_of_windows(g)):
        return NotImplemented
    x, y, divisor = out((*y_ncpq.shape[: -len(g.size)], *g.size)), flat(y_ncpq), _number(count)
    if _one_window(g):
        launch(x.size, y.size, _spread, y, divisor, prod(g.size), x.reshape(-1))
    else:
        columns, rows, Q = (0,) * g.kernel[-1], prod(g.kernel[:-1]), g.out[-1]
        launch(x.size, y.size // Q, _spread_rows, columns, y, rows, Q, divisor, x.reshape(-1))
    return x


def _number(count: Any) -> Any:
    return FLOAT32.type(np.asarray(count).reshape(-1)[0])
