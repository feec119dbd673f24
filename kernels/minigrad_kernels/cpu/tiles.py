"""Tiles of results that stay in registers: the inner loops of every convolution.

              ┌ vectors · lanes pixels ┐
        rows  │  c00  c01  c02         │   each c is one vector register; in every step k the tile gains
    (filters) │  c10  c11  c12         │       c[i][j] += a[k][i] · b[k][j]
              └  ...                   ┘   a: one number, spread over a vector;  b: a vector of the image

Two loads of b and a few of a feed rows·vectors multiply-adds, so the arithmetic units never wait for memory. Where
b[k][j] lies is the sum of two numbers out of two tables,

    image[sources[j] + offsets[k]]      sources: where spot j begins      offsets: how far tap k is from there

                offset 0 1 2        offset 10 11 12
    image row   . s . . . . . . . .  next row   . . . . . . . .        s: source of a spot, 3×3 taps, rows of 10

and that is all a convolution is, whatever its stride, padding, dilation or number of axes: layout.py makes the tables.

The size of a tile is told by the type of its first argument, so that a kernel is compiled once for each size in use:
`shape_of_tile(8, 3)` holds a tuple of 8 and a tuple of 3 zeros, and one whose length says how wide vectors are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types

from .simd import (
    FLOAT,
    LANES,
    REGISTERS,
    at,
    code,
    either,
    int64,
    intrinsic,
    load,
    loop,
    multiply_add,
    spread,
    store,
    total,
)

Loads = Sequence[Callable[..., Any]]

# How many vectors a tile of so many rows takes: sums, the shorter side and one more value fill the registers.
VECTORS = {8: 3, 6: 4, 4: 6, 3: 8, 2: 6, 1: 8} if REGISTERS == 32 else {6: 2, 4: 3, 3: 4, 2: 6, 1: 8}


def shape_of_tile(rows: int, columns: int, lanes: int = LANES) -> tuple[tuple[int, ...], ...]:
    """Return what tells a kernel, by its type, to use tiles of rows × columns, in vectors of so many numbers."""
    return (0,) * rows, (0,) * columns, (0,) * (lanes // 4)


def _sizes(shape: Any) -> tuple[int, int, int]:
    rows, columns, quads = (part.count for part in shape.types)
    return rows, columns, 4 * quads


@intrinsic
def tile(
    typing: Any, shape: Any, packed: Any, a: Any, step: Any, more: Any, taps: Any, image: Any, offsets: Any,
    sources: Any, targets: Any, first: Any, last: Any, out: Any, base: Any, pitch: Any,
) -> Any:  # fmt: skip
    """Compute rows × vectors results:

    out[base + i·pitch + targets[j]] = packed[a + i] + Σ_k packed[a + (k + 1)·step + i] · image[sources[j] + offsets[k]]

    for spots j = first, first + 1, ...; any beyond `last` repeats `last`. What sums start from, the bias, is packed in
    front of the taps. With `more`, the sums are added to what is in `out`.
    """
    rows, vectors, lanes = _sizes(shape)
    i64, names = types.int64, "_ packed a step more taps image offsets sources targets first last out base pitch"
    signature = types.void(
        shape, packed, i64, i64, types.boolean, i64, image, offsets, sources, targets, i64, i64, out, i64, i64
    )
    return signature, code(names, lambda builder, o: _tile(builder, o, rows, vectors, lanes))


def _tile(builder: Any, o: Any, rows: int, vectors: int, lanes: int) -> None:
    spots = _up_to(builder, o.first, vectors, o.last)
    windows = [at(builder, o.image, builder.load(at(builder, o.sources, j))) for j in spots]
    places = _places(builder, at(builder, o.out, o.base), rows, o.pitch, [at(builder, o.targets, j) for j in spots])
    filters = at(builder, o.packed, o.a)
    bias = [spread(builder, builder.load(at(builder, filters, i)), lanes) for i in range(rows)]

    def tap(k: Any, sums: list[Any]) -> list[Any]:
        offset = builder.load(at(builder, o.offsets, k))
        column = at(builder, filters, builder.mul(builder.add(k, int64(1)), o.step))
        numbers = [lambda i=i: spread(builder, builder.load(at(builder, column, i)), lanes) for i in range(rows)]
        pixels = [lambda w=w: load(builder, at(builder, w, offset), lanes) for w in windows]
        return _outer(builder, numbers, pixels, sums)

    there = lambda: [load(builder, place, lanes) for place in places]
    start = either(builder, o.more, there, [number for number in bias for _ in spots])
    for value, place in zip(loop(builder, o.taps, start, tap), places, strict=True):
        store(builder, value, place)


def _up_to(builder: Any, first: Any, count: int, last: Any) -> list[Any]:
    """Return the indices first, first + 1, ..., none beyond last."""
    following = [builder.add(first, int64(j)) for j in range(count)]
    return [builder.select(builder.icmp_signed("<", j, last), j, last) for j in following]


def _places(builder: Any, out: Any, rows: int, pitch: Any, targets: list[Any]) -> list[Any]:
    """Return pointers to the vectors of the results."""
    lines = [at(builder, out, builder.mul(pitch, int64(i))) for i in range(rows)]
    columns = [builder.load(target) for target in targets]
    return [at(builder, line, column) for line in lines for column in columns]


def _outer(builder: Any, left: Loads, right: Loads, sums: list[Any]) -> list[Any]:
    """Add every left value times every right value to the sums, holding the shorter side in registers."""
    rows, columns = len(left), len(right)
    gained = list(sums)
    held = [value() for value in (right if columns <= rows else left)]
    for n, value in enumerate(left if columns <= rows else right):
        passing = value()
        for m, other in enumerate(held):
            place = n * columns + m if columns <= rows else m * columns + n
            gained[place] = multiply_add(builder, passing, other, gained[place])
    return gained


@intrinsic
def dots(
    typing: Any, shape: Any, lines: Any, a: Any, pitch: Any, last: Any, image: Any, offsets: Any, j: Any, sources: Any,
    count: Any, out: Any, c: Any, stride: Any,
) -> Any:  # fmt: skip
    """Add rows × columns dot products over `count` spots:

    out[c + i·stride + n] += Σ_v lines[a + i·pitch + v·lanes] · image[sources[v] + offsets[j + n]]

    The rows of the tile are filters, its columns taps; pixels are what is summed over. Rows beyond `last` repeat it.
    """
    rows, columns, lanes = _sizes(shape)
    i64, names = types.int64, "_ lines a pitch last image offsets j sources count out c stride"
    signature = types.void(shape, lines, i64, i64, i64, image, offsets, i64, sources, i64, out, i64, i64)
    return signature, code(names, lambda builder, o: _dots(builder, o, rows, columns, lanes))


def _dots(builder: Any, o: Any, rows: int, columns: int, lanes: int) -> None:
    filters, taps = at(builder, o.lines, o.a), at(builder, o.offsets, o.j)
    left = [at(builder, filters, builder.mul(o.pitch, i)) for i in _up_to(builder, int64(0), rows, o.last)]
    right = [at(builder, o.image, builder.load(at(builder, taps, n))) for n in range(columns)]

    def spot(v: Any, sums: list[Any]) -> list[Any]:
        here, there = builder.mul(v, int64(lanes)), builder.load(at(builder, o.sources, v))
        outputs = [lambda p=p: load(builder, at(builder, p, here), lanes) for p in left]
        pixels = [lambda p=p: load(builder, at(builder, p, there), lanes) for p in right]
        return _outer(builder, outputs, pixels, sums)

    zero = spread(builder, ir.Constant(FLOAT, 0.0), lanes)
    sums = loop(builder, o.count, [zero] * (rows * columns), spot)
    for n, value in enumerate(sums):
        row = builder.mul(o.stride, int64(n // columns))
        place = at(builder, o.out, builder.add(builder.add(o.c, row), int64(n % columns)))
        builder.store(builder.fadd(builder.load(place), total(builder, value)), place)
