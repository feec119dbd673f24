"""Where the windows of a convolution lie, written down for the kernels: the numbers that conv_windows.cuh reads.

A *part* is an image of results with one list of terms. `slide` is one part, and `match` reads the same one. `paint`
has a part for each remainder f of the pixels by the stride, since

    x[h] = Σ y[p] w[r]   over   stride·p + dilation·r - padding = h

has, for h = stride·i + f - padding, the taps whose dilation·r leaves f too, and p = i - (dilation·r - f) / stride. So
every axis of every part says the same: at result i, tap t reads coordinate start + step·i + shift[t].
"""

from __future__ import annotations

from functools import lru_cache, reduce
from itertools import accumulate, product
from math import prod
from typing import Any, NamedTuple

import cupy
import numpy as np

WORD = 32  # bits of a place
FILL = RUN = 32  # the longest step of a kernel: lists of terms are filled up to it
NUMBERS, TERM = 32, 4  # numbers of a Part and of a Term
SPOTS, TERMS = 0, 3  # where in a Part their number stands
MOST_PARTS = 1024


class Axis(NamedTuple):
    """One axis of a part."""

    size: int  # pixels of the image that is read
    results: int
    start: int  # the coordinate that result 0 reads, but for a shift
    step: int
    taps: tuple[int, ...]
    shifts: tuple[int, ...]
    room: int  # pixels of the image that results go to
    target: int  # where result 0 goes
    stride: int

    def field(self) -> int:
        """Return how many bits of a place hold a coordinate and its guard: none if no tap leaves the image."""
        first = self.start + min(self.shifts, default=0)
        last = self.start + self.step * (self.results - 1) + max(self.shifts, default=0)
        return 0 if first >= 0 and last < self.size else (max(self.size - first, last + 1) - 1).bit_length() + 1


ALONE = Axis(1, 1, 0, 1, (0,), (0,), 1, 0, 1)  # images of one or two axes have this for the others


class Filters(NamedTuple):
    """How a face goes through the filters of a group: numbers from one to the next."""

    rows: int
    row: int
    channels: int  # that terms run over
    channel: int
    size: int


class Plan(NamedTuple):
    """What a launch has to know."""

    numbers: Any  # on the device: the parts, then their terms
    parts: int
    spots: int  # results per channel and image, in the part that has most
    groups: int
    rows: int
    terms: int  # in the part that has most
    filled: int  # numbers of all lists of terms, as they are filled up
    longest: int  # of the longest list


def slide_axes(g: Any) -> list[list[Axis]]:
    """Return, for each axis, the one way in which `slide` reads it."""
    return [
        [Axis(h, p, -padding, stride, tuple(range(r)), tuple(dilation * i for i in range(r)), p, 0, 1)]
        for h, p, r, stride, padding, dilation in zip(*g[:6], strict=True)
    ]


def paint_axes(g: Any) -> list[list[Axis]]:
    """Return, for each axis, the ways in which `paint` reads it, one for each remainder that pixels have."""
    return [[a for f in range(n[3]) if (a := _remainder(f, *n)).results > 0] for n in zip(*g[:6], strict=True)]


