"""Normalization on the GPU, forward and backward; the formulas are those of minigrad/ops/normalise.py.

Three arrangements cover all kinds: rows (norm_rows.py), columns (norm_columns.py), and planes of pixels, whose
statistics belong to channels or to groups of planes (norm_planes.py). Here it is decided which.
"""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

from .arrays import covered, dense, room
from .norm_columns import columns_backward, columns_forward
from .norm_planes import planes_backward, planes_forward
from .norm_rows import rows_backward, rows_forward

Shape = tuple[int, ...]


class Arrangement(NamedTuple):
    """How x is read: its kind, its shape as rows or planes, how many w there are, and how many planes share one μ."""

    kind: str
    shape: tuple[int, int]
    channels: int
    group: int = 0


def arranged(shape: Shape, axes: Shape, view: Shape | None) -> Arrangement:
    """Arrange x. w (or b) broadcasts against it in the shape `view`; without it rows will do, if not for batches."""
    size, columns = prod(shape), shape[axes[0] :]
    if axes[0] == 0 and len(axes) < len(shape):
        N, C = shape[:2]
        if size == N * C:
            return Arrangement("columns", (N, C), C)
        return Arrangement("planes", (N * C, size // (N * C)), C)
    n = prod(columns)
    if view is None or (prod(view) == n and view[-len(columns) :] == columns):
        return Arrangement("rows", (size // n, n), n)
    C = prod(view)
    planes = shape[0] * C
    return Arrangement("planes", (planes, size // planes), C, planes * n // size)


def _flat(array: Any, shape: tuple[int, ...]) -> Any:
    return None if array is None else dense(array).reshape(shape)


def normalise_forward(x: Any, w: Any, b: Any, axes: Shape, eps: float) -> Any:
    """Return y = w (x - μ)/σ + b, μ and the variance."""
    if not covered(x, w, b):
        return NotImplemented
    kept = tuple([1 if i in axes else n for i, n in enumerate(x.shape)])
    like = b if w is None else w
    a = arranged(x.shape, axes, None if like is None else like.shape)
    y, mu, variance = room(a.shape), room(kept), room(kept)
    given = _flat(x, a.shape), _flat(w, (-1,)), _flat(b, (-1,)), eps
    if a.kind == "rows":
        rows_forward(*given, y, mu, variance)
    elif a.kind == "columns":
        columns_forward(*given, y, mu.reshape(-1), variance.reshape(-1))
    else:
        planes_forward(*given, a.channels, a.group, y, mu.reshape(-1), variance.reshape(-1))
    return y.reshape(x.shape), mu, variance


def normalise_gradients(
    dy: Any, x: Any, w: Any, b: Any, mu: Any, inverse: Any, axes: Shape, view: Shape | None
) -> Any:  # fmt: skip
    """Return dx, dw and db, all of them, for they share their sums. w and b broadcast, in the shape `view` if given."""
    if not covered(dy, x, w, b, mu, inverse):
        return NotImplemented
    like = b if w is None else w
    a = arranged(x.shape, axes, None if like is None else view or like.shape)
    dx = room(a.shape)
    parameters = _flat(w, (-1,)), _flat(mu, (-1,)), _flat(inverse, (-1,))
    given = _flat(dy, a.shape), _flat(x, a.shape), *parameters
    if a.kind == "rows":
        dw, db = rows_backward(*given, dx, sums=like is not None)
    elif a.kind == "columns":
        dw, db = columns_backward(*given, dx)
    else:
        dw, db = planes_backward(*given, a.channels, a.group, dx)
    dx = dx.reshape(x.shape)
    return (dx, None, None) if like is None else (dx, dw.reshape(like.shape), db.reshape(like.shape))
