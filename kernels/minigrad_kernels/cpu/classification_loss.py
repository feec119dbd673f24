"""Cross-entropy forward and backward, each in one pass over the scores.

The reference makes arrays for the shifted scores, the exponentials and the probabilities of all examples; here a row of
scores stays in the nearest cache. Forward keeps nothing but the loss itself,

    y[n] = ln Σ_c exp(x[n, c] - x[n, t])        so        p[n, c] = exp((x[n, c] - x[n, t]) - y[n])

which backward gets back. That is as exact as y is; a row with a large y, which the model has got very wrong, is summed
again.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import fastmath as fm
from .buffers import FLOAT32, dense, out
from .compiled import compiled
from .fastmath import ONE, ZERO, f32, summing
from .launch import launch
from .softmax import largest

INT64 = np.dtype("int64")
_LARGE = f32(8)  # a surprise above it is rounded by more than an exponent may be


@summing
def sum_of_exponentials(row: Any, m: Any) -> Any:
    """Return Σ exp(x - m)."""
    s = ZERO
    for c in range(row.size):
        s += fm.exp(row[c] - m)
    return s


@compiled
def _surprise(score: Any, target: Any, y: Any, start: int, stop: int) -> None:
    for n in range(start, stop):
        row, t = score[n], target[n]
        m = largest(row)
        y[n] = ZERO if t < 0 else (m - row[t]) + fm.log(sum_of_exponentials(row, m))


@compiled
def _excess(dy: Any, y: Any, score: Any, target: Any, dx: Any, start: int, stop: int) -> None:
    """dx = (p - [c = t]) dy."""
    for n in range(start, stop):
        row, result, t, factor = score[n], dx[n], target[n], dy[n]
        if t < 0:
            result[:] = ZERO
            continue
        shift, surprise, scale = row[t], y[n], ONE
        if not surprise <= _LARGE:
            shift, surprise = largest(row), ZERO
            scale = ONE / sum_of_exponentials(row, shift)
        scaled = scale * factor
        for c in range(row.size):
            result[c] = fm.exp((row[c] - shift) - surprise) * scaled
        result[t] = (fm.exp((row[t] - shift) - surprise) * scale - ONE) * factor


def cross_entropy_forward(score_nc: Any, class_n: Any) -> Any:
    """Return -ln softmax(score)[class] for each row; 0 where the class is -1."""
    if score_nc.dtype is not FLOAT32 or class_n.dtype is not INT64:
        return NotImplemented
    y, scores, classes = out(len(class_n)), dense(score_nc, score_nc.shape), dense(class_n, class_n.shape)
    launch(scores.size, len(y), _surprise, scores, classes, y)
    return y


def cross_entropy_gradient(dy_n: Any, y_n: Any, score_nc: Any, class_n: Any) -> Any:
    """Return (softmax(score) - onehot(class)) dy for each row, given the loss y; 0 where the class is -1."""
    if score_nc.dtype is not FLOAT32 or class_n.dtype is not INT64:
        return NotImplemented
    dx, scores, classes = out(score_nc.shape), dense(score_nc, score_nc.shape), dense(class_n, class_n.shape)
    dy, y = dense(dy_n, y_n.shape), dense(y_n, y_n.shape)
    launch(scores.size, len(y), _excess, dy, y, scores, classes, dx)
    return dx
