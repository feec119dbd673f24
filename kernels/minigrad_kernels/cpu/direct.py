"""Convolution without im2col: filters times shifted lines of pixels, for any geometry.

Whatever stride, dilation and groups are, the tables of layout.py say where the pixels lie, and the tiles of tiles.py do
the work. Each face of the trilinear form is one use of them:

    slide    a tile of results is filters × spots, summed over taps
    paint    slide the turned filters over y; with stride s, once for each remainder of a pixel's coordinate by s,
             with those taps that reach it
    match    a tile of results is filters × taps, summed over spots

Bytes: the image, twice, and the filters (from cache). Flops: 2·N·K·P·Q·C/groups·R·S, which bound it.

Each output is owned by one thread and summed in one order, so results do not depend on how many threads there are.
"""

from __future__ import annotations

from functools import lru_cache, partial
from itertools import product
from math import prod
from typing import Any

import numpy as np

from .buffers import FLOAT32, flat, out
from .compiled import compiled, inner
from .layout import SLACK, Axes, Axis, Layout, axes_of, layout
from .rows import copy
from .simd import REGISTERS
from .threads import Part, split
from .tiles import VECTORS, dots, shape_of_tile, tile

ENOUGH, ENOUGH_SUMMED = 24, 64  # spots laid out at a time, so that tiles are full; in `match`, so that sums are long
CHUNK = 128  # spots summed over at a time, so that the lines of a tile stay in the first cache
TOGETHER = 2**17  # numbers of images that are computed part by part, at a time
WORTHWHILE = 2**23  # multiplications; below, a second thread costs more than it saves
SHARES, FEW = 4, 2**18  # of the images in `match`, if the sums are few
SLOWNESS = {1: 2.0, 2: 1.2}  # of tiles with few rows, which load more numbers than they multiply
SLOWNESS_SUMMED = {1: 1.7, 2: 1.1, 3: 1.1}  # the same in `match`


@inner
def _lay_out(x: Any, start: int, stop: int, first: int, last: int, table: Any, buffer: Any) -> None:
    """Copy channels first to last of images start to stop into the buffer."""
    for n in range(stop - start):
        for c in range(n * table.channels + first, n * table.channels + last):
            plane = (start * table.channels + c) * table.pixels
            for r in range(table.runs.shape[0]):
                source, place, count, times, a, b = table.runs[r]
                copy(x, plane + source, table.stride, a, buffer, c * table.channel + place, 1, b, count, times)


@compiled
def _slide(
    shape: Any, x: Any, packed: Any, table: Any, groups: int, buffer: Any, lines: Any, y: Any, start: int, stop: int
) -> None:
    """Compute the outputs of images start to stop."""
    rows, vectors, taps = len(shape[0]), len(shape[1]), table.offsets.shape[0]
    C, K = table.channels // groups, table.filters // groups
    pitch = table.outputs if table.straight else table.spots * table.lanes
    blocks = (K + rows - 1) // rows
    filters_once = packed.shape[0] > table.images * table.channels * table.channel  # go through the larger one once
    for n in range(start, stop, table.images):
        end = min(n + table.images, stop)
        spots = (end - n) * table.spots
        tiles = (spots + vectors - 1) // vectors
        seen, planes = x[n * table.channels * table.pixels :], y[n * table.filters * table.outputs :]
        if not table.in_place:
            _lay_out(x, n, end, 0, table.channels, table, buffer)
            seen = buffer
        results = planes if table.straight else lines
        for group in range(groups):
            pixels = seen[group * C * table.channel :]
            for i in range(blocks if filters_once else tiles):
                for j in range(tiles if filters_once else blocks):
                    v, block = (j * vectors, i) if filters_once else (i * vectors, j)
                    k = group * K + min(block * rows, K - rows)  # the last block may begin within the one before
                    at = (group * blocks + block) * (taps + 1) * rows
                    tile(shape, packed, at, rows, False, taps, pixels, table.offsets, table.sources, table.targets,
                         v, spots - 1, results, k * pitch, pitch)  # fmt: skip
        if not table.straight:
            _put_down(lines, (end - n) * table.filters, pitch, table, planes)


@inner
def _put_down(lines: Any, count: int, pitch: int, table: Any, y: Any) -> None:
    """Copy lines of spots into their planes, without what lies between the rows."""
    for k in range(count):
        for r in range(table.pieces.shape[0]):
            place, pixel, length, times, a, b = table.pieces[r]
            copy(lines, k * pitch + place, 1, a, y, k * table.outputs + pixel, table.step, b, length, times)


@inner
def _pick_up(y: Any, start: int, stop: int, first: int, last: int, table: Any, lines: Any) -> None:
    """Copy planes first to last of images start to stop into lines of spots. All other numbers of these are zero."""
    for n in range(stop - start):
        for k in range(first, last):
            line = (k * table.images + n) * table.spots * table.lanes
            plane = ((start + n) * table.filters + k) * table.outputs
            for r in range(table.pieces.shape[0]):
                place, pixel, count, times, a, b = table.pieces[r]
                copy(y, plane + pixel, 1, b, lines, line + place, 1, a, count, times)


