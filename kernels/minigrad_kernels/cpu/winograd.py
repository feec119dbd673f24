"""Convolution of 3×3 taps, one step at a time, with a quarter of the multiplications: Winograd's algorithm.

winograd_transform.py has the mathematics: patches of pixels, filters and outputs become 36 numbers each, and what was a
sum over taps and channels is a sum over channels alone. Over all patches that makes 36 matrix products (index ξ):

    slide     m_ξ[k, t]  =  Σ_c u_ξ[k, c] v_ξ[c, t]           u: of filters   v: of pixels   t: tiles
    paint     slide the turned filters over y
    match     u_ξ[k, c]  =  Σ_t m_ξ[k, t] v_ξ[c, t]           m: of outputs

The lanes of a vector are patches: of filters, of tiles, and in `match`, where tiles are summed over, of channels.
Rounding is coarser than that of a plain sum, about 1e-5 of the largest output, and a pixel that is not finite spoils
all outputs of the tiles that see it; so the mode "exact" does without.

N images, C channels, H×W pixels · K filters · P×Q outputs. Each output is owned by one thread and summed in one order.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .buffers import FLOAT32, flat, out
from .compiled import compiled, inner
from .launch import launch
from .rows import copy
from .simd import LANES
from .threads import Part, split
from .tiles import shape_of_tile, tile
from .winograd_tiling import ROWS, UNIT, Tiling, columns_for, panels, products, tiling
from .winograd_transform import into_planes, of_outputs, of_pixels, of_taps, out_of_planes, to_outputs, to_taps

SHARES = 4  # of the images in `match`
TILES, TILES_SUMMED = 64, 128  # of a block, about; TILES_SUMMED in `match`
WORTHWHILE = 2**24  # multiplications of a plain sum; below, a second thread costs more than it saves

_of_pixels, _of_outputs = into_planes(of_pixels, 6), into_planes(of_outputs, 4)
_of_taps, _of_turned_taps = into_planes(of_taps, 3), into_planes(of_taps, 3, turned=True)
_to_outputs, _to_taps = out_of_planes(to_outputs), out_of_planes(to_taps)


@inner
def _clear(a: Any, start: int, stop: int) -> None:
    for i in range(start, stop):
        a[i] = 0


@inner
def _clear_first_rows(u: Any) -> None:
    """Let sums start from zero: `tile` reads their start in front of what it multiplies."""
    for matrix in range(36):
        for place in u.places:
            _clear(u.numbers, matrix * u.apart + place, matrix * u.apart + place + LANES)


@inner
def _fill(x: Any, channels: int, c: int, count: int, part: int, stop: int, table: Any, side: Any, canvas: Any) -> None:
    """Lay channels c, c + 1, ... of parts of x on the canvas, and zeros above and below them."""
    size, source, place = side.rows * side.columns, max(-side.left, 0), max(side.left, 0)
    width = min(side.width - source, side.columns - place)
    for j in range(count):
        for p in range(part, stop):
            n, row = p // table.parts, p % table.parts * 4 * table.strips - side.top
            first, last = max(row, 0), min(row + side.rows, side.height)
            if last <= first or width <= 0:  # nothing but padding
                first = last = row
            here = (j * table.block + p - part) * size
            _clear(canvas, here, here + (first - row) * side.columns)
            _clear(canvas, here + (last - row) * side.columns, here + size)
            if last > first:
                there = here + (first - row) * side.columns + place
                plane = ((n * channels + c + j) * side.height + first) * side.width
                copy(x, plane + source, 1, side.width, canvas, there, 1, side.columns, width, last - first)


@compiled
def _numbers_of_filters(
    w: Any, channels: int, c_distance: int, k_distances: Any, turned: bool, u: Any, start: int, stop: int
) -> None:
    """Transform vectors start to stop of filters."""
    for k in range(start, stop):
        for c in range(channels):
            place = u.places[k] + u.rows[1 + c]
            if turned:
                _of_turned_taps(w, c * c_distance, k_distances, k * LANES, 3, u.numbers, place, u.apart)
            else:
                _of_taps(w, c * c_distance, k_distances, k * LANES, 3, u.numbers, place, u.apart)
    if start == 0:
        _clear_first_rows(u)


@inner
def _numbers_of_tiles(x: Any, channels: int, part: int, stop: int, table: Any, canvas: Any, v: Any) -> None:
    """Transform the pixels of a block; lanes are tiles."""
    side = table.pixels
    for c in range(channels):
        _fill(x, channels, c, 1, part, stop, table, side, canvas)
        for t in range(v.places.shape[0]):
            _of_pixels(canvas, 0, side.corners, t * LANES, side.columns, v.numbers, v.places[t] + v.rows[c], v.apart)


@inner
def _multiply(shape: Any, a: Any, b: Any, depth: int, more: bool, c: Any) -> None:
    """Multiply the 36 matrices: c[r, s] = Σ_k a[k + 1, r] b[k, s], added to what is there if `more`."""
    last = b.spots.shape[0] - 1
    for matrix in range(36):
        for s in range(0, last + 1, len(shape[1])):
            right = b.numbers[matrix * b.apart + b.places[s] :]
            for r in range(0, a.width, len(shape[0])):
                left = matrix * a.apart + r // a.wide * a.wide * a.depth + r % a.wide
                place = matrix * c.apart + r * c.width + b.spots[s]
                tile(shape, a.numbers, left, a.wide, more, depth, right, b.rows, b.spots, b.spots, 0, last - s,
                     c.numbers, place, c.width)  # fmt: skip


@inner
def _outputs_of_products(
    m: Any, filters: int, bias: Any, part: int, stop: int, table: Any, canvas: Any, y: Any
) -> None:
    """Transform products back into the outputs of a block."""
    side = table.outputs
    for k in range(filters):
        for t in range(0, m.width, LANES):
            _to_outputs(m.numbers, k * m.width + t, m.apart, bias, k, canvas, 0, side.corners, t, side.columns)
        for p in range(part, stop):
            n, row = p // table.parts, p % table.parts * 4 * table.strips
            plane, rows = ((n * filters + k) * side.height + row) * side.width, min(side.rows, side.height - row)
            here = (p - part) * side.rows * side.columns
            copy(canvas, here, 1, side.columns, y, plane, 1, side.width, side.width, rows)


@compiled
def _slide(shape: Any, x: Any, u: Any, v: Any, m: Any, bias: Any, table: Any, room: Any, y: Any, sizes: Any) -> None:
    """Compute the outputs of some parts, a block at a time."""
    channels, filters, first, last = sizes
    for part in range(first, last, table.block):
        stop = min(part + table.block, last)
        _numbers_of_tiles(x, channels, part, stop, table, room[0], v)
        _multiply(shape, u, v, channels, False, m)
        _outputs_of_products(m, filters, bias, part, stop, table, room[1], y)


def _convolve(x: Any, w: Any, distances: tuple[int, int], turned: bool, bias: Any, table: Tiling, y: Any) -> None:
    """Slide filters over x; distances are those of filters and of their channels in w."""
    (N, C), K = x.shape[:2], y.shape[1]
    rows, tiles = -(-K // UNIT) * UNIT, len(table.pixels.corners)
    columns = columns_for(tiles // LANES)
    u = panels(rows, C + 1, UNIT)
    k_distances = np.minimum(np.arange(rows), K - 1) * distances[0]
    launch(len(u.numbers), len(u.places), _numbers_of_filters, flat(w), C, distances[1], k_distances, turned, u)
    shape, pixels, outputs = shape_of_tile(ROWS, columns), flat(x), y.reshape(-1)

    def part(first: int, last: int) -> Part:
        v, m = panels(tiles, C, columns * LANES), products(rows, tiles)
        room = table.pixels.canvas(table.block), table.outputs.canvas(table.block)
        sizes = C, K, first * table.block, min(last * table.block, N * table.parts)
        return partial(_slide, shape, pixels, u, v, m, bias, table, room, outputs, sizes)

    split(part, -(-N * table.parts // table.block), y.size * w.size // K > WORTHWHILE)


def slide(x: Any, w: Any, g: Any, bias: Any = None) -> Any:
    """Slide the filters over the image."""
    (K, C), N = w.shape[:2], len(x)
    y = out((N, K, *g.out))
    bias = np.zeros(K, FLOAT32) if bias is None else flat(bias)
    _convolve(x, w, (9 * C, 9), False, bias, tiling(g.size, g.out, g.padding, N, TILES, False), y)
    return y


def paint(y: Any, w: Any, g: Any) -> Any:
    """Paint every filter back where it looked."""
    C, N = w.shape[1], len(y)
    x = out((N, C, *g.size))
    table = tiling(g.out, g.size, tuple(2 - f for f in g.padding), N, TILES, False)
    _convolve(y, w, (9, 9 * C), True, np.zeros(C, FLOAT32), table, x)
    return x


@inner
def _numbers_of_channels(
    x: Any, channels: int, part: int, last: int, table: Any, canvas: Any, distances: Any, v: Any
) -> None:
    """Transform the pixels of a block; lanes are channels."""
    side = table.pixels
    for c in range(0, channels, LANES):
        _fill(x, channels, c, min(LANES, channels - c), part, last, table, side, canvas)
        for t in range((last - part) * table.tiles):
            place = v.places[c // LANES] + v.rows[t]
            _of_pixels(canvas, side.corners[t], distances, 0, side.columns, v.numbers, place, v.apart)


@inner
def _numbers_of_outputs(
    y: Any, filters: int, start: int, stop: int, part: int, last: int, table: Any, canvas: Any, distances: Any, m: Any
) -> None:
    """Transform the outputs of a block; lanes are filters, from start to stop."""
    side = table.outputs
    for k in range(start, stop, LANES):
        _fill(y, filters, k, min(LANES, stop - k), part, last, table, side, canvas)
        for t in range((last - part) * table.tiles):
            place = m.places[(k - start) // LANES] + m.rows[1 + t]
            _of_outputs(canvas, side.corners[t], distances, 0, side.columns, m.numbers, place, m.apart)


@inner
def _filters_of_products(u: Any, start: int, stop: int, channels: int, distances: Any, w: Any) -> None:
    """Transform sums of products back into filters; a last vector that is not full goes a long way round."""
    none, spare = np.zeros(1, np.float32), np.empty(9 * LANES, np.float32)
    for k in range(start, stop):
        for c in range(0, channels, LANES):
            source, taps = (k - start) * u.width + c, (k * channels + c) * 9
            if c + LANES <= channels:
                _to_taps(u.numbers, source, u.apart, none, 0, w, taps, distances, 0, 3)
            else:
                _to_taps(u.numbers, source, u.apart, none, 0, spare, 0, distances, 0, 3)
                for i in range((channels - c) * 9):
                    w[taps + i] = spare[i]


@compiled
def _match(
    shape: Any, x: Any, y: Any, u: Any, v: Any, m: Any, table: Any, room: Any, distances: Any, w: Any, sizes: Any
) -> None:
    """Compute some filters, from some shares of the images, a block at a time. Each share has filters w of its own."""
    channels, filters, start, stop, parts, share, last_share, shares = sizes
    blocks = -(-parts // table.block)
    _clear_first_rows(m)
    for s in range(share, last_share):
        first = blocks * s // shares
        for block in range(first, blocks * (s + 1) // shares):
            part, last = block * table.block, min((block + 1) * table.block, parts)
            _numbers_of_channels(x, channels, part, last, table, room[0], distances[0], v)
            _numbers_of_outputs(y, filters, start, stop, part, last, table, room[1], distances[1], m)
            _multiply(shape, m, v, (last - part) * table.tiles, block > first, u)
        _filters_of_products(u, start, stop, channels, distances[2], w[s * filters * channels * 9 :])


def match(x: Any, y: Any, g: Any) -> Any:
    """Match the image with the output, tap by tap.

    Threads share the filters, and each transforms the image for itself; but where there are few filters, they share the
    images, and filters of as many shares as there are are added up, whatever the number of threads.
    """
    (N, C), K = x.shape[:2], y.shape[1]
    table = tiling(g.size, g.out, g.padding, N, TILES_SUMMED, True)
    width, tiles, units = -(-C // LANES) * LANES, table.block * table.tiles, -(-K // UNIT)
    shares = min(SHARES, N * table.parts // table.block) if units <= SHARES else 1
    columns = columns_for(width // LANES)
    w = out((shares, K, C, 3, 3))
    shape, pixels, outputs, filters = shape_of_tile(ROWS, columns), flat(x), flat(y), w.reshape(-1)
    planes = [table.block * side.rows * side.columns for side in (table.pixels, table.outputs)]
    distances = tuple(np.arange(LANES) * distance for distance in (*planes, 9))

    def part(first: int, last: int) -> Part:
        if shares == 1:
            (start, stop), mine = (first * UNIT, min(last * UNIT, K)), (0, 1)
        else:
            (start, stop), mine = (0, K), (first, last)
        rows = -(-(stop - start) // UNIT) * UNIT
        v, m, u = panels(width, tiles, columns * LANES), panels(rows, tiles + 1, UNIT), products(rows, width)
        room = table.pixels.canvas(LANES * table.block), table.outputs.canvas(LANES * table.block)
        sizes = (C, K, start, stop, N * table.parts, *mine, shares)
        return partial(_match, shape, pixels, outputs, u, v, m, table, room, distances, filters, sizes)

    split(part, units if shares == 1 else shares, y.size * w[0].size // K > WORTHWHILE)
    return w[0] if shares == 1 else w.sum(0)
