"""Copies of rows of pixels: the way into buffers and out of them.

Rows are short, and many. So the whole copy is spelled out: a row of at least WIDTH numbers moves as vectors, the last
of which ends where the row ends, whatever it has in common with the one before.

    stride 1    |.......|.......|
                      |.......|        the last vector
    stride 2    a . b . c . d .        two vectors of the source are shuffled into one
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types

from .simd import LANES, at, code, int64, intrinsic, load, loop, shuffle, store

WIDTH = min(LANES, 8)  # of the vectors: rows of many images are short


@intrinsic
def copy(
    typing: Any, source: Any, s: Any, stride: Any, s_pitch: Any, target: Any, t: Any, step: Any, t_pitch: Any,
    count: Any, rows: Any,
) -> Any:  # fmt: skip
    """Set target[t + r·t_pitch + i·step] = source[s + r·s_pitch + i·stride] for r < rows and i < count, both >= 1."""
    i64, names = types.int64, "source s stride s_pitch target t step t_pitch count rows"
    return types.void(source, i64, i64, i64, target, i64, i64, i64, i64, i64), code(names, _copy)


def _copy(builder: Any, o: Any) -> None:
    enough = builder.and_(_equal(builder, o.step, 1), builder.icmp_signed(">=", o.count, int64(WIDTH)))
    one, two = (builder.and_(enough, _equal(builder, o.stride, stride)) for stride in (1, 2))
    with builder.if_else(one) as (then, otherwise):
        with then:
            _every_row(builder, o, lambda a, b: _vectors(builder, o, b, lambda i: _next(builder, a, i)))
        with otherwise, builder.if_else(two) as (then_halved, otherwise_singly):
            with then_halved:
                _every_row(builder, o, lambda a, b: _vectors(builder, o, b, lambda i: _every_second(builder, a, i)))
            with otherwise_singly:
                _every_row(builder, o, lambda a, b: _singly(builder, o, a, b))


def _equal(builder: Any, value: Any, number: int) -> Any:
    return builder.icmp_signed("==", value, int64(number))


def _every_row(builder: Any, o: Any, row: Callable[[Any, Any], None]) -> None:
    here, there = at(builder, o.source, o.s), at(builder, o.target, o.t)

    def body(r: Any, _: list[Any]) -> list[Any]:
        row(at(builder, here, builder.mul(r, o.s_pitch)), at(builder, there, builder.mul(r, o.t_pitch)))
        return []

    loop(builder, o.rows, [], body)


def _vectors(builder: Any, o: Any, target: Any, vector: Callable[[Any], Any]) -> None:
    """Store vector(i) at i = 0, WIDTH, ..., and last at count - WIDTH."""
    last = builder.sub(o.count, int64(WIDTH))

    def body(n: Any, _: list[Any]) -> list[Any]:
        i = builder.mul(n, int64(WIDTH))
        i = builder.select(builder.icmp_signed("<", i, last), i, last)
        store(builder, vector(i), at(builder, target, i))
        return []

    loop(builder, builder.udiv(builder.add(o.count, int64(WIDTH - 1)), int64(WIDTH)), [], body)


def _next(builder: Any, source: Any, i: Any) -> Any:
    return load(builder, at(builder, source, i), WIDTH)


def _every_second(builder: Any, source: Any, i: Any) -> Any:
    """Return the numbers 2·i, 2·i + 2, ... of the source; nothing behind the last of them is read."""
    pointer = at(builder, source, builder.add(i, i))
    low, high = (load(builder, at(builder, pointer, n), WIDTH) for n in (0, WIDTH - 1))
    return shuffle(builder, low, high, [*range(0, WIDTH, 2), *range(WIDTH + 1, 2 * WIDTH, 2)])


def _singly(builder: Any, o: Any, source: Any, target: Any) -> None:
    def body(i: Any, _: list[Any]) -> list[Any]:
        number = builder.load(at(builder, source, builder.mul(i, o.stride)))
        builder.store(number, at(builder, target, builder.mul(i, o.step)))
        return []

    loop(builder, o.count, [], body)