@compiled
def _match(
    shape: Any, x: Any, y: Any, table: Any, groups: int, taps: Any, buffer: Any, lines: Any, sums: Any, start: int,
    stop: int, first: int, last: int,
) -> None:  # fmt: skip
    """Compute blocks first to last of filters: for each of them and each tap, a sum over images start to stop."""
    rows, columns, width = len(shape[0]), len(shape[1]), taps.shape[0]
    C, K = table.channels // groups, table.filters // groups
    blocks = (K + rows - 1) // rows  # of a group
    low, high = first // blocks, (last - 1) // blocks + 1  # groups
    level = table.images == 1 and table.pieces.shape[0] == 1 and table.spots * table.lanes == table.outputs
    pitch = table.images * table.spots * table.lanes
    for n in range(start, stop, table.images):
        end = min(n + table.images, stop)
        seen, line = x[n * table.channels * table.pixels :], y[n * table.filters * table.outputs :]
        if not table.in_place:
            _lay_out(x, n, end, low * C, high * C, table, buffer)
            seen = buffer
        if not level:
            _pick_up(y, n, end, low * K, high * K, table, lines)
            line = lines
        for v in range(0, (end - n) * table.spots, CHUNK):
            count = min(CHUNK, (end - n) * table.spots - v)
            for block in range(first, last):
                group, k = block // blocks, block % blocks * rows
                pixels = seen[group * C * table.channel :]
                for j in range(0, width, columns):
                    dots(shape, line, (group * K + k) * pitch + v * table.lanes, pitch, K - 1 - k, pixels, taps, j,
                         table.sources[v:], count, sums, block * rows * width + j, width)  # fmt: skip


def _packed(filters: Any, bias: Any, rows: int) -> Any:
    """Return filters (groups, K, taps) in blocks of `rows`: their biases, then their first taps, their second, ..."""
    groups, K, taps = filters.shape
    which = np.minimum(np.arange(0, K, rows), K - rows)[:, None] + np.arange(rows)
    packed = np.zeros((groups, len(which), 1 + taps, rows), FLOAT32)
    if bias is not None:
        packed[:, :, 0] = bias.reshape(groups, K)[:, which]
    packed[:, :, 1:] = filters[:, which].swapaxes(2, 3)
    return packed.reshape(-1)


def _buffer(table: Layout) -> Any:
    return np.zeros(0 if table.in_place else table.images * table.channels * table.channel + SLACK, FLOAT32)


def _size_of_lines(table: Layout) -> int:
    return table.images * table.filters * table.spots * table.lanes


