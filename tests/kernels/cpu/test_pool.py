import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from minigrad.ops import pixels, pool
from minigrad.ops.geometry import Geometry, window_count
from minigrad_kernels.cpu import pool as twins
from minigrad_kernels.cpu import threads

from .agreement import LAYOUTS, laid_out


def image(size, seed, values):
    """Return planes of numbers that are distinct, or tied, or special."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2, 3, *size)).astype("float32")
    if values == "ties":
        x = np.round(x)
    elif values != "distinct":
        x[rng.random(x.shape) < 0.4] = {"nan": np.nan, "minus infinity": -np.inf}[values]
    return x


VALUES = ["distinct", "ties", "nan", "minus infinity"]


@st.composite
def problems(draw, most=20):
    d = draw(st.integers(1, 3))
    kernel, stride, dilation, size = (
        draw(st.tuples(*[st.integers(1, n)] * d)) for n in (3, 3, 2, most if d < 3 else 5)
    )
    padding = tuple(draw(st.integers(0, (t * (r - 1) + 1) // 2)) for t, r in zip(dilation, kernel, strict=True))
    room = [n + 2 * f - t * (r - 1) for n, f, t, r in zip(size, padding, dilation, kernel, strict=True)]
    assume(min(room) > 0)
    g = window_count("test", Geometry(size, (), kernel, stride, padding, dilation), padding, draw(st.booleans()))
    assume(not pool._sees_nothing(g))
    return image(size, draw(st.integers(0, 2**32)), draw(st.sampled_from(VALUES))), g


def assert_both_ways_are_the_references(x, g):
    y, winner = twins.max_pool_forward(x, g)
    expected, number = pool.max_pool_forward.reference(x, g)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(winner, number)
    dy = np.random.default_rng(0).normal(size=y.shape).astype("float32")
    dx = pixels.scatter_pixels_loop.reference(dy.astype("float64"), pool.places_of(winner, g), g.size)
    np.testing.assert_allclose(twins.max_pool_backward(dy, winner, g), dx, rtol=1e-5, atol=1e-5)


@given(problems())
def test_values_winners_and_gradients_are_those_of_the_reference(problem):
    assert_both_ways_are_the_references(*problem)


SIZES = [(8, 8), (9, 11), (6, 35), (4, 6), (3, 2)]


@pytest.mark.parametrize(("size", "ceil_mode"), [*((s, c) for s in SIZES for c in (False, True)), ((1, 8), True)])
@pytest.mark.parametrize("values", VALUES)
def test_quarters_are_those_of_the_reference_too(size, ceil_mode, values):
    g = window_count("test", Geometry(size, (), (2, 2), (2, 2), (0, 0), (1, 1)), (0, 0), ceil_mode)
    assert_both_ways_are_the_references(image(size, 1, values), g)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout_of_memory_will_do(layout):
    g = Geometry((8, 9), (4, 4), (2, 3), (2, 2), (0, 1), (1, 1))
    x = image((8, 9), 2, "distinct")
    for got, expected in zip(twins.max_pool_forward(laid_out(x, layout), g), twins.max_pool_forward(x, g), strict=True):
        np.testing.assert_array_equal(got, expected)
    y, winner = twins.max_pool_forward(x, g)
    got = twins.max_pool_backward(laid_out(y, layout), laid_out(winner, layout), g)
    np.testing.assert_array_equal(got, twins.max_pool_backward(y, winner, g))


@given(problems(most=9))
def test_scattering_adds_up_where_windows_overlap(problem):
    x, g = problem
    places = pool.places_of(twins.max_pool_forward(x, g)[1], g)
    v = np.random.default_rng(0).normal(size=places.shape).astype("float32")
    expected = pixels.scatter_pixels_loop.reference(v.astype("float64"), places, g.size)
    np.testing.assert_allclose(twins.scatter_pixels_loop(v, places, g.size), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kernel", [2, 3])
def test_results_do_not_depend_on_the_number_of_threads(monkeypatch, kernel):
    x = np.random.default_rng(1).normal(size=(7, 3, 64, 64)).astype("float32")
    g = window_count("test", Geometry((64, 64), (), (kernel,) * 2, (2, 2), (0, 0), (1, 1)), (0, 0))
    results = []
    for n in (1, 2, 3):
        monkeypatch.setattr(threads, "_asked", n)
        y, winner = twins.max_pool_forward(x, g)
        results.append((y, winner, twins.max_pool_backward(y, winner, g)))
        results[-1] += (twins.scatter_pixels_loop(y, pool.places_of(winner, g), g.size),)
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_what_is_not_covered_is_handed_back():
    g = Geometry((4, 4), (2, 2), (2, 2), (2, 2), (0, 0), (1, 1))
    x, winner = np.zeros((1, 1, 4, 4), "float32"), np.zeros((1, 1, 2, 2), "uint8")
    y = x[..., :2, :2]
    assert twins.max_pool_forward(x.astype("float64"), g) is NotImplemented
    assert twins.max_pool_forward(x[:0], g) is NotImplemented
    large = Geometry((20, 20), (1, 1), (20, 20), (1, 1), (0, 0), (1, 1))
    assert twins.max_pool_forward(np.zeros((1, 1, 20, 20), "float32"), large) is NotImplemented
    assert twins.max_pool_backward(y.astype("float64"), winner, g) is NotImplemented
    assert twins.max_pool_backward(y, winner.astype("int32"), g) is NotImplemented
    assert twins.scatter_pixels_loop(y.astype("float64"), winner.astype(int), (4, 4)) is NotImplemented
