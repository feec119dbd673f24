"""Columns shifted to mean 0 and scaled to variance 1: batch norm of features without pixels.

    x[n, c]: μ, σ², w and b belong to column c

Rows are added up side by side, in float64: a column may be long.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled import compiled
from .fastmath import ONE, f32


@compiled
def columns_forward(x: Any, w: Any, b: Any, eps: Any, y: Any, mu: Any, variance: Any) -> None:
    """Return y, the means and the variances."""
    n, C = x.shape
    total, squares, scale = np.zeros(C), np.zeros(C), np.empty(C, f32)
    for r in range(n):
        row = x[r]
        for c in range(C):
            total[c] += row[c]
    for c in range(C):
        mu[c] = total[c] / n
    for r in range(n):
        row = x[r]
        for c in range(C):
            d = row[c] - mu[c]
            squares[c] += d * d
    for c in range(C):
        variance[c] = squares[c] / n
        scale[c] = w[c] / np.sqrt(variance[c] + eps)
    for r in range(n):
        row, result = x[r], y[r]
        for c in range(C):
            result[c] = (row[c] - mu[c]) * scale[c] + b[c]


@compiled
def columns_backward(dy: Any, x: Any, w: Any, mu: Any, inverse: Any, dx: Any, dw: Any, db: Any) -> None:
    """Return dx, dw and db."""
    n, C = x.shape
    total, product, scale = np.zeros(C), np.zeros(C), np.empty(C, f32)
    for r in range(n):
        row, up = x[r], dy[r]
        for c in range(C):
            total[c] += up[c]
            product[c] += up[c] * ((row[c] - mu[c]) * inverse[c])
    part = ONE / f32(n)
    for c in range(C):
        db[c], dw[c], scale[c] = total[c], product[c], w[c] * inverse[c]
    for r in range(n):
        row, up, result = x[r], dy[r], dx[r]
        for c in range(C):
            x_hat = (row[c] - mu[c]) * inverse[c]
            result[c] = scale[c] * (up[c] - part * (db[c] + x_hat * dw[c]))