@lru_cache(1024)
def _shape_of_slide(K: int, lanes: int) -> Any:
    """Return the tile for K filters: with as many rows as leave few of the last tile over."""
    rows = min((r for r in VECTORS if r <= K), key=lambda r: -(-K // r) * r * SLOWNESS.get(r, 1))
    return shape_of_tile(rows, VECTORS[rows], lanes)


def _run(x: Any, parts: list[tuple[Any, Layout]], bias: Any, y: Any) -> None:
    """Slide filters (groups, K, taps) over x and put the result into y, or the parts that they are of it.

    A few images at a time get all their parts, so that they stay in the second cache meanwhile.
    """
    groups, shapes = len(parts[0][0]), [_shape_of_slide(f.shape[1], table.lanes) for f, table in parts]
    packed = [_packed(f, bias, len(shape[0])) for (f, _), shape in zip(parts, shapes, strict=True)]
    pixels, results, tables = flat(x), y.reshape(-1), [table for _, table in parts]
    some = len(x) if len(parts) == 1 else max(TOGETHER // y[0].size, *(table.images for table in tables))

    def part(start: int, stop: int) -> Part:
        rooms = [(_buffer(t), out(0 if t.straight else _size_of_lines(t))) for t in tables]

        def run() -> None:
            for n in range(start, stop, some):
                for shape, filters, table, room in zip(shapes, packed, tables, rooms, strict=True):
                    _slide(shape, pixels, filters, table, groups, *room, results, n, min(n + some, stop))

        return run

    split(part, len(x), len(x) * sum(f.size * t.spots * t.lanes for f, t in parts) > WORTHWHILE)


@lru_cache(256)
def _layout_of_slide(g: Any, C: int, K: int, enough: int) -> Layout:
    axes = axes_of(g)
    return layout(axes, C, g.groups, K, tuple(axis.out for axis in axes), enough)


def slide(x: Any, w: Any, g: Any, bias: Any = None) -> Any:
    """Slide the filters over the image."""
    K = len(w)
    y = out((len(x), K, *g.out))
    table = _layout_of_slide(g, x.shape[1], K, ENOUGH)
    _run(x, [(w.reshape(g.groups, K // g.groups, len(table.offsets)), table)], bias, y)
    return y


@lru_cache(256)
def _phases(g: Any, C: int, K: int) -> tuple[Axes, list[tuple[Layout, tuple[slice, ...]]]]:
    """Return the convolutions over y whose results, interleaved, are x, with the taps that each of them uses."""
    axes, found = axes_of(g), []
    plane = tuple(axis.size for axis in axes)
    for phases in product(*(axis.planes() for axis in axes)):
        parts = [_phase(axis, phase) for axis, phase in zip(axes, phases, strict=True)]
        first, second, third = [axis for axis, _ in parts]
        if first.out and second.out and third.out:
            table = layout((first, second, third), K, g.groups, C, plane, ENOUGH)
            found.append((table, tuple(taps for _, taps in parts)))
    return axes, found


def _phase(axis: Axis, phase: int) -> tuple[Axis, slice]:
    """Return the part of an axis with pixels h = stride·i + phase - padding.

    They are reached by the taps t with dilation·t = phase modulo stride, from output i - shift(t). So they are the
    result of sliding those taps, turned, over y, one step at a time.
    """
    taps = [t for t, (plane, _) in enumerate(axis.places()) if plane == phase]
    shifts = [axis.places()[t][1] for t in taps]
    first = max(-((phase - axis.padding) // axis.stride), 0)
    last = (axis.size - 1 + axis.padding - phase) // axis.stride
    every, gap = (taps[1] - taps[0], shifts[1] - shifts[0]) if len(taps) > 1 else (1, 1)
    turned = slice(taps[-1], taps[0] - 1 if taps[0] else None, -every)
    start = axis.stride * first + phase - axis.padding
    return Axis(axis.out, max(last + 1 - first, 0), len(taps), 1, shifts[-1] - first, gap, start, axis.stride), turned


def paint(y: Any, w: Any, g: Any) -> Any:
    """Paint every filter back where it looked."""
    K, C, groups = len(w), w.shape[1] * g.groups, g.groups
    axes, phases = _phases(g, C, K)
    complete = len(phases) == prod(axis.stride for axis in axes)  # no pixel is out of reach of all taps
    shape = (len(y), C, *g.size)
    x = out(shape) if complete else np.zeros(shape, FLOAT32)
    filters = w.reshape(groups, K // groups, C // groups, *(axis.taps for axis in axes)).swapaxes(1, 2)
    parts = [(filters[(..., *taps)].reshape(groups, C // groups, len(table.offsets)), table) for table, taps in phases]
    if parts:
        _run(y, parts, None, x)
    return x


@lru_cache(256)
def _plan_of_match(g: Any, C: int, K: int) -> tuple[Layout, Any, Any]:
    """Return the layout, the offsets of the taps filled up to full tiles, and the shape of these."""
    table = _layout_of_slide(g, C, K, ENOUGH_SUMMED)
    rows, columns = _sizes_of_dots(K // g.groups, len(table.offsets))
    offsets = np.zeros(-(-len(table.offsets) // columns) * columns, np.int64)
    offsets[: len(table.offsets)] = table.offsets
    return table, offsets, shape_of_tile(rows, columns, table.lanes)


def _sizes_of_dots(K: int, taps: int) -> tuple[int, int]:
    """Return how many filters and taps a tile of `match` takes: the size that leaves least of the last tiles over."""
    most = 24 if REGISTERS == 32 else 12
    sizes = [(1, 9), *((rows, columns) for rows in (4, 3, 2, 1) for columns in (6, 3))]

    def cost(size: tuple[int, int]) -> tuple[float, int]:
        rows, columns = size
        return -(-K // rows) * rows * -(-taps // columns) * columns * SLOWNESS_SUMMED.get(rows, 1), -rows * columns

    return min((size for size in sizes if size[0] <= K and size[0] * size[1] <= most), key=cost)


def match(x: Any, y: Any, g: Any) -> Any:
    """Match the image with the output, tap by tap.

    Threads share the filters; but if these and their taps are few they share the images, and the sums of as many shares
    as there are are added up, whatever the number of threads.
    """
    N, C, K, groups = len(x), x.shape[1], y.shape[1], g.groups
    table, offsets, shape = _plan_of_match(g, C, K)
    blocks = -(-K // groups // len(shape[0]))
    size = groups, blocks * len(shape[0]), len(offsets)
    shares = min(SHARES, N) if groups == 1 and prod(size) <= FEW else 1
    sums = np.zeros((shares, *size), FLOAT32)
    pixels, outputs, taps = flat(x), flat(y), len(table.offsets)

    def part(first: int, last: int) -> Part:
        room = _buffer(table), np.zeros(_size_of_lines(table), FLOAT32)
        arguments = shape, pixels, outputs, table, groups, offsets, *room
        if shares == 1:
            return partial(_match, *arguments, sums.reshape(-1), 0, N, first, last)

        def run() -> None:
            for s in range(first, last):
                images = N * s // shares, N * (s + 1) // shares
                _match(*arguments, sums[s].reshape(-1), *images, 0, blocks)

        return run

    worthwhile = N * prod(size) * table.spots * table.lanes > WORTHWHILE
    split(part, groups * blocks if shares == 1 else shares, worthwhile)
    total = sums[0] if shares == 1 else sums.sum(0)
    return total[:, : K // groups, :taps].reshape(K, C // groups, *g.kernel)
