"""The inner loops of max-pooling, on vectors of windows.

    forward     wins = (value > best) or value is NaN,   best = wins ? value : best,   winner = wins ? tap : winner
    backward    a b   the four pixels of a window: dy where the number of the winner is theirs, 0 elsewhere,
                c d   zipped into two rows: a b a b ... and c d c d ...

How wide a vector is, is told by the length of the first argument, a tuple: a quarter of its lanes.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from .simd import FLOAT, INT32, INT64, at, code, int64, intrinsic, load, loop, shuffle, spread, store

BYTE = ir.IntType(8)


@intrinsic
def best_tap(
    typing: Any, shape: Any, plane: Any, s: Any, offsets: Any, taps: Any, first: Any, f: Any, y: Any, winner: Any,
    t: Any,
) -> Any:  # fmt: skip
    """Set y[t] to the largest of the taps plane[s + offsets[k]], and winner[t] to its k, for a vector of windows.

    The first of equals wins, and NaN over all; where none beats -∞, the winner is first[f].
    """
    i64, names = types.int64, "_ plane s offsets taps first f y winner t"
    signature = types.void(shape, plane, i64, offsets, i64, first, i64, y, winner, i64)
    return signature, code(names, lambda builder, o: _best_tap(builder, o, 4 * shape.count))


def _best_tap(builder: Any, o: Any, lanes: int) -> None:
    window = at(builder, o.plane, o.s)

    def tap(k: Any, state: list[Any]) -> list[Any]:
        value = load(builder, at(builder, window, builder.load(at(builder, o.offsets, k))), lanes)
        return _better(builder, value, builder.trunc(k, INT32), *state)

    lowest = spread(builder, ir.Constant(FLOAT, float("-inf")), lanes)
    _store(builder, o, loop(builder, o.taps, [lowest, _numbers(builder, o.first, o.f, lanes)], tap))


@intrinsic
def best_of_four(typing: Any, shape: Any, x: Any, s: Any, pitch: Any, y: Any, winner: Any, t: Any) -> Any:
    """Do the same for windows of 2×2 side by side, whose rows begin at x[s] and x[s + pitch]."""
    i64, names = types.int64, "_ x s pitch y winner t"
    signature = types.void(shape, x, i64, i64, y, winner, i64)
    return signature, code(names, lambda builder, o: _best_of_four(builder, o, 4 * shape.count))


def _best_of_four(builder: Any, o: Any, lanes: int) -> None:
    pixels = []
    for r in range(2):
        row = at(builder, at(builder, o.x, o.s), builder.mul(o.pitch, int64(r)))
        low, high = load(builder, row, lanes), load(builder, at(builder, row, lanes), lanes)
        pixels += [shuffle(builder, low, high, range(column, 2 * lanes, 2)) for column in range(2)]
    state = [pixels[0], ir.Constant(ir.VectorType(INT32, lanes), [0] * lanes)]
    for tap in range(1, 4):
        state = _better(builder, pixels[tap], ir.Constant(INT32, tap), *state)
    _store(builder, o, state)


def _better(builder: Any, value: Any, number: Any, best: Any, winner: Any) -> list[Any]:
    """Return the best of two, and which it is."""
    wins = builder.or_(builder.fcmp_ordered(">", value, best), builder.fcmp_unordered("uno", value, value))
    one = builder.insert_element(ir.Constant(winner.type, ir.Undefined), number, ir.Constant(INT32, 0))
    return [
        builder.select(wins, value, best),
        builder.select(wins, shuffle(builder, one, one, [0] * winner.type.count), winner),
    ]


def _store(builder: Any, o: Any, state: list[Any]) -> None:
    best, winner = state
    store(builder, best, at(builder, o.y, o.t))
    bytes_ = ir.VectorType(BYTE, winner.type.count)
    place = builder.bitcast(at(builder, o.winner, o.t), bytes_.as_pointer())
    builder.store(builder.trunc(winner, bytes_), place, align=1)


def _numbers(builder: Any, array: Any, index: Any, lanes: int) -> Any:
    """Load bytes as a vector of integers."""
    place = builder.bitcast(at(builder, array, index), ir.VectorType(BYTE, lanes).as_pointer())
    return builder.zext(builder.load(place, align=1), ir.VectorType(INT32, lanes))


@intrinsic
def to_four(typing: Any, shape: Any, dy: Any, winner: Any, t: Any, dx: Any, place: Any, pitch: Any) -> Any:
    """Set the 2×2 pixels of a vector of windows, in two rows of dx that are `pitch` apart."""
    i64, names = types.int64, "_ dy winner t dx place pitch"
    signature = types.void(shape, dy, winner, i64, dx, i64, i64)
    return signature, code(names, lambda builder, o: _to_four(builder, o, 4 * shape.count))


def _to_four(builder: Any, o: Any, lanes: int) -> None:
    dy, winner = load(builder, at(builder, o.dy, o.t), lanes), _numbers(builder, o.winner, o.t, lanes)
    zero = spread(builder, ir.Constant(FLOAT, 0.0), lanes)
    pixels = []
    for tap in range(4):
        wins = builder.icmp_signed("==", winner, ir.Constant(winner.type, [tap] * lanes))
        pixels.append(builder.select(wins, dy, zero))
    zipped = [n for lane in range(lanes) for n in (lane, lanes + lane)]
    for r in range(2):
        line = at(builder, at(builder, o.dx, o.place), builder.mul(o.pitch, int64(r)))
        store(builder, shuffle(builder, pixels[2 * r], pixels[2 * r + 1], zipped), line)


@intrinsic
def to_winners(
    typing: Any, dy: Any, t: Any, winner: Any, starts: Any, distances: Any, windows: Any, dx: Any, plane: Any
) -> Any:
    """Add dy[t + p] to dx[plane + starts[p] + distances[winner[t + p]]] for each window p."""
    i64, names = types.int64, "dy t winner starts distances windows dx plane"
    return types.void(dy, i64, winner, starts, distances, i64, dx, i64), code(names, _to_winners)


def _to_winners(builder: Any, o: Any) -> None:
    pixels = at(builder, o.dx, o.plane)

    def window(p: Any, _: list[Any]) -> list[Any]:
        here = builder.add(o.t, p)
        tap = builder.zext(builder.load(at(builder, o.winner, here)), INT64)
        distance = builder.add(builder.load(at(builder, o.starts, p)), builder.load(at(builder, o.distances, tap)))
        place = at(builder, pixels, distance)
        builder.store(builder.fadd(builder.load(place), builder.load(at(builder, o.dy, here))), place)
        return []

    loop(builder, o.windows, [], window)
