"""Adding rows into a table at places that may repeat, one after the other: so the order of the sums is always the same.

Threads share the columns, and each goes through all rows: no two ever write to the same number.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .buffers import FLOAT32, dense
from .compiled import compiled
from .launch import launch

INT64 = np.dtype("int64")
WAITING = 16  # adding rows waits for memory, and threads wait together: a second one pays only if more is at stake


@compiled
def _add_numbers(y: Any, places: Any, x: Any) -> None:
    for i in range(places.size):
        x[places[i]] += y[i]


@compiled
def _add_rows(y: Any, places: Any, x: Any, start: int, stop: int) -> None:
    for i in range(places.size):
        row, more = x[places[i]][start:stop], y[i][start:stop]
        for j in range(row.size):
            row[j] += more[j]


def add_rows(y: Any, places: Any, size: tuple[int, ...]) -> Any:
    """Return x of shape `size`, zero but for its rows, as long as those of y: x[places[i]] += y[i]."""
    if y.dtype is not FLOAT32 or places.dtype is not INT64:
        return NotImplemented
    x, y, places = np.zeros(size, FLOAT32), dense(y, y.shape), dense(places, places.shape)
    if not y.size:
        return x
    rows = x.reshape(-1, y.shape[1])
    if y.shape[1] == 1:
        _add_numbers(y.reshape(-1), places, rows.reshape(-1))
    else:
        launch(y.size // WAITING, y.shape[1], _add_rows, y, places, rows)
    return x
