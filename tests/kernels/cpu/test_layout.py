"""The tables, checked without any kernel: they say where every tap of every window is."""

from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from minigrad.errors import ShapeError
from minigrad.ops.geometry import Geometry, window_count
from minigrad_kernels.cpu import layout as layouts
from minigrad_kernels.cpu.layout import SLACK, Axis, axes_of, blocks, layout
from minigrad_kernels.cpu.simd import LANES


@st.composite
def geometries(draw, most=20):
    d = draw(st.integers(1, 3))
    limits = [(1, most if d < 3 else 6), (1, 4), (1, 3), (0, 3), (1, 3)]
    size, kernel, stride, padding, dilation = (draw(st.tuples(*[st.integers(*limit)] * d)) for limit in limits)
    try:
        return window_count("test", Geometry(size, (), kernel, stride, padding, dilation), padding)
    except ShapeError:
        assume(False)


def table_of(g, C=2, groups=1, K=3):
    axes = axes_of(g)
    return layout(axes, C * groups, groups, K, tuple(axis.out for axis in axes), 24)


def laid_out(table, x):
    """Return the buffer with channels of x (channels, pixels) copied by the table of runs."""
    if table.in_place:
        return np.concatenate([x.reshape(-1), np.full(SLACK, np.nan)])
    buffer = np.zeros(table.channels * table.channel + SLACK)
    for c, (source, place, count, times, a, b) in product(range(len(x)), table.runs):
        for r in range(times):
            first = source + r * a
            pixels = x[c, first : first + (count - 1) * table.stride + 1 : table.stride]
            buffer[c * table.channel + place + r * b :][:count] = pixels
    return buffer


def spots_of_outputs(table):
    """Return for each output its spot and its lane, by the table of pieces."""
    found = {}
    for place, pixel, count, times, a, b in table.pieces:
        for r, i in product(range(times), range(count)):
            output = pixel + r * b + i * table.step
            assert output not in found
            found[output] = divmod(place + r * a + i, table.lanes)
    return found


@given(geometries())
def test_every_tap_of_every_window_is_where_the_tables_say(g):
    table, C = table_of(g), 2
    x = np.random.default_rng(0).normal(size=(C, *g.size))
    buffer = laid_out(table, x.reshape(C, -1))
    taps = list(product(range(C), *map(range, g.kernel)))
    spots = spots_of_outputs(table)
    assert sorted(spots) == list(range(prod(g.out))) and len(table.offsets) == len(taps)
    for output, window in enumerate(product(*map(range, g.out))):
        spot, lane = spots[output]
        for (c, *tap), offset in zip(taps, table.offsets, strict=True):
            pixel = [s * p + t * r - f for s, p, t, r, f in zip(g.stride, window, g.dilation, tap, g.padding, strict=True)]
            inside = all(0 <= h < n for h, n in zip(pixel, g.size, strict=True))
            expected = x[(c, *pixel)] if inside else 0
            assert buffer[table.sources[spot] + offset + lane] == expected


@pytest.fixture
def cheap_narrow_vectors(monkeypatch):
    """A processor that takes half as long for half a vector; on others the cuts are wider."""
    monkeypatch.setattr(layouts, "AT_ONCE", 4)


@pytest.mark.usefixtures("cheap_narrow_vectors")
@pytest.mark.parametrize("out", [(LANES,), (LANES + 3,), (5, 40), (3, 37), (2, 3, 2 * LANES + 1)])
@pytest.mark.parametrize("stride", [1, 2])
def test_spots_that_are_stored_as_they_are_lie_where_their_outputs_are(out, stride):
    d = len(out)
    size = tuple(stride * (p - 1) + 3 for p in out)
    table = table_of(Geometry(size, out, (3,) * d, (stride,) * d, (0,) * d, (1,) * d))
    assert table.straight
    for output, (spot, lane) in spots_of_outputs(table).items():
        assert table.targets[spot] + lane == output
    assert table.targets[: table.spots].max() + table.lanes == prod(out)


@given(geometries())
def test_images_laid_out_together_have_their_spots_one_plane_after_the_other(g):
    table = table_of(g)
    sources, targets = table.sources.reshape(table.images, -1), table.targets.reshape(table.images, -1)
    distance = table.filters * (table.outputs if table.straight else table.spots * table.lanes)
    np.testing.assert_array_equal(np.diff(sources, axis=0), table.channels * table.channel)
    np.testing.assert_array_equal(np.diff(targets, axis=0), distance)


@pytest.mark.usefixtures("cheap_narrow_vectors")
def test_an_image_without_padding_is_its_own_buffer():
    assert table_of(Geometry((40, 40), (38, 38), (3, 3), (1, 1), (0, 0), (1, 1))).in_place
    assert not table_of(Geometry((40, 40), (40, 40), (3, 3), (1, 1), (1, 1), (1, 1))).in_place


def test_a_plane_is_one_row_where_no_window_has_neighbours():
    axes = axes_of(Geometry((7, 9), (7, 9), (1, 1), (1, 1), (0, 0), (1, 1)))
    assert axes == (Axis(), Axis(), Axis(63, 63))
    assert axes_of(Geometry((7, 9), (4, 5), (1, 1), (2, 2), (0, 0), (1, 1)))[1].size == 7


def test_only_planes_that_a_tap_needs_are_laid_out():
    assert Axis(9, 5, 1, 2, 0, 1).planes() == [0]
    assert Axis(9, 4, 3, 2, 0, 1).planes() == [0, 1]
    assert Axis(9, 3, 3, 2, 0, 2).planes() == [0]


@pytest.mark.usefixtures("cheap_narrow_vectors")
@pytest.mark.parametrize("out", [4, 7, LANES, LANES + 1, 28, 3 * LANES])
def test_few_lanes_are_wasted(out):
    table = table_of(Geometry((out + 2, out + 2), (out, out), (3, 3), (1, 1), (0, 0), (1, 1)))
    assert table.spots * table.lanes <= 1.65 * out * out


def test_runs_that_continue_each_other_or_repeat_are_one_block():
    assert blocks([(0, 5, 3), (3, 8, 2)]).tolist() == [[0, 5, 5, 1, 0, 0]]
    assert blocks([(0, 5, 3), (10, 9, 3), (20, 13, 3)]).tolist() == [[0, 5, 3, 3, 10, 4]]
    assert blocks([(0, 0, 2), (4, 2, 2)], first=2).tolist() == [[0, 0, 4, 1, 0, 0]]
    assert blocks([(0, 0, 2), (9, 9, 3)]).tolist() == [[0, 0, 2, 1, 0, 0], [9, 9, 3, 1, 0, 0]]
    assert blocks([(0, 0, 3), (5, 5, 3), (11, 10, 3)]).tolist() == [[0, 0, 3, 2, 5, 5], [11, 10, 3, 1, 0, 0]]
