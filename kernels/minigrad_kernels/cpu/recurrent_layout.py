"""How the arrays of recurrent.py lie in memory: gates in whole vectors, weights in panels.

    the gates of one step, for M = 5 and WIDE = 8   │i i i i i 0 0 0│f f f f f 0 0 0│g g ...       columns = 8
    a packed matrix (K, n)                          panels of WIDE columns, each from end to end

So a tile of a product and a loop over cells always work on whole vectors; if WIDE divides M, nothing is added.
An array that is read in whole tiles has ROWS rows too many at its end; what they hold is never used.

A GRU has four blocks for its three gates, as r multiplies only the recurrent half of what goes into n. Forward they are
r, z, n from the input, n from the memory; backward they are "turned", n from the input first, so that the three blocks
of the input's side lie side by side, and those of the recurrent side too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .buffers import dense
from .product import ROWS, WIDE, padded
from .threads import Part, get_num_threads, split

BLOCK = 16  # sequences that are carried through time together
AHEAD = 4  # with fewer sequences, reading W_ih again in every step costs more than products with x all at once
WORTHWHILE = 2**20  # multiply-adds; below, a second thread costs more than it saves
TANH, RELU, GRU, LSTM = range(4)


class Layout:
    """Sizes of a call, and when each sequence begins and ends."""

    def __init__(self, kind: int, x: Any, w_hh: Any, steps: Any, reverse: bool) -> None:
        (self.T, self.B, self.I), self.M = x.shape, w_hh.shape[1]
        self.kind, self.gates, self.columns = kind, (1, 1, 3, 4)[kind], padded(self.M, WIDE)
        self.G, self.width = self.gates * self.columns, (1, 1, 4, 4)[kind] * self.columns
        self.counts = np.full(self.B, self.T) if steps is None else steps
        self.ahead = self.B < AHEAD
        last = self.counts - 1
        self.start, self.end = (last, 0 * last) if reverse else (0 * last, last)
        self.absent = None if steps is None else np.arange(self.T)[:, None] >= steps

    def rows(self, x: Any) -> Any:
        """Return a sequence (T, B, n) as rows (T·B, n), with zeros for padding."""
        x = dense(x, (self.T * self.B, x.shape[2]))
        return x if self.absent is None else np.where(self.absent.reshape(-1, 1), np.float32(0), x)

    def spread(self, w: Any) -> Any:
        """Return (gates · M, n) as (G, n), with zeros between the gates."""
        if self.columns == self.M:
            return dense(w, w.shape)
        full = np.zeros((self.gates, self.columns, w.shape[1]), np.float32)
        full[:, : self.M] = w.reshape(self.gates, self.M, w.shape[1])
        return full.reshape(self.G, w.shape[1])

    def turned(self, w: Any) -> Any:
        """Return the blocks of a GRU with the last one first."""
        return np.roll(w, self.columns, 0) if self.kind == GRU else w

    def gather(self, w: Any, turned: bool = False) -> Any:
        """Undo `spread`, and `turned`."""
        if turned and self.kind == GRU:
            w = np.roll(w, -self.columns, 0)
        if self.columns == self.M:
            return w
        return np.ascontiguousarray(w.reshape(self.gates, self.columns, -1)[:, : self.M]).reshape(-1, *w.shape[1:])

    def biases(self, b_ih: Any, b_hh: Any) -> Any:
        """Return the biases of both sides together; but for a GRU those of n apart, the recurrent one last."""
        one, two = (np.zeros(self.G, np.float32) if b is None else self.spread(b[:, None])[:, 0] for b in (b_ih, b_hh))
        if self.kind != GRU:
            return one + two
        cut = 2 * self.columns
        return np.concatenate([one[:cut] + two[:cut], one[cut:], two[cut:]])

    def over_blocks(self, work: Callable[[int, int], None]) -> None:
        """Call work(first, last) for sequences first to last, BLOCK at most, on threads if it is worth it."""
        worthwhile = self.T * self.B * self.M * self.G > WORTHWHILE
        fair = -(-self.B // (get_num_threads() if worthwhile else 1))
        block = min(BLOCK, padded(fair, ROWS))

        def part(start: int, stop: int) -> Part:
            def run() -> None:
                for first in range(start * block, min(stop * block, self.B), block):
                    work(first, min(first + block, self.B))

            return run

        split(part, -(-self.B // block), worthwhile)


def panels(w: Any) -> Any:
    """Return a matrix (K, n) as panels of WIDE columns, filled up with zeros: (panels, K, WIDE)."""
    K, n = w.shape
    columns = padded(n, WIDE)
    if columns > n:
        w = np.concatenate([w, np.zeros((K, columns - n), w.dtype)], 1)
    return np.ascontiguousarray(w.reshape(K, columns // WIDE, WIDE).transpose(1, 0, 2))


def with_spare_rows(x: Any) -> Any:
    """Return a copy of x with ROWS rows too many."""
    return np.concatenate([x, np.zeros((ROWS, x.shape[1]), x.dtype)])
