"""Pooling in one pass: the twins of max_pool_forward, max_pool_backward, scatter_pixels_loop.

The reference of max-pooling goes through all images once per tap, with arrays of comparisons in between. Here a plane
is laid out as for a convolution (layout.py), padded with -∞, so that a tap of neighbouring windows is a vector. The
largest numbers so far, and which taps they came from, stay in registers (pool_lanes.py). A window remembers its winner
by the number of the tap, one byte.

Bytes: the images, the results and the winners, once each; that is what bounds it.
"""

from __future__ import annotations

from functools import lru_cache, partial
from math import prod
from typing import Any

import numpy as np

from .buffers import FLOAT32, dense, flat, out
from .compiled import compiled, inner
from .layout import SLACK, Layout, axes_of, layout
from .pool_lanes import best_of_four, best_tap, to_four, to_winners
from .rows import copy
from .threads import Part, split

WORTHWHILE = 2**16  # pixels; below, a second thread costs more than it saves
MOST = 256  # taps whose numbers fit into a byte


@compiled
def _max_pool(
    shape: Any, x: Any, table: Any, first: Any, buffer: Any, line: Any, tags: Any, y: Any, winner: Any, start: int,
    stop: int,
) -> None:  # fmt: skip
    """Pool planes start to stop."""
    lanes, taps = 4 * len(shape), table.offsets.shape[0]
    for n in range(start, stop):
        seen = x[n * table.pixels :]
        if not table.in_place:
            for r in range(table.runs.shape[0]):
                source, place, count, times, a, b = table.runs[r]
                copy(x, n * table.pixels + source, table.stride, a, buffer, place, 1, b, count, times)
            seen = buffer
        best, number = (y[n * table.outputs :], winner[n * table.outputs :]) if table.straight else (line, tags)
        for v in range(table.spots):
            source, target = table.sources[v], table.targets[v]
            best_tap(shape, seen, source, table.offsets, taps, first, v * lanes, best, number, target)
        if not table.straight:
            _put_down(line, tags, table.pieces, n * table.outputs, y, winner)


@compiled
def _max_pool_quarters(shape: Any, x: Any, y: Any, winner: Any, H: int, W: int, start: int, stop: int) -> None:
    """Windows of 2×2 side by side need no layout: two vectors of a row are shuffled into columns."""
    lanes, P, Q = 4 * len(shape), H // 2, W // 2
    for n in range(start, stop):
        for p in range(P):
            for q in range(0, Q, lanes):
                q = min(q, Q - lanes)  # the last vector ends with the row
                best_of_four(shape, x, (n * H + 2 * p) * W + 2 * q, W, y, winner, (n * P + p) * Q + q)


