import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.ops.geometry import Geometry, window_count
from minigrad_kernels.cpu import threads, winograd

from ..fuzz_conv import TOLERANCE, any_layout, definition

FACES = ("slide", "paint", "match")


def problem(N, C, K, size, padding, seed=0):
    g = window_count("test", Geometry(size, (), (3, 3), (1, 1), padding, (1, 1)), padding)
    rng = np.random.default_rng(seed)
    shapes = (N, C, *size), (K, C, 3, 3), (N, K, *g.out)
    return g, *(any_layout(rng.normal(size=shape).astype("float32"), rng) for shape in shapes)


def three_faces(g, x, w, y):
    return winograd.slide(x, w, g), winograd.paint(y, w, g), winograd.match(x, y, g)


def assert_right(g, x, w, y):
    for face, got, expected in zip(FACES, three_faces(g, x, w, y), definition(x, w, y, g), strict=True):
        np.testing.assert_allclose(got, expected, rtol=0, atol=TOLERANCE[winograd] * np.abs(expected).max(), err_msg=face)


@given(
    st.integers(1, 9), st.integers(1, 20), st.integers(1, 20),
    st.tuples(st.integers(1, 26), st.integers(1, 26)), st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.integers(0, 2**32),
)  # fmt: skip
def test_any_number_of_images_channels_and_pixels(N, C, K, size, padding, seed):
    assert_right(*problem(N, C, K, size, padding, seed))


@pytest.mark.parametrize("size", [(61, 62), (5, 400), (400, 5)])
def test_images_too_large_for_a_block_are_cut_into_strips(size):
    assert_right(*problem(2, 3, 5, size, (1, 0)))


def test_the_bias_is_added_to_every_output_of_its_filter():
    g, x, w, y = problem(3, 4, 18, (9, 6), (1, 1))
    b = np.arange(18, dtype="float32")
    expected = definition(x, w, np.zeros_like(y), g)[0] + b[:, None, None]
    np.testing.assert_allclose(winograd.slide(x, w, g, b), expected, rtol=1e-4, atol=1e-4)


def test_rounding_is_within_two_hundred_thousandths_of_the_largest_output():
    g, x, w, y = problem(8, 64, 64, (28, 28), (1, 1))
    for got, expected in zip(three_faces(g, x, w, y), definition(x, w, y, g), strict=True):
        assert np.abs(got - expected).max() < 2e-5 * np.abs(expected).max()


def test_results_do_not_depend_on_the_number_of_threads(monkeypatch):
    monkeypatch.setattr(winograd, "WORTHWHILE", 0)
    arrays = problem(9, 5, 40, (13, 14), (1, 1))
    results = []
    for n in (1, 2, 3, 5):
        monkeypatch.setattr(threads, "_asked", n)
        results.append(three_faces(*arrays))
    for other in results[1:]:
        for one, another in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(one, another)
