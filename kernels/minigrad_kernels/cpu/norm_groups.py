"""Groups of channels of one image shifted to mean 0 and scaled to variance 1: group norm, and instance norm.

    x[n, c, l]   w and b belong to channel c; the pixels l of an image and a channel are a plane, and planes are
                 numbered p = n C + c. A statistic s belongs to planes s · count ... s · count + count - 1.

A group is small enough to be in a cache still when it is looked at for the second time. Sums over a plane are taken in
float32, sums of those in float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled import compiled
from .fastmath import ONE, ZERO, at_least, f32, inline, summing


@summing
def statistics(plane: Any) -> tuple[Any, Any]:
    """Return the mean of a plane, and the sum of squares about it."""
    m, off, v = ZERO, ZERO, ZERO
    for i in range(plane.size):
        m += plane[i]
    m /= f32(plane.size)
    for i in range(plane.size):
        off += plane[i] - m
        v += (plane[i] - m) * (plane[i] - m)
    off /= f32(plane.size)  # a mean far from 0 was rounded
    return m + off, at_least(ZERO, v - f32(plane.size) * off * off)


@summing
def totals(up: Any, plane: Any, m: Any, k: Any) -> tuple[Any, Any]:
    """Return Σ dy and Σ dy x̂ of a plane."""
    total, product = ZERO, ZERO
    for i in range(plane.size):
        total += up[i]
        product += up[i] * (plane[i] - m)
    return total, product * k


@inline
def merged(mean: Any, squares: Any, number: int, m: Any, v: Any, n: int) -> tuple[Any, Any]:
    """Return mean and squares of `number` planes of n pixels and of one more: the distance of the means comes in."""
    d = m - mean
    return mean + d / (number + 1), squares + v + n * d * d * (number / (number + 1))


@compiled
def groups_forward(
    x: Any, w: Any, b: Any, eps: Any, count: int, y: Any, mu: Any, variance: Any, start: int, stop: int
) -> None:
    """Return y, means and variances."""
    n = x.shape[1]
    for s in range(start, stop):
        mean, squares = 0.0, 0.0
        for j in range(count):
            m, v = statistics(x[s * count + j])
            mean, squares = merged(mean, squares, j, m, v, n)
        mu[s], variance[s] = mean, squares / (n * count)
        m, k = mu[s], ONE / np.sqrt(variance[s] + eps)
        for p in range(s * count, s * count + count):
            plane, result, scale, shift = x[p], y[p], w[p % w.size] * k, b[p % w.size]
            for i in range(plane.size):
                result[i] = (plane[i] - m) * scale + shift


@compiled
def groups_backward(
    dy: Any, x: Any, w: Any, mu: Any, inverse: Any, count: int, dx: Any, total: Any, product: Any, start: int, stop: int
) -> None:
    """Write dx, and Σ dy and Σ dy x̂ of each plane."""
    n = x.shape[1] * count
    for s in range(start, stop):
        m, k, a, b = mu[s], inverse[s], 0.0, 0.0
        for p in range(s * count, s * count + count):
            total[p], product[p] = totals(dy[p], x[p], m, k)
            a += w[p % w.size] * total[p]
            b += w[p % w.size] * product[p]
        offset, slope = f32(a / n) * k, f32(b / n) * k * k
        for p in range(s * count, s * count + count):
            plane, up, result, scale = x[p], dy[p], dx[p], w[p % w.size] * k
            for i in range(plane.size):
                result[i] = up[i] * scale - offset - (plane[i] - m) * slope


@compiled
def channel_sums(per_plane: Any, per_channel: Any) -> None:
    """Add up what the planes of a channel have."""
    C = per_channel.size
    for c in range(C):
        total = 0.0
        for p in range(c, per_plane.size, C):
            total += per_plane[p]
        per_channel[c] = total
