"""Convolution without im2col: the twins of slide_loop, paint_loop and match_loop for stride 1.

An image is laid out once with its padding, as one long line per channel. Then the output pixels p of a whole plane are
a line too, and tap (c, r, s) of every window is that line shifted by a constant:

    window p, tap (c, r, s)   ->   padded[offset(c, r, s) + p],   offset = c·plane + dilation·(r·width + s)

(the few p that wrap around the edge of a row are computed and thrown away). So the forward pass is one product of the
filters with shifted lines (`make_tile`), and the gradient of the filters is dot products of such lines (`make_dots`).
The gradient of the image is a forward pass: over dy, with the filters turned around and their axes K and C swapped.

Bytes: the padded image (once) and the filters (from cache). Flops: 2·N·K·P·Q·C·R·S, which bound it.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

import numpy as np

from .compiled import compiled
from .simd import LANES, make_dots, make_tile
from .threads import split

ROWS, VECTORS = (8, 3) if LANES == 16 else (4, 3)  # 24 of 32 registers, or 12 of 16, hold results
WIDE = VECTORS * LANES
_tile, _dots = make_tile(ROWS, VECTORS), make_dots(4, 3)


def _covers(g: Any, *arrays: Any) -> bool:
    """Say whether these kernels do this convolution; any other is the reference's."""
    return (
        g.groups == 1
        and set(g.stride) == {1}
        and len(g.size) <= 2
        and all(a.dtype == np.float32 and a.size and a.shape[1] for a in arrays)
        and prod(g.size) < 2**24
    )


class _Plan:
    """The padded image as lines: sizes, and where each tap finds its line."""

    def __init__(self, g: Any, channels: int) -> None:
        flat = 2 - len(g.size)  # a sequence is an image of one row
        margins = [(0, 0)] * flat + list(g.margins())
        height, self.width = (n + f + b for n, (f, b) in zip([1] * flat + list(g.size), margins, strict=True))
        (self.top, _), (self.left, _) = margins
        rows, columns = [1] * flat + list(g.out)
        steps, taps = [1] * flat + list(g.dilation), [1] * flat + list(g.kernel)
        self.plane = height * self.width
        self.pixels = (rows - 1) * self.width + columns  # of the output line
        self.offsets = np.array([
            c * self.plane + steps[0] * r * self.width + steps[1] * s
            for c, r, s in product(range(channels), range(taps[0]), range(taps[1]))
        ], np.int64)  # fmt: skip
        self.line = channels * self.plane + WIDE + LANES  # a last tile may read past the end


@compiled
def _lay_out(x: Any, n: int, padded: Any, top: int, left: int, plane: int, width: int) -> None:
    C, H, W = x.shape[1:]
    for c in range(C):
        for h in range(H):
            start = c * plane + (h + top) * width + left
            for w in range(W):
                padded[start + w] = x[n, c, h, w]


