"""Rows shifted to mean 0 and scaled to variance 1 (layer norm), or scaled to mean square 1 (RMS norm).

    x[r, i]: μ and σ² belong to row r, w and b to column i

A row stays in the nearest cache from its first sum to its last product. Sums down the columns, dw and db, are taken in
parts of fixed size, one thread per part, and the parts are added up afterwards: so they do not depend on the threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .fastmath import ONE, ZERO, at_least, f32, summing


@summing
def rows_forward(x: Any, w: Any, b: Any, eps: Any, y: Any, mu: Any, variance: Any, start: int, stop: int) -> None:
    """Write y, the means and the variances."""
    n = f32(x.shape[1])
    for r in range(start, stop):
        row, result = x[r], y[r]
        m, off, v = ZERO, ZERO, ZERO
        for i in range(row.size):
            m += row[i]
        m /= n
        for i in range(row.size):
            off += row[i] - m
            v += (row[i] - m) * (row[i] - m)
        off, v = off / n, v / n
        m, v = m + off, at_least(ZERO, v - off * off)  # a mean far from 0 was rounded: by `off`
        mu[r], variance[r] = m, v
        k = ONE / np.sqrt(v + eps)
        for i in range(row.size):
            result[i] = (row[i] - m) * k * w[i] + b[i]


@summing
def rows_backward(
    dy: Any, x: Any, w: Any, mu: Any, inverse: Any, dx: Any, dw: Any, db: Any, part: int, start: int, stop: int
) -> None:
    """Write dx, and the sums of each part of the rows into a row of dw and db."""
    n = f32(x.shape[1])
    for p in range(start, stop):
        dw_part, db_part = dw[p], db[p]
        dw_part[:], db_part[:] = ZERO, ZERO
        for r in range(p * part, min(p * part + part, x.shape[0])):
            row, up, result = x[r], dy[r], dx[r]
            m, k = mu[r], inverse[r]
            total, product = ZERO, ZERO
            for i in range(row.size):
                x_hat = (row[i] - m) * k
                total += up[i] * w[i]
                product += up[i] * w[i] * x_hat
                dw_part[i] += up[i] * x_hat
                db_part[i] += up[i]
            total, product = total / n, product / n
            for i in range(row.size):
                result[i] = (up[i] * w[i] - total - (row[i] - m) * k * product) * k


@summing
def rms_forward(x: Any, w: Any, eps: Any, y: Any, inverse: Any, start: int, stop: int) -> None:
    """Return y = w x / √(mean x² + ε), and the inverse root."""
    n = f32(x.shape[1])
    for r in range(start, stop):
        row, result, v = x[r], y[r], ZERO
        for i in range(row.size):
            v += row[i] * row[i]
        k = ONE / np.sqrt(v / n + eps)
        inverse[r] = k
        for i in range(row.size):
            result[i] = row[i] * k * w[i]


@summing
def rms_backward(
    dy: Any, x: Any, w: Any, inverse: Any, dx: Any, dw: Any, part: int, start: int, stop: int
) -> None:  # fmt: skip
    """Write dx = (g - x̂ mean(g x̂)) / rms, g = w dy, and the sums of dw."""
    n = f32(x.shape[1])
    for p in range(start, stop):
        dw_part = dw[p]
        dw_part[:] = ZERO
        for r in range(p * part, min(p * part + part, x.shape[0])):
            row, up, result, k, product = x[r], dy[r], dx[r], inverse[r], ZERO
            for i in range(row.size):
                product += up[i] * w[i] * (row[i] * k)
                dw_part[i] += up[i] * (row[i] * k)
            product /= n
            for i in range(row.size):
                result[i] = (up[i] * w[i] - row[i] * k * product) * k
