"""Where the pixels of a convolution lie: the tables that turn any geometry into one inner loop.

The image is copied into a buffer, with its padding. With stride s a window looks at every s-th pixel, so the buffer
holds one plane for each remainder (of a coordinate divided by s) that some tap needs. In a plane, neighbouring windows
look at neighbouring numbers, whatever the stride:

    stride 2, taps 0 1 2      padded row    a b c d e f g h
                              plane 0       a c e g          taps 0 and 2: at p and p + 1
                              plane 1       b d f h          tap 1: at p

A spot is a vector of neighbouring output pixels. Tap k of spot j begins at  sources[j] + offsets[k]. Output planes are
cut into spots in one of two ways:

    rows     |.......|.......|    each row on its own; the last spot is moved back so that it ends with the row
    flat     |.......|.......|... the plane as one line; what lies between two rows is computed for nothing

N images, C channels · K filters · three axes of pixels: a sequence is a volume of one row.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np

from .simd import AT_ONCE, LANES

ROOM = 160_000  # numbers of a buffer that may hold several images: half of the second cache
NARROW, COPIED = 1.05, 1.15  # the time that vectors narrower than LANES take, and spots that are copied to their planes
SLACK = 16 * LANES  # numbers; the last spot of a buffer reads too far, but not further


class Axis(NamedTuple):
    """One axis of a convolution. Output p goes to place start + step·p of what it is part of."""

    size: int = 1
    out: int = 1
    taps: int = 1
    stride: int = 1
    padding: int = 0  # in front; if it is negative, pixels are left out
    dilation: int = 1
    start: int = 0
    step: int = 1

    def places(self) -> list[tuple[int, int]]:
        """Return for each tap its plane (a remainder) and how far it is shifted there."""
        return [(self.dilation * t % self.stride, self.dilation * t // self.stride) for t in range(self.taps)]

    def planes(self) -> list[int]:
        """Return the remainders in use."""
        return sorted({plane for plane, _ in self.places()})

    def extent(self) -> int:
        """Return how many positions of a plane windows look at."""
        return self.out + max(shift for _, shift in self.places())

    def inside(self, plane: int) -> range:
        """Return the positions of a plane that are pixels; the others are padding."""
        first = max(-((plane - self.padding) // self.stride), 0)
        last = min((self.size - 1 + self.padding - plane) // self.stride, self.extent() - 1)
        return range(first, max(first, last + 1))


Axes = tuple[Axis, Axis, Axis]


class Layout(NamedTuple):
    """The tables of a convolution, and the sizes that go with them."""

    lanes: int  # of a spot
    channels: int  # C, of all groups together
    pixels: int  # of an image plane
    channel: int  # numbers per channel in the buffer
    runs: Any  # which pixels of a channel of the image go where in the buffer: see `blocks`
    stride: int  # between the pixels of a run, in the image
    in_place: bool  # the image is its own buffer
    offsets: Any  # of the taps (c, r, s) of a group
    sources: Any  # of the spots, of several images
    spots: int  # of one image
    images: int  # laid out at a time
    filters: int  # K, of all groups together
    outputs: int  # pixels of the plane that outputs are part of
    targets: Any  # where the spots are stored, in their planes or in lines of spots
    pieces: Any  # which numbers of a line of spots are which outputs of their plane: see `blocks`
    step: int  # between the outputs of a piece, in their plane
    straight: bool  # spots may be stored to their planes as they are


def axes_of(g: Any) -> Axes:
    """Return the axes of a geometry, three of them. Where no window has neighbours, a whole plane is one row."""
    if set(g.kernel) == set(g.stride) == {1} and not any(g.padding) and g.out == g.size:
        return Axis(), Axis(), Axis(prod(g.size), prod(g.out))
    axes = [Axis(*numbers) for numbers in zip(g.size, g.out, g.kernel, g.stride, g.padding, g.dilation, strict=True)]
    first, second, third = [Axis()] * (3 - len(axes)) + axes
    return first, second, third


class Cut(NamedTuple):
    """A way to cut output planes into spots."""

    lanes: int
    straight: bool
    spots: Any  # where they begin in the buffer
    targets: Any  # where they are stored
    pieces: Any
    cost: float  # roughly the time, in lanes that are computed


def _cuts(axes: Axes, plane: tuple[int, ...]) -> Iterator[Cut]:
    """Go through all ways, widest vectors first. Narrower ones take more time; so do lines that must be copied."""
    lanes = LANES
    while lanes >= 4:
        slowness = max(1, AT_ONCE / lanes) * (1 if lanes == LANES else NARROW)
        straight = axes[2].out >= lanes and plane == tuple(axis.out for axis in axes)
        spots, targets, pieces = _rows(axes, plane, lanes)
        cost = len(spots) * lanes * slowness
        yield Cut(lanes, straight, spots, targets, pieces, cost if straight else COPIED * cost)
        spots, pieces = _flat(axes, plane, lanes)
        yield Cut(lanes, False, spots, None, pieces, len(spots) * lanes * slowness * COPIED)
        lanes //= 2


def layout(axes: Axes, channels: int, groups: int, filters: int, plane: tuple[int, ...], enough: int) -> Layout:
    """Return the tables. `plane` is the size of the plane that outputs are part of; of small images, as many are laid
    out together as make `enough` vectors.
    """
    size, pixels = prod(len(axis.planes()) * axis.extent() for axis in axes), prod(axis.size for axis in axes)
    runs = blocks(_runs(axes), axes[2].stride)
    lanes, straight, spots, targets, pieces, _ = min(_cuts(axes, plane), key=lambda cut: cut.cost)
    channel = size if straight else size + lanes  # spots that go on behind a row must not see the next channel
    images = max(1, min(-(-enough // len(spots)), ROOM // (channels * channel)))
    targets, distance = (targets, prod(plane)) if straight else (np.arange(len(spots)) * lanes, len(spots) * lanes)
    return Layout(
        lanes, channels, pixels, channel, runs, axes[2].stride,
        straight and channel == pixels and runs.tolist() == [[0, 0, channel, 1, 0, 0]],
        _offsets(axes, channels // groups, channel), _of_images(spots, images, channels * channel), len(spots), images,
        filters, prod(plane), _of_images(targets, images, filters * distance),
        blocks(pieces, second=axes[2].step), axes[2].step, straight,
    )  # fmt: skip


def _of_images(spots: Any, images: int, distance: int) -> Any:
    """Repeat a table for several images, so far from each other."""
    return (np.arange(images)[:, None] * distance + spots).reshape(-1)


def _rows(axes: Axes, plane: tuple[int, ...], lanes: int) -> tuple[Any, Any, Any]:
    """Cut each row of outputs into spots. Return where these lie in the buffer and in the plane, and the pieces."""
    Q = axes[2].out
    starts = np.array([*range(0, Q - lanes, lanes), max(Q - lanes, 0)])
    places, pixels = _row_places(axes, plane)
    whole = min(Q, lanes * (Q // lanes) or lanes)
    lines = len(starts) * lanes * np.arange(len(places))
    rest, ends = Q - whole, lines + len(starts) * lanes
    pieces = [(lines, pixels, whole), (ends - rest, pixels + axes[2].step * whole, rest)]
    table = np.concatenate([np.stack(np.broadcast_arrays(*piece), 1) for piece in pieces if piece[2]])
    return (places[:, None] + starts).reshape(-1), (pixels[:, None] + starts).reshape(-1), table


def _flat(axes: Axes, plane: tuple[int, ...], lanes: int) -> tuple[Any, Any]:
    """Cut the line of all outputs into spots. Return where these lie in the buffer, and the pieces."""
    places, pixels = _row_places(axes, plane)
    count = np.full(len(places), axes[2].out)
    return np.arange(0, places[-1] + axes[2].out, lanes), np.stack([places, pixels, count], 1)


def _row_places(axes: Axes, plane: tuple[int, ...]) -> tuple[Any, Any]:
    """Return where each row of outputs begins in the buffer, and in the plane."""
    (_, height, width), rows = [axis.extent() for axis in axes], [np.arange(axis.out) for axis in axes[:2]]
    d, h = (axis.start + axis.step * row for axis, row in zip(axes[:2], rows, strict=True))
    places = (rows[0][:, None] * height + rows[1]) * width
    pixels = (d[:, None] * plane[1] + h) * plane[2] + axes[2].start
    return places.reshape(-1), pixels.reshape(-1)


def _runs(axes: Axes) -> Iterator[tuple[int, int, int]]:
    """Go through the rows of all planes: what of them comes from where."""
    sizes = [axis.extent() for axis in axes]
    place = 0
    for planes in product(*(axis.planes() for axis in axes)):
        insides = [axis.inside(plane) for axis, plane in zip(axes, planes, strict=True)]
        for d, h in product(range(sizes[0]), range(sizes[1])):
            if d in insides[0] and h in insides[1] and insides[2]:
                first = (d, h, insides[2][0])
                x = [a.stride * e + plane - a.padding for a, e, plane in zip(axes, first, planes, strict=True)]
                source = (x[0] * axes[1].size + x[1]) * axes[2].size + x[2]
                yield source, place + first[2], len(insides[2])
            place += sizes[2]


def blocks(runs: Any, first: int = 1, second: int = 1) -> Any:
    """Return runs (a, b, count), numbers that go from place a to place b or back, as blocks of equal runs.

    Numbers of a run are `first` apart at a and `second` at b. Runs that follow each other on both sides are joined.
    Those that repeat at equal distances make a row (a, b, count, times, distance of a, distance of b) of the table.
    """
    joined: list[list[int]] = []
    for a, b, count in runs:
        if joined and a == joined[-1][0] + first * joined[-1][2] and b == joined[-1][1] + second * joined[-1][2]:
            joined[-1][2] += count
        else:
            joined.append([a, b, count])
    found: list[list[int]] = []
    for a, b, count in joined:
        if found and count == found[-1][2]:
            x, y, _, times, dx, dy = found[-1]
            if times == 1 or (a - x, b - y) == (times * dx, times * dy):
                found[-1][3:] = [times + 1, (a - x) // times, (b - y) // times]
                continue
        found.append([a, b, count, 1, 0, 0])
    return np.array(found, np.int64).reshape(-1, 6)


def _offsets(axes: Axes, channels: int, channel: int) -> Any:
    """Return how far each tap is from the first pixel of its window's channel."""
    sizes, planes = [axis.extent() for axis in axes], [axis.planes() for axis in axes]
    taps = []
    for places in product(*(axis.places() for axis in axes)):
        number, shift = 0, 0
        for (plane, distance), used, size in zip(places, planes, sizes, strict=True):
            number, shift = number * len(used) + used.index(plane), shift * size + distance
        taps.append(number * prod(sizes) + shift)
    return (np.arange(channels)[:, None] * channel + np.array(taps)).reshape(-1)