def _quarters(g: Any) -> int:
    """Return how many lanes, if any, suit windows of 2×2 side by side."""
    if g.kernel != (2, 2) or g.stride != (2, 2) or g.padding != (0, 0) or g.dilation != (1, 1):
        return 0
    whole = g.out == (g.size[0] // 2, g.size[1] // 2)  # with ceil_mode, windows may hang over the edge
    return 0 if not whole or g.out[1] < 4 else 4 if g.out[1] < 8 else 8


@inner
def _put_down(line: Any, tags: Any, pieces: Any, plane: int, y: Any, winner: Any) -> None:
    """Copy a line of spots into its plane, without what lies between the rows."""
    for r in range(pieces.shape[0]):
        place, pixel, count, times, a, b = pieces[r]
        for t in range(times):
            for i in range(count):
                y[plane + pixel + t * b + i] = line[place + t * a + i]
                winner[plane + pixel + t * b + i] = tags[place + t * a + i]


@lru_cache(256)
def _plan(g: Any) -> tuple[Layout, Any]:
    """Return the layout of a plane, and for every lane of it the first tap that is not in the padding."""
    axes = axes_of(g)
    table = layout(axes, 1, 1, 1, tuple(axis.out for axis in axes), 1)
    number: Any = np.zeros((), int)
    for p, r, s, f, d in zip(g.out, g.kernel, g.stride, g.padding, g.dilation, strict=True):
        number = number[..., None] * r + np.maximum(-((np.arange(p) * s - f) // d), 0)
    number, lane = number.reshape(-1), np.arange(table.lanes)
    first = np.zeros(table.spots * table.lanes, np.uint8)
    if table.straight:
        first[:] = number[(table.targets[:, None] + lane).reshape(-1)]
    for place, pixel, count, times, a, b in table.pieces[: 0 if table.straight else None]:
        for t in range(times):
            first[place + t * a :][:count] = number[pixel + t * b :][:count]
    return table, first


def max_pool_forward(x_nchw: Any, g: Any) -> Any:
    """Return the largest pixel of each window, and the number of the tap that holds it."""
    if x_nchw.dtype != FLOAT32 or not x_nchw.size or prod(g.kernel) > MOST:
        return NotImplemented
    (table, first), lanes = _plan(g), _quarters(g)
    lead = x_nchw.shape[: -len(g.size)]
    y, winner, x = out((*lead, *g.out)), np.empty((*lead, *g.out), np.uint8), flat(x_nchw)
    shape, results, numbers = (0,) * (table.lanes // 4), y.reshape(-1), winner.reshape(-1)

    def part(start: int, stop: int) -> Part:
        if lanes:
            return partial(_max_pool_quarters, (0,) * (lanes // 4), x, results, numbers, *g.size, start, stop)
        buffer = np.full(0 if table.in_place else table.channel + SLACK, -np.inf, FLOAT32)
        line, tags = out(table.spots * table.lanes), np.empty(table.spots * table.lanes, np.uint8)
        return partial(_max_pool, shape, x, table, first, buffer, line, tags, results, numbers, start, stop)

    split(part, prod(lead), x.size > WORTHWHILE)
    return y, winner


@compiled
def _to_winners(dy: Any, winner: Any, starts: Any, distances: Any, dx: Any, pixels: int, start: int, stop: int) -> None:
    """Add each dy to the pixel that won, window by window."""
    windows = starts.shape[0]
    for n in range(start, stop):
        dx[n * pixels : (n + 1) * pixels] = 0
        to_winners(dy, n * windows, winner, starts, distances, windows, dx, n * pixels)


@compiled
def _to_winners_of_quarters(shape: Any, dy: Any, winner: Any, dx: Any, H: int, W: int, start: int, stop: int) -> None:
    """Windows of 2×2 side by side: each pixel belongs to one window, or to none at an odd edge, and is written once."""
    lanes, P, Q = 4 * len(shape), H // 2, W // 2
    for n in range(start, stop):
        for p in range(P):
            row = (n * H + 2 * p) * W
            for q in range(0, Q, lanes):
                q = min(q, Q - lanes)  # the last vector ends with the row
                to_four(shape, dy, winner, (n * P + p) * Q + q, dx, row + 2 * q, W)
            if W % 2:
                dx[row + W - 1] = dx[row + 2 * W - 1] = 0
        for w in range(2 * P * W, H * W):
            dx[n * H * W + w] = 0


@lru_cache(256)
def _places(g: Any) -> tuple[Any, Any]:
    """Return the place in the plane of each window's first tap, and how far each tap is from it."""
    start: Any = np.zeros((), int)
    distance: Any = np.zeros((), int)
    for n, p, r, s, f, d in zip(g.size, g.out, g.kernel, g.stride, g.padding, g.dilation, strict=True):
        start = start[..., None] * n + np.arange(p) * s - f
        distance = distance[..., None] * n + np.arange(r) * d
    return start.reshape(-1), distance.reshape(-1)


def max_pool_backward(dy_ncpq: Any, winner_ncpq: Any, g: Any) -> Any:
    """Return dx: each dy at the pixel that won its window. Planes are independent, so threads never meet."""
    if dy_ncpq.dtype != FLOAT32 or not dy_ncpq.size or winner_ncpq.dtype != np.uint8:
        return NotImplemented
    lead, pixels = dy_ncpq.shape[: -len(g.size)], prod(g.size)
    dx, dy, winner = out((*lead, *g.size)), flat(dy_ncpq), flat(winner_ncpq)
    results, tables, lanes = dx.reshape(-1), _places(g), _quarters(g)

    def part(start: int, stop: int) -> Part:
        if lanes:
            return partial(_to_winners_of_quarters, (0,) * (lanes // 4), dy, winner, results, *g.size, start, stop)
        return partial(_to_winners, dy, winner, *tables, results, pixels, start, stop)

    split(part, prod(lead), dx.size > WORTHWHILE)
    return dx


@compiled
def _scatter(y: Any, places: Any, x: Any, start: int, stop: int) -> None:
    for n in range(start, stop):
        for p in range(y.shape[1]):
            x[n, places[n, p]] += y[n, p]


def scatter_pixels_loop(y_ncpq: Any, i_ncpq: Any, size: tuple[int, ...]) -> Any:
    """Add pixels into planes of zeros at their places."""
    if y_ncpq.dtype != FLOAT32 or not y_ncpq.size:
        return NotImplemented
    d = len(size)
    lead, windows = y_ncpq.shape[:-d], prod(y_ncpq.shape[-d:])
    planes = prod(lead)
    y, places = dense(y_ncpq, (planes, windows)), dense(i_ncpq, (planes, windows))
    x = np.zeros((planes, prod(size)), FLOAT32)
    split(lambda start, stop: partial(_scatter, y, places, x, start, stop), planes, x.size > WORTHWHILE)
    return x.reshape(*lead, *size)
