"""Attention that never stores its weights: the pair attention_forward and attention_backward.

The definition makes a matrix of T × U weights per head and goes through it several times; backward wants it again. Here
BLOCK queries are taken at a time:

             U keys                      their scores fit into the nearest cache, from the product q kᵀ to the
         ┌────────────────┐              weighted sum of values; of the weights, only ln Σ exp(score) is kept, one
   BLOCK │ scores, then   │ · v = y      number per query. Backward makes the block of weights again,
         │ weights        │
         └────────────────┘                  weight = exp(score - ln Σ exp(score))

and with it  ds = weight · (dy vᵀ - Σ dy y),  dq = scale ds k,  dk += dsᵀ (scale q),  dv += weightᵀ dy. Under a causal
mask the keys behind the block's last query are never looked at. Dropped weights are drawn, row by row, from where their
random numbers stand in the stream (dropout.py), and drawn again on the way back.

Bytes: q, k, v, y and their gradients, once. Flops: 4·T·U·E per head forward and 10·T·U·E backward (half of it if
causal), which bound it. A head is one thread's work from beginning to end, so threads add nothing up.

Source: Dao et al., "FlashAttention", arXiv:2205.14135; with whole rows of scores, as a cache of a CPU is large enough.
"""

from __future__ import annotations

from functools import partial
from math import prod
from typing import Any

import numpy as np

from . import fastmath as fm
from .buffers import FLOAT32, dense, out
from .compiled import compiled
from .dropout import dice_for, keep, room_for
from .fastmath import ONE, ZERO, f32, inline, summing
from .product import WIDE, add_product, multiply, padded
from .softmax import largest
from .threads import Part, split

BLOCK = 32
WORTHWHILE = 2**21  # multiply-adds; below, a second thread costs more than it saves
INFINITY = f32(np.inf)


class _Sizes:
    """Heads and sizes of a call, and those of the scratch arrays, in whole tiles."""

    def __init__(self, q: Any, k: Any, v: Any) -> None:
        self.heads, self.T, self.U = prod(q.shape[:-2]), q.shape[-2], k.shape[-2]
        self.E, self.F = q.shape[-1], v.shape[-1]
        self.keys = padded(self.U, WIDE)
        self.e, self.f = padded(self.E, WIDE), padded(self.F, WIDE)
        self.words = room_for(self.U)
        self.worthwhile = self.heads * self.T * self.U * (self.E + self.F) > WORTHWHILE


@compiled
def _copy(x: Any, rows: int, columns: int, factor: float, y: Any, ldy: int) -> None:
    """Copy a matrix, times a factor, into the corner of a padded one, whose margin is 0 and stays so."""
    if columns == ldy:
        whole = x.reshape(-1)
        for i in range(rows * columns):
            y[i] = whole[i] * factor
        return
    for i in range(rows):
        for j in range(columns):
            y[i * ldy + j] = x[i, j] * factor


@compiled
def _uncopy(y: Any, ldy: int, rows: int, factor: float, x: Any) -> None:
    """Copy the corner of a padded matrix, times a factor."""
    if x.shape[1] == ldy:
        whole = x.reshape(-1)
        for i in range(rows * ldy):
            whole[i] = y[i] * factor
        return
    for i in range(rows):
        for j in range(x.shape[1]):
            x[i, j] = y[i * ldy + j] * factor


@compiled
def _transpose(x: Any, rows: int, columns: int, y: Any, ldy: int) -> None:
    for j in range(columns):
        for i in range(rows):
            y[j * ldy + i] = x[i, j]


@compiled
def _drop(scores: Any, number: int, rows: int, n: int, U: int, dice: Any, words: Any) -> None:
    """Drop from a block of rows; `number` is that of its first weight among all weights."""
    for i in range(rows):
        keep(scores[i * n : i * n + min(n, U)], number + i * U, dice, words)


@inline
def _mask_and_hide(row: Any, mask: Any, t: int, U: int, causal: bool) -> None:
    """Add the mask to the scores of query t; hide the keys behind it if causal, and the margin."""
    if mask.shape[0]:
        line = mask[t if mask.shape[0] > 1 else 0]
        for u in range(min(U, row.size)):
            row[u] += line[u]
    for u in range(min(U, t + 1) if causal else U, row.size):
        row[u] = -INFINITY


