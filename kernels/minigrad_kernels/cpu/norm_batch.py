"""Channels of a batch shifted to mean 0 and scaled to variance 1: batch norm of images.

    x[n, c, l]   μ, σ², w and b belong to channel c; the pixels l of an image and a channel are a plane, and planes are
                 numbered p = n C + c

The planes of a channel lie far apart, so all planes are gone through in the order of memory, once for sums and once for
results. What dx needs of a channel, Σ dy and Σ dy x̂, are db and dw.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled import compiled
from .fastmath import ONE, f32
from .norm_groups import merged, statistics, totals


@compiled
def batch_statistics(x: Any, mean: Any, squares: Any, start: int, stop: int) -> None:
    """Return the mean of each plane, and the sum of squares about it."""
    for p in range(start, stop):
        mean[p], squares[p] = statistics(x[p])


@compiled
def merge(mean: Any, squares: Any, n: int, mu: Any, variance: Any) -> None:
    """Return mean and variance of each channel."""
    C = mu.size
    for c in range(C):
        m, v = 0.0, 0.0
        for p in range(c, mean.size, C):
            m, v = merged(m, v, p // C, mean[p], squares[p], n)
        mu[c], variance[c] = m, v / (n * (mean.size // C))


@compiled
def batch_forward(
    x: Any, w: Any, b: Any, eps: Any, mu: Any, variance: Any, y: Any, start: int, stop: int
) -> None:  # fmt: skip
    """Return y."""
    for p in range(start, stop):
        plane, result, c = x[p], y[p], p % w.size
        m, scale, shift = mu[c], w[c] / np.sqrt(variance[c] + eps), b[c]
        for i in range(plane.size):
            result[i] = (plane[i] - m) * scale + shift


@compiled
def batch_sums(dy: Any, x: Any, mu: Any, inverse: Any, total: Any, product: Any, start: int, stop: int) -> None:
    """Return Σ dy and Σ dy x̂ of each plane."""
    for p in range(start, stop):
        c = p % mu.size
        total[p], product[p] = totals(dy[p], x[p], mu[c], inverse[c])


@compiled
def batch_backward(
    dy: Any, x: Any, w: Any, mu: Any, inverse: Any, dw: Any, db: Any, dx: Any, start: int, stop: int
) -> None:
    """Return dx = w (dy - mean dy - x̂ mean(dy x̂)) / σ."""
    part = ONE / f32(x.size // w.size)
    for p in range(start, stop):
        plane, up, result, c = x[p], dy[p], dx[p], p % w.size
        m, scale = mu[c], w[c] * inverse[c]
        offset, slope = part * db[c], part * dw[c] * inverse[c]
        for i in range(plane.size):
            result[i] = scale * (up[i] - offset - (plane[i] - m) * slope)
