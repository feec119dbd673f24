"""Winograd's F(4×4, 3×3): sixteen outputs of a 3×3 convolution from 36 products instead of 144.

For one axis: 4 outputs y of a filter g of 3 taps look at 6 pixels d. Both are turned into 6 numbers each, multiplied
number by number, and turned back:

    y = Aᵀ [ (G g) ⊙ (Bᵀ d) ]          Bᵀ: 6 → 6    G: 3 → 6    Aᵀ: 6 → 4

This is polynomial multiplication by values at the points 0, 1, -1, 2, -2, ∞. For two axes each matrix works on both. As
the products are summed over channels, 36 matrix products do all the work. The gradient of the filter goes the same
way backwards:  dg = Gᵀ [ (A dy) ⊙ (Bᵀ d) ].

The transforms below are sums of anything that can be added: numbers, arrays, or the vectors of a kernel.

Lavin and Gray, "Fast algorithms for convolutional neural networks", 2015, arXiv 1509.09308.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types

from .simd import LANES, at, code, int64, intrinsic, load, shuffle, spread, store

Transform = Callable[[Sequence[Any]], list[Any]]
Patch = list[list[Any]]


def of_pixels(d: Sequence[Any]) -> list[Any]:
    """Return Bᵀ d."""
    a, b = d[4] - 4.0 * d[2], d[3] - 4.0 * d[1]
    c, e = d[4] - d[2], 2.0 * (d[3] - d[1])
    return [4.0 * d[0] - 5.0 * d[2] + d[4], a + b, a - b, c + e, c - e, 4.0 * d[1] - 5.0 * d[3] + d[5]]


def of_taps(g: Sequence[Any]) -> list[Any]:
    """Return G g."""
    even, odd = g[0] + g[2], g[1]
    far, near = 1 / 24 * g[0] + 1 / 6 * g[2], 1 / 12 * g[1]
    return [1 / 4 * g[0], -1 / 6 * (even + odd), -1 / 6 * (even - odd), far + near, far - near, g[2]]


def to_taps(m: Sequence[Any]) -> list[Any]:
    """Return Gᵀ m."""
    a, b = -1 / 6 * (m[1] + m[2]), -1 / 6 * (m[1] - m[2])
    c, d = m[3] + m[4], m[3] - m[4]
    return [1 / 4 * m[0] + a + 1 / 24 * c, b + 1 / 12 * d, a + 1 / 6 * c + m[5]]


def of_outputs(y: Sequence[Any]) -> list[Any]:
    """Return A y."""
    a, b = y[0] + y[2], y[1] + y[3]
    c, d = y[0] + 4.0 * y[2], 2.0 * y[1] + 8.0 * y[3]
    return [y[0], a + b, a - b, c + d, c - d, y[3]]


def to_outputs(m: Sequence[Any]) -> list[Any]:
    """Return Aᵀ m."""
    a, b = m[1] + m[2], m[1] - m[2]
    c, d = m[3] + m[4], m[3] - m[4]
    return [m[0] + a + c, b + 2.0 * d, a + 4.0 * c, b + 8.0 * d + m[5]]


def on_both_axes(transform: Transform, patch: Patch) -> Patch:
    """Return the transform of the columns of a patch, then of its rows."""
    columns = [transform(column) for column in zip(*patch, strict=True)]
    return [transform(row) for row in zip(*columns, strict=True)]


class Lanes:
    """A vector while code is generated. Arithmetic with it emits instructions, so the transforms work on it too."""

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder, self.value = builder, value

    def __add__(self, other: Lanes) -> Lanes:
        return Lanes(self.builder, self.builder.fadd(self.value, other.value, flags=("contract",)))

    def __sub__(self, other: Lanes) -> Lanes:
        return Lanes(self.builder, self.builder.fsub(self.value, other.value, flags=("contract",)))

    def __rmul__(self, number: float) -> Lanes:
        factor = ir.Constant(self.value.type, [number] * LANES)
        return Lanes(self.builder, self.builder.fmul(factor, self.value, flags=("contract",)))


def into_planes(transform: Transform, size: int, turned: bool = False) -> Any:
    """Return an intrinsic that transforms LANES patches of size × size numbers, and stores each number's vector.

    Patch l begins at source[s + bases[b + l]], its rows are `pitch` apart; the vector of number n goes to
    planes[v + n·distance]. A turned patch is read from its end.
    """

    @intrinsic
    def gather(
        typing: Any, source: Any, s: Any, bases: Any, b: Any, pitch: Any, planes: Any, v: Any, distance: Any
    ) -> Any:
        i64, names = types.int64, "source s bases b pitch planes v distance"
        signature = types.void(source, i64, bases, i64, i64, planes, i64, i64)
        return signature, code(names, lambda builder, o: _gather(builder, o, transform, size, turned))

    return gather


def _gather(builder: Any, o: Any, transform: Transform, size: int, turned: bool) -> None:
    places = _places(builder, at(builder, o.source, o.s), at(builder, o.bases, o.b))
    patch = []
    for i in range(size):
        row = _gathered(builder, [at(builder, place, builder.mul(o.pitch, int64(i))) for place in places], size)
        patch.append([Lanes(builder, number) for number in row])
    patch = [row[::-1] for row in patch[::-1]] if turned else patch
    there = at(builder, o.planes, o.v)
    for n, number in enumerate(number for row in on_both_axes(transform, patch) for number in row):
        store(builder, number.value, at(builder, there, builder.mul(o.distance, int64(n))))


def out_of_planes(transform: Transform) -> Any:
    """Return an intrinsic that takes 36 vectors back: the reverse of `into_planes`, to patches as large as the result.

    To every number it adds bias[k].
    """

    @intrinsic
    def scatter(
        typing: Any, planes: Any, v: Any, distance: Any, bias: Any, k: Any, target: Any, t: Any, bases: Any, b: Any,
        pitch: Any,
    ) -> Any:  # fmt: skip
        i64, names = types.int64, "planes v distance bias k target t bases b pitch"
        signature = types.void(planes, i64, i64, bias, i64, target, i64, bases, i64, i64)
        return signature, code(names, lambda builder, o: _scatter(builder, o, transform))

    return scatter


def _scatter(builder: Any, o: Any, transform: Transform) -> None:
    here = at(builder, o.planes, o.v)
    numbers = [load(builder, at(builder, here, builder.mul(o.distance, int64(n)))) for n in range(36)]
    patch = [[Lanes(builder, number) for number in numbers[6 * i : 6 * i + 6]] for i in range(6)]
    bias = Lanes(builder, spread(builder, builder.load(at(builder, o.bias, o.k))))
    places = _places(builder, at(builder, o.target, o.t), at(builder, o.bases, o.b))
    for i, row in enumerate(on_both_axes(transform, patch)):
        lines = [at(builder, place, builder.mul(o.pitch, int64(i))) for place in places]
        _scattered(builder, [(number + bias).value for number in row], lines)


def _places(builder: Any, start: Any, bases: Any) -> list[Any]:
    return [at(builder, start, builder.load(at(builder, bases, n))) for n in range(LANES)]


def _gathered(builder: Any, places: Sequence[Any], count: int) -> list[Any]:
    """Return `count` vectors: number j of every place is in vector j."""
    found: list[Any] = []
    for j in range(0, count, 4):
        width = min(4, count - j)
        pieces = [load(builder, at(builder, place, j), width) for place in places]
        quads = [shuffle(builder, piece, piece, [n % width for n in range(4)]) for piece in pieces]
        found += _transposed(builder, [_joined(builder, quads[r::4]) for r in range(4)])[:width]
    return found


def _scattered(builder: Any, vectors: Sequence[Any], places: Sequence[Any]) -> None:
    """Store up to four vectors: number j of every place comes from vector j."""
    count = len(vectors)
    for r, quads in enumerate(_transposed(builder, [*vectors, *[vectors[0]] * (4 - count)])):
        for block, place in enumerate(places[r::4]):
            store(builder, shuffle(builder, quads, quads, [4 * block + j for j in range(count)]), place)


def _transposed(builder: Any, vectors: Sequence[Any]) -> list[Any]:
    """Transpose the 4×4 numbers that every block of 4 lanes holds in four vectors."""

    def pick(x: Any, y: Any, lanes: Sequence[int]) -> Any:
        """Return of every block the given lanes: 0 to 3 are x's, 4 to 7 are y's."""
        places = [b + (n if n < 4 else LANES + n - 4) for b in range(0, LANES, 4) for n in lanes]
        return shuffle(builder, x, y, places)

    a, b, c, d = vectors
    low, high = [[pick(x, y, (0, 4, 1, 5)), pick(x, y, (2, 6, 3, 7))] for x, y in ((a, b), (c, d))]
    return [pick(low[half], high[half], lanes) for half in (0, 1) for lanes in ((0, 1, 4, 5), (2, 3, 6, 7))]


def _joined(builder: Any, parts: Sequence[Any]) -> Any:
    """Return vectors one after another as one vector."""
    while len(parts) > 1:
        width = 2 * parts[0].type.count
        parts = [shuffle(builder, a, b, range(width)) for a, b in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]