@summing
def _weigh(scores: Any, mask: Any, lse: Any, inverse: Any, t: int, rows: int, n: int, U: int, causal: bool) -> None:
    """Turn a block of scores into exp(score - m), m being the largest of a row; note ln Σ exp(score) and 1 / Σ.

    A query with nothing to see gets weights of 0. What is costly is one loop over the block: rows are short.
    """
    for i in range(rows):
        row = scores[i * n : i * n + n]
        _mask_and_hide(row, mask, t + i, U, causal)
        m = largest(row)
        lse[t + i] = m
        for u in range(n):
            row[u] -= ZERO if m == -INFINITY else m
    for u in range(rows * n):
        scores[u] = fm.exp(scores[u])
    for i in range(rows):
        inverse[i] = ZERO
        for u in range(n):
            inverse[i] += scores[i * n + u]
    for i in range(rows):
        m, s = lse[t + i], inverse[i]
        blind = m == -INFINITY
        lse[t + i] = INFINITY if blind else m + fm.log(s)
        inverse[i] = ZERO if blind else ONE / s


@compiled
def _forward(
    q: Any, k: Any, v: Any, mask: Any, which: Any, dice: Any, y: Any, lse: Any, scale: float, causal: bool, first: int,
    last: int, keys: int, e: int, f: int, words: Any,
) -> None:  # fmt: skip
    T, E = q.shape[1:]
    U, F = v.shape[1:]
    kt, vs = np.zeros(e * keys, f32), np.zeros(keys * f, f32)
    qs, scores, ys = np.zeros(BLOCK * e, f32), np.empty(BLOCK * keys, f32), np.empty(BLOCK * f, f32)
    inverse = np.empty(BLOCK, f32)
    for h in range(first, last):
        _transpose(k[h], U, E, kt, keys)
        _copy(v[h], U, F, ONE, vs, f)
        for t in range(0, T, BLOCK):
            rows = min(BLOCK, T - t)
            n = min(keys, (t + rows + WIDE - 1) // WIDE * WIDE) if causal else keys
            _copy(q[h, t:], rows, E, scale, qs, e)
            multiply(qs, 0, e, 1, kt, 0, keys, scores, 0, n, BLOCK, n, E)
            _weigh(scores, mask[which[h]], lse[h], inverse, t, rows, n, U, causal)
            if words.size:
                _drop(scores, (h * T + t) * U, rows, n, U, dice, words)
            multiply(scores, 0, n, 1, vs, 0, f, ys, 0, f, BLOCK, f, n)
            for i in range(rows):
                for j in range(F):
                    y[h, t + i, j] = ys[i * f + j] * inverse[i]


@summing
def _weigh_back(scores: Any, mask: Any, lse: Any, t: int, rows: int, n: int, U: int, causal: bool) -> None:
    """Turn a block of scores into weights."""
    for i in range(rows):
        row = scores[i * n : i * n + n]
        _mask_and_hide(row, mask, t + i, U, causal)
        for u in range(n):
            row[u] -= lse[t + i]
    for u in range(rows * n):
        scores[u] = fm.exp(scores[u])


@summing
def _gradients_of_scores(weights: Any, dweights: Any, dy: Any, y: Any, t: int, rows: int, n: int) -> None:
    """Turn the gradients of weights, dy vᵀ, into those of the scores."""
    for i in range(rows):
        s = ZERO
        for j in range(dy.shape[1]):
            s += dy[t + i, j] * y[t + i, j]
        for u in range(i * n, i * n + n):
            dweights[u] = weights[u] * (dweights[u] - s)


@compiled
def _backward(
    dy: Any, y: Any, lse: Any, q: Any, k: Any, v: Any, mask: Any, which: Any, dice: Any, dq: Any, dk: Any, dv: Any,
    scale: float, causal: bool, first: int, last: int, keys: int, e: int, f: int, words: Any,
) -> None:  # fmt: skip
    T, E = q.shape[1:]
    U, F = v.shape[1:]
    kt, vt, ks = np.zeros(e * keys, f32), np.zeros(f * keys, f32), np.zeros(keys * e, f32)
    qs, dys, dqs = np.zeros(BLOCK * e, f32), np.zeros(BLOCK * f, f32), np.empty(BLOCK * e, f32)
    scores, dscores = np.zeros(BLOCK * keys, f32), np.zeros(BLOCK * keys, f32)
    dks, dvs = np.empty(keys * e, f32), np.empty(keys * f, f32)
    for h in range(first, last):
        _transpose(k[h], U, E, kt, keys)
        _transpose(v[h], U, F, vt, keys)
        _copy(k[h], U, E, ONE, ks, e)
        dks[:] = ZERO
        dvs[:] = ZERO
        for t in range(0, T, BLOCK):
            rows = min(BLOCK, T - t)
            n = min(keys, (t + rows + WIDE - 1) // WIDE * WIDE) if causal else keys
            _copy(q[h, t:], rows, E, scale, qs, e)
            _copy(dy[h, t:], rows, F, ONE, dys, f)
            multiply(qs, 0, e, 1, kt, 0, keys, scores, 0, n, BLOCK, n, E)
            multiply(dys, 0, f, 1, vt, 0, keys, dscores, 0, n, BLOCK, n, F)
            _weigh_back(scores, mask[which[h]], lse[h], t, rows, n, U, causal)
            if words.size:
                _drop(dscores, (h * T + t) * U, rows, n, U, dice, words)
            _gradients_of_scores(scores, dscores, dy[h], y[h], t, rows, n)
            if words.size:
                _drop(scores, (h * T + t) * U, rows, n, U, dice, words)
            multiply(dscores, 0, n, 1, ks, 0, e, dqs, 0, e, BLOCK, e, n)
            _uncopy(dqs, e, rows, scale, dq[h, t:])
            add_product(scores, 0, 1, n, dys, 0, f, dvs, 0, f, n, f, rows)
            add_product(dscores, 0, 1, n, qs, 0, e, dks, 0, e, n, e, rows)
        _uncopy(dks, e, U, ONE, dk[h])
        _uncopy(dvs, f, U, ONE, dv[h])


def _mask_of(mask: Any, lead: tuple[int, ...], U: int) -> Any:
    """Return masks (m, T or 1, U) as numbers to be added, and which of them belongs to which head."""
    if mask is None:
        return np.empty((1, 0, U), np.float32), np.zeros(prod(lead), np.int64)
    if mask.dtype == np.bool_:
        mask = np.where(mask, ZERO, -INFINITY)
    mask = mask.reshape((1,) * (len(lead) + 2 - mask.ndim) + mask.shape)
    rows = np.broadcast_to(mask, (*mask.shape[:-1], U))
    which = np.broadcast_to(np.arange(prod(mask.shape[:-2])).reshape(mask.shape[:-2]), lead)
    return dense(rows, (-1, mask.shape[-2], U)), dense(which, (-1,))


def _covers(arrays: Any, dropped: Any) -> bool:
    return (dropped is None or dropped[0] < 1) and all(x.dtype is FLOAT32 and x.size for x in arrays)


def _dice(dropped: Any, size: int) -> Any:
    """Return what the kernels need to drop weights, and the words of random bits for a row: none, no dropping."""
    return (dice_for(0.0, (0, 0)), 0) if dropped is None else (dice_for(*dropped), size)


def attention_forward(q: Any, k: Any, v: Any, mask: Any, causal: bool, scale: float, dropped: Any) -> Any:
    """Return y and ln Σ exp(score) per query."""
    if not _covers((q, k, v), dropped):
        return NotImplemented
    s = _Sizes(q, k, v)
    masks, which = _mask_of(mask, q.shape[:-2], s.U)
    y, lse = out((s.heads, s.T, s.F)), out((s.heads, s.T))
    flat = [dense(x, (s.heads, *x.shape[-2:])) for x in (q, k, v)]
    dice, size = _dice(dropped, s.words)

    def part(first: int, last: int) -> Part:
        words = np.empty(size, np.uint64)
        return partial(
            _forward, *flat, masks, which, dice, y, lse, f32(scale), causal, first, last, s.keys, s.e, s.f, words
        )

    split(part, s.heads, s.worthwhile)
    return y.reshape(*q.shape[:-1], s.F), lse


def attention_backward(
    dy: Any, y: Any, lse: Any, needed: Any, q: Any, k: Any, v: Any, mask: Any, causal: bool, scale: float, dropped: Any
) -> Any:  # fmt: skip
    """Return dq, dk, dv and None; the gradient of a mask is the definition's."""
    if needed[3] or not _covers((dy, q, k, v), dropped):
        return NotImplemented
    s = _Sizes(q, k, v)
    masks, which = _mask_of(mask, q.shape[:-2], s.U)
    flat = [dense(x, (s.heads, *x.shape[-2:])) for x in (dy, y, lse.reshape(*y.shape[:-2], 1, s.T), q, k, v)]
    flat[2] = flat[2].reshape(s.heads, s.T)
    gradients = [out(x.shape) for x in flat[3:]]
    dice, size = _dice(dropped, s.words)

    def part(first: int, last: int) -> Part:
        words = np.empty(size, np.uint64)
        return partial(
            _backward, *flat, masks, which, dice, *gradients, f32(scale), causal, first, last, s.keys, s.e, s.f, words
        )

    split(part, s.heads, s.worthwhile)
    return [dx.reshape(x.shape) for dx, x in zip(gradients, (q, k, v), strict=True)] + [None]