def _remainder(f: int, h: int, p: int, r: int, stride: int, padding: int, dilation: int) -> Axis:
    first, last = max(-((f - padding) // stride), 0), (h - 1 + padding - f) // stride
    taps = tuple(i for i in range(r) if (dilation * i - f) % stride == 0)
    shifts = tuple(-((dilation * i - f) // stride) for i in taps)
    return Axis(p, last + 1 - first, first, 1, taps, shifts, h, stride * first + f - padding, stride)


@lru_cache(256)
def plan_of_slide(g: Any, C: int, K: int, runs: bool = False) -> Plan | None:
    """Return how C channels become K; None where coordinates do not fit into a word.

    With `runs`, RUN terms in a row are one tap in as many channels, where channels come in these numbers.
    """
    rows, channels, taps = K // g.groups, C // g.groups, prod(g.kernel)
    return _plan(g, slide_axes(g), Filters(rows, channels * taps, channels, taps, rows * channels * taps), runs)


@lru_cache(256)
def plan_of_paint(g: Any, C: int, K: int, runs: bool = False) -> Plan | None:
    """Return how K channels become C again; None where coordinates do not fit into a word, or strides are very long."""
    if prod(g.stride) > MOST_PARTS:
        return None
    rows, channels, taps = C // g.groups, K // g.groups, prod(g.kernel)
    return _plan(g, paint_axes(g), Filters(rows, taps, channels, rows * taps, rows * channels * taps), runs)


def _plan(g: Any, axes: list[list[Axis]], filters: Filters, runs: bool) -> Plan | None:
    alone, runs = 3 - len(axes), runs and filters.channels % RUN == 0
    kernel, parts = (*(1,) * alone, *g.kernel), list(product(*[[ALONE]] * alone, *axes))
    if any(sum(axis.field() for axis in part) > WORD for part in parts):
        return None
    lists = [_terms(part, kernel, filters, runs) for part in parts]
    firsts = accumulate((len(terms) for terms in lists), initial=len(parts) * NUMBERS // TERM)
    heads = [_head(part, filters, g.groups, first, runs) for part, first in zip(parts, firsts, strict=False)]
    numbers = cupy.asarray(_as_words(np.concatenate([np.ravel(a) for a in (*heads, *lists)])))
    spots, terms = max(head[SPOTS] for head in heads), max(head[TERMS] for head in heads)
    filled, longest = sum(map(len, lists)), max(map(len, lists))
    return Plan(numbers, len(parts), spots, g.groups, filters.rows, terms, filled, longest)


def _as_words(numbers: Any) -> Any:
    return (numbers & (2**WORD - 1)).astype(np.uint32).view(np.int32)


def _steps(sizes: list[int]) -> list[int]:
    """Return how many numbers lie between neighbours along each axis."""
    return [prod(sizes[i + 1 :]) for i in range(len(sizes))]


def _fields(part: tuple[Axis, ...]) -> tuple[list[int], list[int]]:
    """Return by which factor each coordinate goes into a place, 0 for one that is not checked, and the guard bits."""
    factors, guards, shift = [], [], 0
    for axis in part:
        width = axis.field()
        factors.append(1 << shift if width else 0)
        shift += width
        guards.append(1 << shift - 1 if width else 0)
    return factors, guards


def _terms(part: tuple[Axis, ...], kernel: tuple[int, ...], filters: Filters, runs: bool) -> Any:
    """Return the list of (pixel, place, filter, unused), channel by channel, or run of them, and tap by tap."""
    sizes, run = [axis.size for axis in part], RUN if runs else 1

    def sums(channel: int, numbers: list[tuple[int, ...]], steps: list[int]) -> Any:
        channels = np.arange(filters.channels).reshape(-1, 1, run) * channel
        along = [np.array(n, np.int64) * step for n, step in zip(numbers, steps, strict=True)]
        return (channels + reduce(np.add.outer, along).reshape(-1, 1)).ravel()

    shifts, taps = [axis.shifts for axis in part], [axis.taps for axis in part]
    pixel = sums(prod(sizes), shifts, _steps(sizes))
    terms = np.zeros((max(-(-len(pixel) // FILL), 1) * FILL, TERM), np.int64)
    terms[:, 2] = -1
    terms[: len(pixel), 0] = pixel
    terms[: len(pixel), 1] = sums(0, shifts, _fields(part)[0])
    terms[: len(pixel), 2] = sums(filters.channel, taps, _steps(list(kernel)))
    return terms


def _head(part: tuple[Axis, ...], filters: Filters, groups: int, first: int, runs: bool) -> list[int]:
    """Return the numbers of a Part, in its order."""
    grid, sizes, room = [a.results for a in part], [a.size for a in part], [a.room for a in part]
    (factors, guards), pixel, target = _fields(part), _steps(sizes), _steps(room)
    starts, steps, spots = [a.start for a in part], [a.step for a in part], prod(grid)
    return [
        spots, grid[1], grid[2], filters.channels * prod(len(axis.taps) for axis in part), first,
        sum(axis.size * factor for axis, factor in zip(part, factors, strict=True)), sum(guards),
        *_divisor(spots), *_divisor(grid[1] * grid[2]), *_divisor(grid[2]),
        *_affine(starts, steps, pixel), *_affine(starts, steps, factors, sum(guards)),
        *_affine([axis.target for axis in part], [axis.stride for axis in part], target),
        groups, filters.rows, filters.row, filters.size, filters.channels * prod(sizes), prod(room),
        prod(sizes) if runs else 0,
    ]  # fmt: skip


def _divisor(n: int) -> tuple[int, int]:
    """Return a factor and a shift with k · factor >> shift = k // n for all k below 2³¹."""
    shift = 31 + (n - 1).bit_length()
    return -(-(1 << shift) // n), shift


def _affine(starts: list[int], steps: list[int], scale: list[int], more: int = 0) -> list[int]:
    along = [step * factor for step, factor in zip(steps, scale, strict=True)]
    return [more + sum(start * factor for start, factor in zip(starts, scale, strict=True)), *along]
