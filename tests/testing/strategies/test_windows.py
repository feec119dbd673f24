"""Convolutions and poolings of every geometry, all of them valid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import ops
from minigrad.ops.geometry import Geometry, window_count
from minigrad.testing.strategies import conv_geometries, pool_geometries
from tests.testing.strategies.seen import comes_up, smallest


def spans(problem):
    return [d * (r - 1) + 1 for d, r in zip(problem.options["dilation"], problem.weight[2:], strict=True)]


def leftover(problem):
    """Return the pixels behind the last window, per axis."""
    o = problem.options
    rows = zip(problem.input[2:], o["padding"], spans(problem), o["stride"], strict=True)
    return [(h + 2 * p - span) % s for h, p, span, s in rows]


CONVOLUTIONS = {
    "pixels that no window sees": lambda p: any(leftover(p)),
    "a stride beyond the window": lambda p: any(s > n for s, n in zip(p.options["stride"], spans(p), strict=True)),
    "padding beyond the window": lambda p: any(f >= n for f, n in zip(p.options["padding"], spans(p), strict=True)),
    "dilation": lambda p: any(d > 1 < r for d, r in zip(p.options["dilation"], p.weight[2:], strict=True)),
    "groups": lambda p: p.options["groups"] == 2,
    "one pixel": lambda p: 1 in p.input[2:],
    "a window larger than the image": lambda p: any(r > h for r, h in zip(p.weight[2:], p.input[2:], strict=True)),
    "axes of different strides": lambda p: len(set(p.options["stride"])) == 2,
}


@pytest.mark.parametrize("d", [1, 2, 3])
@given(data=st.data())
def test_every_convolution_can_be_computed(d, data):
    problem = data.draw(conv_geometries(d, most=4))
    y = getattr(ops, f"conv{d}d")(*(ops.ones(*s) for s in (problem.input, problem.weight)), **problem.options)
    assert y.ndim == d + 2 and 0 not in y.shape


@pytest.mark.parametrize("feature", CONVOLUTIONS)
def test_every_feature_of_convolutions_comes_up(feature):
    assert comes_up(conv_geometries(2), CONVOLUTIONS[feature])


@pytest.mark.parametrize("d", [1, 2, 3])
@given(data=st.data())
def test_every_pooling_can_be_computed(d, data):
    for name, dilated in (("max", True), ("avg", False)):
        problem = data.draw(pool_geometries(d, most=5, dilated=dilated))
        y = getattr(ops, f"{name}_pool{d}d")(ops.ones(*problem.input), **problem.options)
        assert y.ndim == d + 2 and 0 not in y.shape and np.isfinite(y.numpy()).all()


def hangs_over(problem):
    """Say whether a last window ends behind the padded image."""
    o, size = problem.options, problem.input[2:]
    g = Geometry(size, (), o["kernel_size"], o["stride"], o["padding"], (1,) * len(size))
    return window_count("", g, o["padding"], o["ceil_mode"]).out != window_count("", g, o["padding"]).out


POOLINGS = {
    "a window that hangs over": hangs_over,
    "windows that overlap": lambda p: any(k > s for k, s in zip(p.options["kernel_size"], p.options["stride"], strict=True)),
    "padding": lambda p: any(p.options["padding"]),
    "gaps between windows": lambda p: any(k < s for k, s in zip(p.options["kernel_size"], p.options["stride"], strict=True)),
}


@pytest.mark.parametrize("feature", POOLINGS)
def test_every_feature_of_poolings_comes_up(feature):
    assert comes_up(pool_geometries(2, dilated=False), POOLINGS[feature])


def test_dilation_comes_up_where_pooling_knows_it():
    assert comes_up(pool_geometries(2), lambda p: 2 in p.options["dilation"])


def test_a_convolution_that_forgets_the_border_is_found_by_pixels_that_no_window_sees():
    """The size of dx computed back from the output is too small where the last pixels are not reached."""
    def is_wrong(problem):
        x, w = (ops.ones(*s) for s in (problem.input, problem.weight))
        y = ops.conv2d(x, w, **problem.options)
        return ops.conv_transpose2d(y, w, **problem.options).shape != x.shape

    assert any(leftover(smallest(conv_geometries(2), is_wrong)))
