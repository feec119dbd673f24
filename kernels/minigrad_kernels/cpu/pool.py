"""Max-pooling in one pass: the twins of max_pool_forward and scatter_pixels_loop.

The reference goes through the image once per tap, with arrays of comparisons in between. Here each window is looked
at once, and its largest pixel stays in a register. Bytes: the image once, the result and its indices once; that is
what bounds it.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from .compiled import compiled
from .threads import split

WORTHWHILE = 2**16  # pixels; below, a second thread costs more than it saves


@compiled
def _pool(
    x: Any, y: Any, places: Any, start: int, stop: int, kernel: Any, stride: Any, padding: Any, dilation: Any
) -> None:
    """Windows of any kind. Which pixel wins is chosen, not branched to: no branch could be predicted."""
    H, W = x.shape[1:]
    R, S, row, column = kernel[0], kernel[1], dilation[0], dilation[1]
    for n in range(start, stop):
        for p in range(y.shape[1]):
            for q in range(y.shape[2]):
                top, left = p * stride[0] - padding[0], q * stride[1] - padding[1]
                best, place = np.float32(-np.inf), -1
                for r in range(R):
                    for s in range(S):
                        h, w = top + r * row, left + s * column
                        if 0 <= h < H and 0 <= w < W:
                            value = x[n, h, w]
                            wins = (value > best) | np.isnan(value) | (place < 0)
                            best = value if wins else best
                            place = h * W + w if wins else place
                y[n, p, q] = best
                places[n, p, q] = place


@compiled
def _pool_quarters(x: Any, y: Any, places: Any, start: int, stop: int) -> None:
    """Windows of 2×2 side by side: the same, three times as fast."""
    W = x.shape[2]
    for n in range(start, stop):
        for p in range(y.shape[1]):
            for q in range(y.shape[2]):
                h, w = 2 * p, 2 * q
                best, step = x[n, h, w], 0
                value = x[n, h, w + 1]
                wins = (value > best) | np.isnan(value)
                best, step = value if wins else best, 1 if wins else step
                value = x[n, h + 1, w]
                wins = (value > best) | np.isnan(value)
                best, step = value if wins else best, W if wins else step
                value = x[n, h + 1, w + 1]
                wins = (value > best) | np.isnan(value)
                y[n, p, q] = value if wins else best
                places[n, p, q] = h * W + w + (W + 1 if wins else step)


@compiled
def _scatter(y: Any, places: Any, x: Any, start: int, stop: int) -> None:
    for n in range(start, stop):
        for p in range(y.shape[1]):
            x[n, places[n, p]] += y[n, p]


def _pairs(*settings: Any) -> Any:
    """Return settings per axis as arrays for two axes; a sequence is an image of one row."""
    neutral = (1, 1, 0, 1)
    return [np.array([n] * (2 - len(s)) + list(s)) for s, n in zip(settings, neutral, strict=True)]


def _inside(g: Any) -> bool:
    """Say whether every window lies inside the image; with ceil_mode the last may hang over its edge."""
    return all(2 * p <= n for p, n in zip(g.out, g.size, strict=True))


def max_pool_forward(x_nchw: Any, g: Any) -> Any:
    """Return the largest pixel of each window and its place in the plane."""
    d = len(g.size)
    if x_nchw.dtype != np.float32 or d > 2 or not x_nchw.size:
        return NotImplemented
    lead, flat = x_nchw.shape[:-d], (1,) * (2 - d)
    planes = prod(lead)
    x = np.ascontiguousarray(x_nchw).reshape(planes, *flat, *g.size)
    y = np.empty((planes, *flat, *g.out), np.float32)
    places = np.empty(y.shape, np.int64)
    settings = _pairs(g.kernel, g.stride, g.padding, g.dilation)
    quarters = (g.kernel, g.stride, g.padding, g.dilation) == ((2, 2), (2, 2), (0, 0), (1, 1)) and _inside(g)

    def work(start: int, stop: int) -> None:
        if quarters:
            _pool_quarters(x, y, places, start, stop)
        else:
            _pool(x, y, places, start, stop, *settings)

    split(work, planes, x.size > WORTHWHILE)
    return y.reshape(*lead, *g.out), places.reshape(*lead, *g.out)


def scatter_pixels_loop(y_ncpq: Any, i_ncpq: Any, size: tuple[int, ...]) -> Any:
    """Add pixels into planes of zeros at their places. Planes are independent, so threads never meet."""
    if y_ncpq.dtype != np.float32 or not y_ncpq.size:
        return NotImplemented
    d = len(size)
    lead = y_ncpq.shape[:-d]
    planes = prod(lead)
    y = np.ascontiguousarray(y_ncpq).reshape(planes, prod(y_ncpq.shape[-d:]))
    places = np.ascontiguousarray(i_ncpq).reshape(y.shape)
    x = np.zeros((planes, prod(size)), np.float32)

    def work(start: int, stop: int) -> None:
        _scatter(y, places, x, start, stop)

    split(work, planes, x.size > WORTHWHILE)
    return x.reshape(*lead, *size)
