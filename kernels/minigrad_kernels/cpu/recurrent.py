"""Recurrent layers over whole sequences, forward and back through time: the pairs of minigrad/ops/recurrent.py.

The definition takes some twenty ops per step. Here a step is two: a product, and one pass over the cells.

    forward     u = x W_ihᵀ + h W_hhᵀ,  then all gates and the new state
    backward    dz from the gates,  then dx = dz W_ih and dh = dz W_hh
    at the end  dW_ih = dzᵀ x,  dW_hh = dzᵀ h,  biases Σ dz,  for all steps at once: BLAS

The weights are the same in every step, so they are packed once, in panels that a register tile reads from end to end.
Sequences do not meet: up to BLOCK of them are carried through time together, on one thread, and every sequence is
computed by the same instructions whatever block and thread it falls to.

Flops: 2·T·B·(I + M)·G forward, twice that backward, G = gates · M; they bound it. Bytes: x, y, the gates and dz, once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import recurrent_cells as cells
from .buffers import FLOAT32, dense, out
from .compiled import compiled
from .matmul import product
from .product import ROWS, VECTORS, WIDE, gain_tile, make_product_tile, set_tile
from .recurrent_layout import GRU, LSTM, RELU, TANH, Layout, panels, with_spare_rows

FEW = ROWS // 2 + 1  # rows; fewer are done one by one, as most of a tile would be for nothing
_set_row, _gain_row = make_product_tile(1, VECTORS, False), make_product_tile(1, VECTORS, True)


@compiled
def _rows_of(count: int, columns: int) -> Any:
    """Return an array for products of this many rows, or of whole tiles."""
    return np.empty((count if count < FEW else (count + ROWS - 1) // ROWS * ROWS, columns), np.float32)


@compiled
def _copy(x: Any, y: Any) -> None:
    """Copy x into the beginning of y. Loops compile ten times as fast as an assignment to a slice."""
    for j in range(x.size):
        y[j] = x[j]


@compiled
def _times(A: Any, a: int, row: int, packed: Any, u: Any, gained: int) -> None:
    """Multiply rows of A, the first at place a and each `row` numbers long, by the packed matrix.

    With gained = 0 the first columns of u are set to that. Otherwise the first `gained` columns of the product are
    added to those of u, and what is left of it becomes the last columns of u.
    """
    K, (rows, width) = packed.shape[1], u.shape
    right, result = packed.reshape(-1), u.reshape(-1)
    for p in range(packed.shape[0]):
        panel, gains = p * K * WIDE, p * WIDE < gained
        place = p * WIDE if gains or gained == 0 else width - (packed.shape[0] - p) * WIDE
        for i in range(0, rows, 1 if rows < FEW else ROWS):
            at, to = a + i * row, place + i * width
            if rows < FEW:
                if gains:
                    _gain_row(A, at, row, 1, right, panel, WIDE, K, result, to, width)
                else:
                    _set_row(A, at, row, 1, right, panel, WIDE, K, result, to, width)
            elif gains:
                gain_tile(A, at, row, 1, right, panel, WIDE, K, result, to, width)
            else:
                set_tile(A, at, row, 1, right, panel, WIDE, K, result, to, width)


@compiled
def _step(kind: int, u: Any, bias: Any, h0: Any, c0: Any, gates: Any, c: Any, h: Any) -> None:
    if kind == LSTM:
        cells.lstm_step(u, bias, c0, gates, c, h)
    elif kind == GRU:
        cells.gru_step(u, bias, h0, gates, h)
    elif kind == TANH:
        cells.tanh_step(u, bias, h)
    else:
        cells.relu_step(u, bias, h)


@compiled
def _forward(
    kind: int, x: Any, w_ih: Any, w_hh: Any, bias: Any, h0: Any, c0: Any, counts: Any, reverse: bool, y: Any,
    gates: Any, c: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Carry sequences first to last through time. While one is absent, its state is the first.

    Without a packed W_ih, x holds x W_ihᵀ.
    """
    T, B, M = c.shape[0], c.shape[1], h0.shape[1]
    states, inputs, outputs, start = y[: T * B].reshape(T, B, M), x.reshape(-1), y.reshape(-1), h0.reshape(-1)
    u, shared = _rows_of(last - first, bias.size), bias.size // 2 if kind == GRU else bias.size
    for step in range(T):
        t = T - 1 - step if reverse else step
        before = t + 1 if reverse else t - 1
        if w_ih.size:
            _times(inputs, (t * B + first) * x.shape[1], x.shape[1], w_ih, u, 0)
        else:
            for b in range(first, last):
                _copy(x[t * B + b], u[b - first])
        if step:
            _times(outputs, (before * B + first) * M, M, w_hh, u, shared)
        else:
            _times(start, first * M, M, w_hh, u, shared)
        for b in range(first, last):
            if t >= counts[b]:
                _copy(h0[b], states[t, b])
            elif step == 0 or before >= counts[b]:
                _step(kind, u[b - first], bias, h0[b], c0[b], gates[t, b], c[t, b], states[t, b])
            else:
                _step(kind, u[b - first], bias, states[before, b], c[before, b], gates[t, b], c[t, b], states[t, b])


