"""Normalization forward and backward in two looks at x; the formulas are those of minigrad/ops/normalise.py.

Four arrangements cover all kinds: rows (norm_rows.py), columns (norm_columns.py), groups (norm_groups.py), and batches
of images (norm_batch.py). Here it is decided which.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from .buffers import FLOAT32, dense, out
from .fastmath import f32
from .launch import launch
from .norm_batch import batch_backward, batch_forward, batch_statistics, batch_sums, merge
from .norm_columns import columns_backward, columns_forward
from .norm_groups import channel_sums, groups_backward, groups_forward
from .norm_rows import rows_backward, rows_forward

PART, PARTS = 64, 16  # the least rows whose dw and db are added up together, and the most parts

Shape = tuple[int, ...]


def _arranged(shape: Shape, axes: Shape, view: Shape | None) -> tuple[str, Shape, int, int]:
    """Return the arrangement, x as rows or planes (two axes), how many w there are, and how many planes share one μ.

    w (or b) broadcasts against x in the shape `view`; without it rows will do, if not for batches.
    """
    size, columns = prod(shape), shape[axes[0] :]
    if axes[0] == 0 and len(axes) < len(shape):
        N, C = shape[:2]
        if size == N * C:
            return "columns", (N, C), C, N
        return "batch", (N * C, size // (N * C)), C, N
    n = prod(columns)
    if view is None or (prod(view) == n and view[-len(columns) :] == columns):
        return "rows", (size // n, n), n, 1
    C = prod(view)
    planes = shape[0] * C
    return "groups", (planes, size // planes), C, planes * n // size


def factors(w: Any, n: int) -> Any:
    """Return w as one row of n numbers; 1 without it."""
    return np.ones(n, FLOAT32) if w is None else dense(w, (n,))


def parts_of(rows: int) -> tuple[int, int]:
    """Return how many rows are added up together, and in how many parts that makes."""
    part = max(PART, -(-rows // PARTS))
    return part, -(-rows // part)


def normalise_forward(x: Any, w: Any, b: Any, axes: Shape, eps: float) -> Any:
    """Return y = w (x - μ)/σ + b, μ and the variance."""
    if x.dtype is not FLOAT32 or not x.size:
        return NotImplemented
    kept = tuple([1 if i in axes else n for i, n in enumerate(x.shape)])
    y, mu, variance = out(x.shape), out(kept), out(kept)
    like = b if w is None else w
    kind, shape, n, count = _arranged(x.shape, axes, None if like is None else like.shape)
    flat, result, m, v = dense(x, shape), y.reshape(shape), mu.reshape(-1), variance.reshape(-1)
    given = flat, factors(w, n), np.zeros(n, FLOAT32) if b is None else dense(b, (n,)), f32(eps)
    if kind == "rows":
        launch(x.size, shape[0], rows_forward, *given, result, m, v)
    elif kind == "columns":
        columns_forward(*given, result, m, v)
    elif kind == "groups":
        launch(x.size, m.size, groups_forward, *given, count, result, m, v)
    else:
        mean, squares = out(shape[0]), out(shape[0])
        launch(x.size, shape[0], batch_statistics, flat, mean, squares)
        merge(mean, squares, shape[1], m, v)
        launch(x.size, shape[0], batch_forward, *given, m, v, result)
    return y, mu, variance


def normalise_gradients(
    dy: Any, x: Any, w: Any, b: Any, mu: Any, inverse: Any, axes: Shape, view: Shape | None
) -> Any:  # fmt: skip
    """Return dx, dw and db, all of them, for they share their sums. w and b broadcast, in the shape `view` if given."""
    if x.dtype is not FLOAT32 or dy.dtype is not FLOAT32 or not x.size:
        return NotImplemented
    like = b if w is None else w
    kind, shape, n, count = _arranged(x.shape, axes, None if like is None else view or like.shape)
    dx, dw, db = out(x.shape), *(out(n if like is None else like.shape) for _ in range(2))
    result, sums = dx.reshape(shape), (dw.reshape(-1), db.reshape(-1))
    given = dense(dy, shape), dense(x, shape), factors(w, n), mu.reshape(-1), inverse.reshape(-1)
    if kind == "rows":
        _rows_backward(given, result, sums)
    elif kind == "columns":
        columns_backward(*given, result, *sums)
    else:
        total, product = out(shape[0]), out(shape[0])
        if kind == "groups":
            launch(x.size, mu.size, groups_backward, *given, count, result, total, product)
        else:
            launch(x.size, shape[0], batch_sums, *given[:2], *given[3:], total, product)
        channel_sums(product, sums[0])
        channel_sums(total, sums[1])
        if kind == "batch":
            launch(x.size, shape[0], batch_backward, *given, *sums, result)
    return (dx, None, None) if like is None else (dx, dw, db)


def _rows_backward(given: tuple[Any, ...], dx: Any, sums: tuple[Any, Any]) -> None:
    """Fill dx, dw and db; dw and db are sums over parts of the rows."""
    part, parts = parts_of(len(dx))
    if parts == 1:
        partial = [s.reshape(1, -1) for s in sums]
    else:
        partial = [out((parts, s.size)) for s in sums]
    launch(dx.size, parts, rows_backward, *given, dx, *partial, part)
    if parts > 1:
        for s, p in zip(sums, partial, strict=True):
            p.sum(0, out=s)
