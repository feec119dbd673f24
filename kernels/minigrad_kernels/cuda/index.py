"""Adding rows into a table on the GPU, in an order that never changes: sorted by place, then run by run."""

from __future__ import annotations

from typing import Any

import cupy

from .arrays import FLOAT32, INT64, blocks, covered, dense, room
from .program import Program

PROGRAM = Program("index")
BLOCK, PART = 256, 64  # threads; rows that a thread adds up


def add_rows(y: Any, places: Any, size: tuple[int, ...]) -> Any:
    """Return x of shape `size`, zero but for its rows, as long as those of y: x[places[i]] += y[i]."""
    if not covered(y) or places.dtype != INT64:
        return NotImplemented
    x, (rows, width) = cupy.zeros(size, FLOAT32), y.shape
    order = cupy.argsort(places)  # equal places stay in order
    ordered, parts = places[order], blocks(rows, PART)
    share = room((parts, 2, width))
    grid = (blocks(parts * width, BLOCK),)
    table = x.size // width
    PROGRAM.launch("add_parts_of_runs", grid, BLOCK, dense(y), order, ordered, x, table, share, rows, width)
    PROGRAM.launch("join_runs", grid, BLOCK, ordered, x, table, share, rows, width)
    return x