@compiled
def _back(kind: int, dy: Any, dh: Any, dc: Any, gates: Any, h0: Any, c0: Any, c: Any, h: Any, dz: Any) -> None:
    if kind == LSTM:
        cells.lstm_back(dy, dh, dc, gates, c0, c, dz)
    elif kind == GRU:
        cells.gru_back(dy, dh, gates, h0, dz)
    elif kind == TANH:
        cells.tanh_back(dy, dh, h, dz)
    else:
        cells.relu_back(dy, dh, h, dz)


@compiled
def _backward(
    kind: int, dy: Any, dh: Any, dc: Any, dx: Any, w_ih: Any, w_hh: Any, h0: Any, c0: Any, counts: Any, reverse: bool,
    y: Any, gates: Any, c: Any, dz: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Carry gradients back through time; dh and dc, of the last states at first, end as those of the first states.

    Without a packed W_ih, dx is left alone.
    """
    T, B, M = dy.shape
    width, flat = dz.shape[1], dz.reshape(-1)
    to_h, to_x = _rows_of(last - first, w_hh.shape[0] * WIDE), _rows_of(last - first, w_ih.shape[0] * WIDE)
    for step in range(T):
        t = step if reverse else T - 1 - step
        before = t + 1 if reverse else t - 1
        for b in range(first, last):
            z = dz[t * B + b]
            if t >= counts[b]:
                for j in range(width):
                    z[j] = 0
            elif step == T - 1 or before >= counts[b]:
                _back(kind, dy[t, b], dh[b], dc[b], gates[t, b], h0[b], c0[b], c[t, b], y[t, b], z)
            else:
                _back(kind, dy[t, b], dh[b], dc[b], gates[t, b], y[before, b], c[before, b], c[t, b], y[t, b], z)
        _times(flat, (t * B + first) * width + width - w_hh.shape[1], width, w_hh, to_h, 0)
        _times(flat, (t * B + first) * width, width, w_ih, to_x, 0)
        for b in range(first, last):
            for j in range(M):
                dh[b, j] += to_h[b - first, j]
            for j in range(dx.shape[2] if w_ih.size else 0):
                dx[t, b, j] = to_x[b - first, j]


def _run(kind: int, x: Any, h0: Any, c0: Any, weights: Any, steps: Any, reverse: bool) -> Any:
    """Return y with the last states behind it, and what backward needs: the gates and c, as far as there are any."""
    if not all(v is None or (v.dtype is FLOAT32 and v.size) for v in (x, h0, c0, *weights)):
        return NotImplemented
    w_ih, w_hh, b_ih, b_hh = weights
    s = Layout(kind, x, w_hh, steps, reverse)
    T, B, M, slots = s.T, s.B, s.M, s.T + (1 if c0 is None else 2)
    store, c = out((slots * B + ROWS, M)), out((T, B, 0 if c0 is None else M))
    gates = out((T, B, s.width if kind in (GRU, LSTM) else 0))
    rows, into, through = with_spare_rows(s.rows(x)), panels(s.spread(w_ih).T), panels(s.spread(w_hh).T)
    if s.ahead:
        rows, into = product(rows[: T * B], s.spread(w_ih).T), into[:0]
    first_h, first_c, bias = with_spare_rows(h0), c[0] if c0 is None else np.array(c0), s.biases(b_ih, b_hh)

    def work(first: int, last: int) -> None:
        _forward(kind, rows, into, through, bias, first_h, first_c, s.counts, reverse, store, gates, c, first, last)

    s.over_blocks(work)
    y = store[: slots * B].reshape(slots, B, M)
    y[T] = y[s.end, np.arange(B)]
    if c0 is not None:
        y[T + 1] = c[s.end, np.arange(B)]
    if s.absent is not None:
        y[:T][s.absent] = 0
    return y, gates, c


def _run_back(
    kind: int, dy: Any, y: Any, gates: Any, c: Any, needed: Any, x: Any, h0: Any, c0: Any, weights: Any, steps: Any,
    reverse: bool,
) -> Any:  # fmt: skip
    """Return the gradients of all inputs."""
    w_ih, w_hh = weights
    s = Layout(kind, x, w_hh, steps, reverse)
    T, B = s.T, s.B
    dy, first_h = dense(dy, dy.shape), np.array(h0)
    dh, dx = dy[T].copy(), out((T, B, s.I if needed[0] and not s.ahead else 0))
    first_c, dc = (c[0], c[0]) if c0 is None else (np.array(c0), dy[T + 1].copy())
    w_ih = s.turned(s.spread(w_ih))
    through, into = panels(s.spread(w_hh)), panels(w_ih[:, : dx.shape[2]])
    dz = np.zeros((T * B + ROWS, s.width), np.float32) if s.columns > s.M else out((T * B + ROWS, s.width))

    def work(first: int, last: int) -> None:
        states = first_h, first_c, s.counts, reverse, y, gates, c
        _backward(kind, dy[:T], dh, dc, dx, into, through, *states, dz, first, last)

    s.over_blocks(work)
    if s.ahead and needed[0]:
        dx = product(dz[: T * B, : s.G], w_ih).reshape(T, B, s.I)
    firsts = (dh,) if c0 is None else (dh, dc)
    return dx if needed[0] else None, *firsts, *_of_weights(s, dz[: T * B], x, first_h, y, reverse)


def _of_weights(s: Layout, dz: Any, x: Any, h0: Any, y: Any, reverse: bool) -> Any:
    """Return dw_ih, dw_hh and the gradients of both biases, from dz of all steps at once."""
    T, B, M, G = s.T, s.B, s.M, s.G
    into, through = dz[:, :G], dz[:, -G:]
    later, earlier = (through[:-B], y[1:T]) if reverse else (through[B:], y[: T - 1])
    dw_hh = product(later.T, earlier.reshape((T - 1) * B, M))
    dw_hh += through.reshape(T, B, G)[s.start, np.arange(B)].T @ h0
    db = into.sum(0)
    db_hh = through.sum(0) if s.kind == GRU else db
    dw_ih = s.gather(product(into.T, s.rows(x)), turned=True)
    return dw_ih, s.gather(dw_hh), s.gather(db, turned=True), s.gather(db_hh)


def _twins(kind: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the pair of a layer with one state."""

    def forward(x: Any, h0: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, steps: Any, reverse: bool) -> Any:
        return _run(kind, x, h0, None, (w_ih, w_hh, b_ih, b_hh), steps, reverse)

    def backward(
        dy: Any, y: Any, gates: Any, c: Any, needed: Any, x: Any, h0: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any,
        steps: Any, reverse: bool,
    ) -> Any:  # fmt: skip
        return _run_back(kind, dy, y, gates, c, needed, x, h0, None, (w_ih, w_hh), steps, reverse)

    return forward, backward


rnn_tanh_layer_forward, rnn_tanh_layer_backward = _twins(TANH)
rnn_relu_layer_forward, rnn_relu_layer_backward = _twins(RELU)
gru_layer_forward, gru_layer_backward = _twins(GRU)


def lstm_layer_forward(
    x: Any, h0: Any, c0: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, steps: Any, reverse: bool
) -> Any:
    """Return y with the last h and c behind it, the gates, and c of all steps."""
    return _run(LSTM, x, h0, c0, (w_ih, w_hh, b_ih, b_hh), steps, reverse)


def lstm_layer_backward(
    dy: Any, y: Any, gates: Any, c: Any, needed: Any, x: Any, h0: Any, c0: Any, w_ih: Any, w_hh: Any, b_ih: Any,
    b_hh: Any, steps: Any, reverse: bool,
) -> Any:  # fmt: skip
    """Return the gradients of all inputs."""
    return _run_back(LSTM, dy, y, gates, c, needed, x, h0, c0, (w_ih, w_hh), steps, reverse)
