"""The kernels against the reference, on geometries that the shared tests of tests/ops/test_conv.py do not reach."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad.errors import ShapeError
from minigrad.ops import conv
from minigrad.ops.geometry import Geometry, window_count
from minigrad_kernels.cpu import conv as twins

FACES = [(conv.slide_loop, "xw"), (conv.paint_loop, "yw"), (conv.match_loop, "xy")]


def arrays(g, N, C, K, seed=0):
    rng = np.random.default_rng(seed)
    shapes = {"x": (N, C, *g.size), "w": (K, C, *g.kernel), "y": (N, K, *g.out)}
    return {name: rng.normal(size=shape).astype("float32") for name, shape in shapes.items()}


@st.composite
def geometries(draw):
    d = draw(st.integers(1, 2))
    size, kernel, padding, dilation = (
        draw(st.tuples(*[st.integers(low, high)] * d)) for low, high in [(1, 20), (1, 5), (0, 3), (1, 3)]
    )
    try:
        return window_count("test", Geometry(size, (), kernel, (1,) * d, padding, dilation), padding)
    except ShapeError:
        size = tuple(t * (r - 1) + 1 for t, r in zip(dilation, kernel, strict=True))
        return window_count("test", Geometry(size, (), kernel, (1,) * d, padding, dilation), padding)


@given(geometries(), st.integers(1, 5), st.integers(1, 9), st.integers(1, 19), st.integers(0, 2**32))
def test_kernels_agree_with_the_reference_on_odd_sizes_and_channel_counts(g, N, C, K, seed):
    a = arrays(g, N, C, K, seed)
    for loop, operands in FACES:
        first, second = (a[name] for name in operands)
        np.testing.assert_allclose(loop(first, second, g), loop.reference(first, second, g), rtol=1e-4, atol=2e-4)


def big():
    g = window_count("test", Geometry((9, 7), (), (3, 3), (1, 1), (1, 1), (1, 1)), (1, 1))
    return g, arrays(g, 6, 5, 16)


def test_results_do_not_depend_on_the_number_of_threads(monkeypatch):
    g, a = big()
    results = []
    for threads in ("1", "2", "3"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        results.append([getattr(twins, loop.name)(a[p], a[q], g) for loop, (p, q) in FACES])
    for other in results[1:]:
        for left, right in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(left, right)


def test_layouts_other_than_row_major_are_read_right():
    g, a = big()
    x = np.asfortranarray(a["x"])[..., ::-1]
    np.testing.assert_allclose(
        conv.slide_loop(x, a["w"], g), conv.slide_loop.reference(np.ascontiguousarray(x), a["w"], g), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("change", [{"stride": (2, 2), "out": (5, 4)}, {"groups": 5}])
def test_what_is_not_covered_is_handed_back(change):
    g, a = big()
    assert twins.slide_loop(a["x"], a["w"], g._replace(**change)) is NotImplemented


def test_float64_and_single_filters_are_handed_back():
    g, a = big()
    assert twins.slide_loop(a["x"].astype("float64"), a["w"].astype("float64"), g) is NotImplemented
    assert twins.slide_loop(a["x"], a["w"][:1], g) is NotImplemented


def test_the_reference_can_be_asked_for():
    g, a = big()
    with minigrad.kernels("reference"):
        np.testing.assert_array_equal(
            conv.slide_loop(a["x"], a["w"], g), conv.slide_loop.reference(a["x"], a["w"], g)
        )
