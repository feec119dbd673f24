"""Connectionist temporal classification on the GPU: a block for each sequence, a thread for each row of its lattice."""

from __future__ import annotations

from typing import Any

import cupy

from .arrays import INT64, MOST, covered, dense, room
from .program import Program

PROGRAM = Program("ctc")
ROWS, WARP = 1024, 32  # the most rows of a lattice; threads come in warps


def _block(rows: int) -> int:
    return -(-rows // WARP) * WARP


def ctc_forward(x: Any, frames: Any, labels: Any, counts: Any, blank: int) -> Any:
    """Return ln P(labels) of each sequence, and α."""
    rows = 2 * labels.shape[1] + 1
    if not covered(x) or rows > ROWS or any(a.dtype != INT64 for a in (frames, labels, counts)):
        return NotImplemented
    T, B, V = x.shape
    if B * T * rows > MOST:
        return NotImplemented
    alpha, total, U = room((B, T, rows)), room((B,)), labels.shape[1]
    given = *map(dense, (x, frames, labels, counts)), blank, alpha, total
    PROGRAM.launch("ctc_alpha", (B,), _block(rows), *given, T, B, V, U)
    return total, alpha


def ctc_backward(
    dy: Any, total: Any, alpha: Any, needed: Any, x: Any, frames: Any, labels: Any, counts: Any, blank: int
) -> Any:
    """Return dx[t, b, v] = dy[b] P(the path is at symbol v in frame t | labels), for the only input there is."""
    (T, B, V), U = x.shape, labels.shape[1]
    share, dx = room(alpha.shape), cupy.zeros(x.shape, x.dtype)
    words = *map(dense, (frames, labels, counts)), blank
    sizes, block = (T, B, V, U), _block(2 * U + 1)
    PROGRAM.launch("ctc_shares", (B,), block, total, dense(x), *words, alpha, share, *sizes)
    PROGRAM.launch("ctc_collect", (T * B,), block, dense(dy), total, share, *words, dx, *sizes)
    return (dx,)
