"""Connectionist temporal classification by its two passes: the pair of minigrad/ops/ctc.py.

    α_t(s)   ln of the probability of all ways to be in row s after frame t, frame t included
    β_t(s)   ln of the probability of all ways to go on from there, frame t not included

    P(row s at frame t | labels) = exp(α_t(s) + β_t(s) - ln P(labels))

The definition knows the recursion of α only, and backward finds the rest on the tape. Here β is written out, as in the
paper: it runs the same recursion from the end. Each pass goes through the lattice once, row by row of it in vectors.

Bytes: α, B·T·L numbers, written once and read once. Flops: three exponentials and a logarithm per place; they bound it.

Source: Graves et al., "Connectionist temporal classification", ICML 2006, section 4.1
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from . import fastmath as fm
from .buffers import FLOAT32, dense, out
from .compiled import compiled
from .fastmath import INFINITY, ZERO, inline
from .threads import split

WORTHWHILE = 2**14  # places of the lattice; below, a second thread costs more than it saves


@inline
def _log_sum(a: Any, b: Any, c: Any) -> Any:
    """Return ln(eᵃ + eᵇ + eᶜ)."""
    m = b if b > a else a
    m = c if c > m else m
    m = ZERO if m == -INFINITY else m
    return m + fm.log(fm.exp(a - m) + fm.exp(b - m) + fm.exp(c - m))


@compiled
def _rows(labels: Any, blank: int, symbol: Any, gate: Any) -> None:
    """Set the symbol of each row of the lattice, and 0 or -∞: whether a path may skip to it from two rows before."""
    for s in range(symbol.size):
        if s % 2 == 0:
            symbol[s], gate[s] = blank, -INFINITY
        else:
            u = s // 2
            symbol[s] = labels[u]
            gate[s] = ZERO if u > 0 and labels[u] != labels[u - 1] else -INFINITY


@compiled
def _forward(
    x: Any, frames: Any, labels: Any, counts: Any, blank: int, alpha: Any, total: Any, first: int, last: int
) -> None:
    size = alpha.shape[2]
    symbol, gate, e = np.empty(size, np.int64), np.empty(size, np.float32), np.empty(size, np.float32)
    before = np.full(size + 2, -INFINITY, np.float32)  # two rows that nothing comes from, then the lattice's
    for b in range(first, last):
        L = 2 * counts[b] + 1
        _rows(labels[b], blank, symbol[:L], gate[:L])
        before[:] = -INFINITY
        before[2] = ZERO  # as if in row 0 before the first frame
        stay, step, skip = before[2:], before[1:], before
        for t in range(frames[b]):
            for s in range(L):
                e[s] = x[t, b, symbol[s]]
            now = alpha[b, t]
            for s in range(L):
                now[s] = _log_sum(stay[s], step[s], skip[s] + gate[s]) + e[s]
            for s in range(L):
                stay[s] = now[s]
        total[b] = _log_sum(stay[L - 1], step[L - 1] if L > 1 else -INFINITY, -INFINITY)


@compiled
def _backward(
    dy: Any, total: Any, x: Any, frames: Any, labels: Any, counts: Any, blank: int, alpha: Any, dx: Any, first: int,
    last: int,
) -> None:  # fmt: skip
    size = alpha.shape[2]
    symbol, gate, share = np.empty(size, np.int64), np.empty(size, np.float32), np.empty(size, np.float32)
    after = np.empty(size + 2, np.float32)  # β of the next frame with that frame's probability, then two dead rows
    beta = np.empty(size, np.float32)
    for b in range(first, last):
        L, n = 2 * counts[b] + 1, frames[b]
        if total[b] == -INFINITY:
            continue
        _rows(labels[b], blank, symbol[:L], gate[:L])
        after[:] = -INFINITY
        stay, step, skip, to_skip = after, after[1:], after[2:], gate[2:]
        for t in range(n - 1, -1, -1):
            for s in range(L):
                allowed = to_skip[s] if s + 2 < L else -INFINITY
                beta[s] = _log_sum(stay[s], step[s], skip[s] + allowed)
                if t == n - 1:
                    beta[s] = ZERO if s >= L - 2 else -INFINITY
            for s in range(L):
                share[s] = fm.exp(alpha[b, t, s] + beta[s] - total[b])
            for s in range(L):
                dx[t, b, symbol[s]] += dy[b] * share[s]
                after[s] = beta[s] + x[t, b, symbol[s]]


def ctc_forward(x: Any, frames: Any, labels: Any, counts: Any, blank: int) -> Any:
    """Return ln P(labels) of each sequence, and α."""
    if x.dtype is not FLOAT32 or not x.size:
        return NotImplemented
    T, B, _ = x.shape
    alpha, total, x = out((B, T, 2 * labels.shape[1] + 1)), out(B), dense(x, x.shape)
    split(
        lambda first, last: partial(_forward, x, frames, labels, counts, blank, alpha, total, first, last),
        B, alpha.size > WORTHWHILE,
    )  # fmt: skip
    return total, alpha


def ctc_backward(
    dy: Any, total: Any, alpha: Any, needed: Any, x: Any, frames: Any, labels: Any, counts: Any, blank: int
) -> Any:
    """Return dx[t, b, v] = dy[b] P(the path is at symbol v in frame t | labels), for the only input there is."""
    x, dy, dx = dense(x, x.shape), dense(dy, dy.shape), np.zeros(x.shape, np.float32)
    split(
        lambda first, last: partial(_backward, dy, total, x, frames, labels, counts, blank, alpha, dx, first, last),
        len(dy), alpha.size > WORTHWHILE,
    )  # fmt: skip
    return (dx,)
