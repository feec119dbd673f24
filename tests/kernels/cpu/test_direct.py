"""Sums over shifted lines, on geometries that the shared tests of tests/ops/test_conv.py do not reach."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.ops.geometry import Geometry, window_count
from minigrad_kernels.cpu import direct, threads

from ..fuzz_conv import TOLERANCE, definition, random_problem

FACES = ("slide", "paint", "match")


def three_faces(g, x, w, y):
    return direct.slide(x, w, g), direct.paint(y, w, g), direct.match(x, y, g)


def assert_right(g, x, w, y):
    for face, got, expected in zip(FACES, three_faces(g, x, w, y), definition(x, w, y, g), strict=True):
        scale = max(1.0, np.abs(expected).max(initial=0))
        np.testing.assert_allclose(got, expected, rtol=0, atol=TOLERANCE[direct] * scale, err_msg=face)


def arrays(g, N, C, K, seed=0):
    rng = np.random.default_rng(seed)
    shapes = (N, C * g.groups, *g.size), (K * g.groups, C, *g.kernel), (N, K * g.groups, *g.out)
    return [rng.normal(size=shape).astype("float32") for shape in shapes]


def geometry(size, kernel, stride=1, padding=0, dilation=1, groups=1):
    steps, front, gaps = ((n,) * len(size) for n in (stride, padding, dilation))
    return window_count("test", Geometry(size, (), kernel, steps, front, gaps, groups), front)


@given(st.integers(0, 2**32))
def test_any_geometry_in_any_layout_of_memory(seed):
    assert_right(*random_problem(np.random.default_rng(seed), channels=[8]))  # each number compiles kernels of its own


@pytest.mark.slow
@given(st.integers(0, 2**32))
def test_any_geometry_and_any_number_of_channels(seed):
    assert_right(*random_problem(np.random.default_rng(seed)))


CASES = {
    "one filter": (geometry((9, 12), (3, 3), padding=1), 2, 8, 1),
    "a last block of filters that overlaps": (geometry((6, 9), (2, 3)), 2, 8, 11),
    "a last block of taps and filters that is not full": (geometry((6, 9), (1, 5)), 2, 1, 10),
    "one output": (geometry((3, 3), (3, 3)), 3, 8, 8),
    "several images at a time, the last time fewer": (geometry((4, 5), (3, 3), padding=1), 7, 8, 8),
    "a window larger than the image": (geometry((2, 3), (5, 5), padding=2), 2, 8, 8),
    "more padding than the window reaches over": (geometry((3, 4), (1, 2), padding=3), 2, 8, 8),
    "pixels that no window sees": (geometry((11, 13), (2, 2), stride=4), 2, 8, 8),
    "every second pixel, as a row of vectors": (geometry((5, 67), (1, 3), stride=2), 1, 8, 8),
    "taps that fall on one remainder": (geometry((9, 20), (3, 3), stride=2, dilation=2), 2, 8, 8),
    "each channel by itself": (geometry((7, 18), (3, 3), padding=1, groups=5), 2, 1, 1),
    "several filters for each channel": (geometry((7, 18), (3, 3), padding=1, stride=2, groups=3), 2, 1, 8),
    "wide rows": (geometry((2, 400), (1, 7), padding=3), 1, 8, 8),
    "many filters, a small image": (geometry((3, 3), (3, 3), padding=1), 2, 16, 80),
    "a volume": (geometry((4, 5, 6), (2, 3, 2), stride=2, padding=1), 2, 8, 8),
}


@pytest.mark.parametrize("case", CASES)
def test_geometries_with_a_corner(case):
    g, N, C, K = CASES[case]
    assert_right(g, *arrays(g, N, C, K))


def test_the_bias_is_added_to_every_output_of_its_filter():
    for groups in (1, 2):
        g = geometry((5, 9), (3, 3), padding=1, groups=groups)
        x, w, _ = arrays(g, 2, 3, 5)
        b = np.arange(5 * groups, dtype="float32")
        expected = definition(x, w, np.zeros((2, 5 * groups, *g.out)), g)[0] + b[:, None, None]
        np.testing.assert_allclose(direct.slide(x, w, g, b), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("groups", [1, 6])
def test_results_do_not_depend_on_the_number_of_threads(monkeypatch, groups):
    monkeypatch.setattr(direct, "WORTHWHILE", 0)
    g = geometry((9, 7), (3, 3), padding=1, groups=groups)
    problem = arrays(g, 6, 5, 16 // groups)
    results = []
    for n in (1, 2, 3, 5):
        monkeypatch.setattr(threads, "_asked", n)
        results.append(three_faces(g, *problem))
    for other in results[1:]:
        for one, another in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(one, another)


def test_images_that_are_computed_part_by_part_a_few_at_a_time_are_whole(monkeypatch):
    g = geometry((9, 20), (3, 3), stride=2, padding=1)
    _, w, y = arrays(g, 7, 8, 8)
    whole = direct.paint(y, w, g)
    monkeypatch.setattr(direct, "TOGETHER", 1)
    np.testing.assert_array_equal(direct.paint(y, w, g), whole)


def test_what_is_not_a_number_stays_in_its_channel_and_near_its_pixel():
    g = geometry((5, 5), (3, 3))
    x, w, y = arrays(g, 2, 8, 8)
    x[1, 1, 0, 0] = np.nan
    slid, _, matched = three_faces(g, x, w, y)
    assert np.isnan(slid[1, :, 0, 0]).all()
    slid[1, :, 0, 0] = 0
    assert np.isfinite(slid).all()
    assert np.isfinite(np.delete(matched, 1, axis=1)).all() and np.isnan(matched[:, 1, 0, 0]).all()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs mprotect")
def test_nothing_outside_the_arrays_is_read():
    command = [sys.executable, "-m", "tests.kernels.fuzz_conv", "--examples", "500", "--guard", "--seed", "7"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
