import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from minigrad.ops import pixels, pool
from minigrad.ops.geometry import Geometry, window_count
from minigrad_kernels.cpu import pool as twins


@st.composite
def problems(draw):
    d = draw(st.integers(1, 2))
    kernel, stride, dilation, size = (
        draw(st.tuples(*[st.integers(1, most)] * d)) for most in (3, 3, 2, 9)
    )
    padding = tuple(draw(st.integers(0, (t * (r - 1) + 1) // 2)) for t, r in zip(dilation, kernel, strict=True))
    room = [n + 2 * f - t * (r - 1) for n, f, t, r in zip(size, padding, dilation, kernel, strict=True)]
    assume(min(room) > 0)
    g = window_count("test", Geometry(size, (), kernel, stride, padding, dilation), padding, draw(st.booleans()))
    assume(all((pool._first_taps(g, axis) < g.kernel[axis]).all() for axis in range(d)))
    values = draw(st.sampled_from(["distinct", "ties", "nan", "minus infinity"]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    x = rng.normal(size=(2, 3, *size)).astype("float32")
    if values == "ties":
        x = np.round(x)
    elif values != "distinct":
        x[rng.random(x.shape) < 0.3] = np.nan if values == "nan" else -np.inf
    return x, g


@given(problems())
def test_values_and_places_are_those_of_the_reference(problem):
    x, g = problem
    y, places = twins.max_pool_forward(x, g)
    expected, where = pool.max_pool_forward.reference(x, g)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(places, where)


@pytest.mark.parametrize("size", [(4, 6), (5, 7), (3, 2)])
@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("special", [None, np.nan, -np.inf])
def test_the_quarters_are_those_of_the_reference_too(size, ceil_mode, special):
    x = np.round(np.random.default_rng(2).normal(size=(3, 2, *size))).astype("float32")
    if special is not None:
        x[np.random.default_rng(3).random(x.shape) < 0.4] = special
    g = window_count("test", Geometry(size, (), (2, 2), (2, 2), (0, 0), (1, 1)), (0, 0), ceil_mode)
    for got, expected in zip(twins.max_pool_forward(x, g), pool.max_pool_forward.reference(x, g), strict=True):
        np.testing.assert_array_equal(got, expected)


@given(problems())
def test_scattering_adds_up_where_windows_overlap(problem):
    x, g = problem
    _, places = twins.max_pool_forward(x, g)
    v = np.random.default_rng(0).normal(size=places.shape).astype("float32")
    expected = pixels.scatter_pixels_loop.reference(v.astype("float64"), places, g.size)
    np.testing.assert_allclose(twins.scatter_pixels_loop(v, places, g.size), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("threads", ["1", "2", "3"])
def test_large_inputs_are_split_over_threads_without_a_trace(monkeypatch, threads):
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    x = np.random.default_rng(1).normal(size=(7, 3, 64, 64)).astype("float32")[:, ::-1]
    g = Geometry((64, 64), (32, 32), (2, 2), (2, 2), (0, 0), (1, 1))
    y, places = twins.max_pool_forward(x, g)
    np.testing.assert_array_equal(y, x.reshape(7, 3, 32, 2, 32, 2).max((3, 5)))
    back = twins.scatter_pixels_loop(y, places, g.size)
    assert back.sum(dtype="float64") == y.sum(dtype="float64")


def test_other_types_and_empty_batches_are_handed_back():
    g = Geometry((4, 4), (2, 2), (2, 2), (2, 2), (0, 0), (1, 1))
    assert twins.max_pool_forward(np.zeros((1, 1, 4, 4)), g) is NotImplemented
    assert twins.max_pool_forward(np.zeros((0, 1, 4, 4), "float32"), g) is NotImplemented
    assert twins.scatter_pixels_loop(np.zeros((1, 1, 2, 2)), np.zeros((1, 1, 2, 2), int), (4, 4)) is NotImplemented