@compiled
def _slide(
    x: Any, packed: Any, offsets: Any, y: Any, padded: Any, lines: Any, start: int, stop: int, top: int, left: int,
    plane: int, width: int,
) -> None:  # fmt: skip
    K, P, Q = y.shape[1:]
    pixels = (P - 1) * width + Q
    tiles = (pixels + WIDE - 1) // WIDE
    length, taps = tiles * WIDE, offsets.shape[0]
    for n in range(start, stop):
        _lay_out(x, n, padded, top, left, plane, width)
        for t in range(tiles):
            for block in range((K + ROWS - 1) // ROWS):
                _tile(packed, block * taps * ROWS, padded, t * WIDE, offsets, taps,
                      lines, block * ROWS * length + t * WIDE, length)  # fmt: skip
        for k in range(K):
            for p in range(P):
                for q in range(Q):
                    y[n, k, p, q] = lines[k * length + p * width + q]


def _packed(filters: Any) -> Any:
    """Return filters (K, taps) as blocks of ROWS filters, tap by tap, the last block filled up with zeros."""
    K, taps = filters.shape
    blocks = -(-K // ROWS)
    full = np.zeros((blocks * ROWS, taps), np.float32)
    full[:K] = filters
    return np.ascontiguousarray(full.reshape(blocks, ROWS, taps).transpose(0, 2, 1)).ravel()


def _plane(a: Any) -> Any:
    """Return (N, C, W) as (N, C, 1, W), contiguous."""
    a = np.ascontiguousarray(a)
    return a[:, :, None] if a.ndim == 3 else a


def slide_loop(x_nchw: Any, w_kcrs: Any, g: Any) -> Any:
    """Slide the filters over the image."""
    if not _covers(g, x_nchw, w_kcrs):
        return NotImplemented
    plan, K = _Plan(g, x_nchw.shape[1]), len(w_kcrs)
    if ROWS > 2 * K:  # most rows of the tile would be for nothing
        return NotImplemented
    y = np.empty((len(x_nchw), K, *g.out), np.float32)
    x, out, packed = _plane(x_nchw), _plane(y), _packed(w_kcrs.reshape(K, -1))
    length = -(-plan.pixels // WIDE) * WIDE

    def work(start: int, stop: int) -> None:
        padded, lines = np.zeros(plan.line, np.float32), np.empty(-(-K // ROWS) * ROWS * length, np.float32)
        _slide(x, packed, plan.offsets, out, padded, lines, start, stop, plan.top, plan.left, plan.plane, plan.width)

    split(work, len(x))
    return y


def paint_loop(y_nkpq: Any, w_kcrs: Any, g: Any) -> Any:
    """Paint every filter back where it looked: slide the turned filters over y."""
    if not _covers(g, y_nkpq, w_kcrs):
        return NotImplemented
    front = tuple(d * (r - 1) - f for d, r, f in zip(g.dilation, g.kernel, g.padding, strict=True))
    if min(front) < 0:
        return NotImplemented
    turned = np.flip(w_kcrs, tuple(range(2, w_kcrs.ndim))).swapaxes(0, 1)
    return slide_loop(y_nkpq, turned, g._replace(size=tuple(y_nkpq.shape[2:]), out=g.size, padding=front))


@compiled
def _match(
    x: Any, dy: Any, offsets: Any, taps: Any, padded: Any, lines: Any, start: int, stop: int, top: int, left: int,
    plane: int, width: int, length: int,
) -> None:  # fmt: skip
    K, P, Q = dy.shape[1:]
    for n in range(start, stop):
        _lay_out(x, n, padded, top, left, plane, width)
        for k in range(K):
            for p in range(P):
                for q in range(Q):
                    lines[k * length + p * width + q] = dy[n, k, p, q]
        for k in range(0, taps.shape[0], 4):
            for j in range(0, taps.shape[1], 3):
                _dots(lines, k * length, length, padded, 0, offsets, j, length,
                      taps.reshape(-1), k * taps.shape[1] + j, taps.shape[1])  # fmt: skip


def match_loop(x_nchw: Any, y_nkpq: Any, g: Any) -> Any:
    """Match the image with the output, tap by tap. Images are summed in four groups, whatever the threads."""
    if not _covers(g, x_nchw, y_nkpq):
        return NotImplemented
    N, K, C = len(y_nkpq), y_nkpq.shape[1], x_nchw.shape[1]
    plan = _Plan(g, C)
    count = len(plan.offsets)
    offsets = np.zeros(-(-count // 3) * 3, np.int64)
    offsets[:count] = plan.offsets
    length = -(-plan.pixels // LANES) * LANES
    groups = min(4, N)
    taps = np.zeros((groups, -(-K // 4) * 4, len(offsets)), np.float32)
    x, y = _plane(x_nchw), _plane(y_nkpq)

    def work(first: int, last: int) -> None:
        padded, lines = np.zeros(plan.line, np.float32), np.zeros(taps.shape[1] * length, np.float32)
        for i in range(first, last):
            _match(x, y, offsets, taps[i], padded, lines, N * i // groups, N * (i + 1) // groups,
                   plan.top, plan.left, plan.plane, plan.width, length)  # fmt: skip

    split(work, groups)
    return taps.sum(0)[:K, :count].reshape(K, C, *g.kernel)
