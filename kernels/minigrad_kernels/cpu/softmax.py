"""softmax and log_softmax, forward and backward, while a row is in the nearest cache.

The reference makes an array for every step: shifted scores, exponentials, their sums, quotients. Here a row is read
from memory once and written once. Along the last axis a slice is a row; along another, slices stand side by side,

    x[outer, k, inner]     k = 0 ... n-1 is the axis

and BLOCK of them are computed together, each step being a loop over `inner`.

The largest score is found among integers: the bits of a float32, with those of a negative one inverted, are ordered as
the numbers are. That loop is a vector loop for any input; one over floats, with NaN in mind, is not.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from . import fastmath as fm
from .buffers import FLOAT32, dense, out
from .compiled import compiled
from .fastmath import ONE, ZERO, f32, i32, inline, summing
from .launch import launch

BLOCK = 512  # slices side by side; n of their rows should fit into the second-level cache
_MAGNITUDE, _SIGN = i32(0x7FFFFFFF), i32(31)
_LEAST = i32(-(2**31))


@inline
def ordered(x: Any) -> Any:
    """Return an int32 that compares as x does; NaN comes after ∞, or before -∞. Its own inverse, but for the type."""
    return flipped(f32(x).view(i32))


@inline
def flipped(bits: Any) -> Any:
    """Invert all bits but the sign's where that is set."""
    return i32(bits ^ i32(i32(bits >> _SIGN) & _MAGNITUDE))


@compiled(forceinline=True)
def largest(x: Any) -> Any:
    """Return the largest number of a row."""
    m = _LEAST
    for i in range(x.size):
        m = max(m, ordered(x[i]))
    return i32(flipped(m)).view(f32)


@summing
def _softmax(x: Any, y: Any, start: int, stop: int) -> None:
    for r in range(start, stop):
        row, result = x[r], y[r]
        m, s = largest(row), ZERO
        for i in range(row.size):
            e = fm.exp(row[i] - m)
            result[i] = e
            s += e
        q = ONE / s
        for i in range(row.size):
            result[i] *= q


@summing
def _softmax_back(dy: Any, y: Any, dx: Any, start: int, stop: int) -> None:
    for r in range(start, stop):
        row, p, result = dy[r], y[r], dx[r]
        s = ZERO
        for i in range(row.size):
            s += row[i] * p[i]
        for i in range(row.size):
            result[i] = p[i] * (row[i] - s)


@summing
def _log_softmax(x: Any, y: Any, start: int, stop: int) -> None:
    for r in range(start, stop):
        row, result = x[r], y[r]
        m, s = largest(row), ZERO
        for i in range(row.size):
            s += fm.exp(row[i] - m)
        ln = fm.log(s)
        for i in range(row.size):
            result[i] = (row[i] - m) - ln


@summing
def _log_softmax_back(dy: Any, y: Any, dx: Any, start: int, stop: int) -> None:
    for r in range(start, stop):
        row, logp, result = dy[r], y[r], dx[r]
        s = ZERO
        for i in range(row.size):
            s += row[i]
        for i in range(row.size):
            result[i] = row[i] - fm.exp(logp[i]) * s


@compiled
def _columns(x: Any, y: Any, logs: bool, start: int, stop: int) -> None:
    """Slices side by side: the same steps, each for a block of them."""
    n, inner = x.shape[1:]
    blocks = (inner + BLOCK - 1) // BLOCK
    m, s = np.empty(BLOCK, f32), np.empty(BLOCK, f32)
    for block in range(start, stop):
        image, left = block // blocks, block % blocks * BLOCK
        right = min(left + BLOCK, inner)
        m[:] = -np.inf
        for k in range(n):
            row = x[image, k][left:right]
            for j in range(row.size):
                m[j] = row[j] if row[j] > m[j] else m[j]
        s[:] = ZERO
        for k in range(n):
            row, result = x[image, k][left:right], y[image, k][left:right]
            for j in range(row.size):
                e = fm.exp(row[j] - m[j])
                result[j] = row[j] - m[j] if logs else e
                s[j] += e
        for j in range(right - left):
            s[j] = fm.log(s[j]) if logs else ONE / s[j]
        for k in range(n):
            result = y[image, k][left:right]
            for j in range(result.size):
                result[j] = result[j] - s[j] if logs else result[j] * s[j]


@compiled
def _columns_back(dy: Any, y: Any, dx: Any, logs: bool, start: int, stop: int) -> None:
    n, inner = y.shape[1:]
    blocks = (inner + BLOCK - 1) // BLOCK
    s = np.empty(BLOCK, f32)
    for block in range(start, stop):
        image, left = block // blocks, block % blocks * BLOCK
        right = min(left + BLOCK, inner)
        s[:] = ZERO
        for k in range(n):
            row, p = dy[image, k][left:right], y[image, k][left:right]
            for j in range(row.size):
                s[j] += row[j] if logs else row[j] * p[j]
        for k in range(n):
            row, p, result = dy[image, k][left:right], y[image, k][left:right], dx[image, k][left:right]
            for j in range(row.size):
                result[j] = row[j] - fm.exp(p[j]) * s[j] if logs else p[j] * (row[j] - s[j])


def _along(axis: int, arrays: tuple[Any, ...], by_rows: Any, by_columns: Any, logs: bool) -> Any:
    """Return what a kernel for rows, or one for columns, makes of arrays of one shape."""
    shape = arrays[0].shape
    if not shape or any(x.dtype is not FLOAT32 for x in arrays):
        return NotImplemented
    y, n = out(shape), shape[axis]
    if not y.size:
        return y
    if axis == len(shape) - 1:
        rows = (y.size // n, n)
        launch(y.size, rows[0], by_rows, *[dense(x, rows) for x in arrays], y.reshape(rows))
    else:
        slices = (prod(shape[:axis]), n, prod(shape[axis + 1 :]))
        blocks = slices[0] * -(-slices[2] // BLOCK)
        launch(y.size, blocks, by_columns, *[dense(x, slices) for x in arrays], y.reshape(slices), logs)
    return y


def softmax_forward(x: Any, axis: int) -> Any:
    """Return exp(x - m) / Σ exp(x - m) along `axis`."""
    return _along(axis, (x,), _softmax, _columns, False)


def softmax_backward(dy: Any, y: Any, axis: int) -> Any:
    """Return y (dy - Σ dy y)."""
    return _along(axis, (dy, y), _softmax_back, _columns_back, False)


def log_softmax_forward(x: Any, axis: int) -> Any:
    """Return x - m - ln Σ exp(x - m) along `axis`."""
    return _along(axis, (x,), _log_softmax, _columns, True)


def log_softmax_backward(dy: Any, y: Any, axis: int) -> Any:
    """Return dy - exp(y) Σ dy."""
    return _along(axis, (dy, y), _log_softmax_back, _columns_back, True)
