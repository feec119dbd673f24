"""The three faces of the trilinear form, against its definition and against each other."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import Tensor
from minigrad.ops import conv
from minigrad.ops.geometry import Geometry, window_count
from minigrad.testing import gradcheck, gradgradcheck


def form(x, w, y, g):
    """Return T(x, w, y), term by term."""
    total = 0.0
    per_group, K = w.shape[1], len(w)
    for k, p, r in product(range(K), product(*map(range, g.out)), product(*map(range, g.kernel))):
        pixel = tuple(s * i + d * j - f for s, i, d, j, f in zip(g.stride, p, g.dilation, r, g.padding, strict=True))
        if all(0 <= h < n for h, n in zip(pixel, g.size, strict=True)):
            first = k // (K // g.groups) * per_group
            seen = x[(slice(None), slice(first, first + per_group), *pixel)]
            total += np.einsum("nc,c,n->", seen, w[(k, slice(None), *r)], y[(slice(None), k, *p)])
    return total


@st.composite
def problems(draw, most=5):
    """Draw a geometry and arrays x, w, y that fit it."""
    d = draw(st.integers(1, 2))
    groups = draw(st.integers(1, 2))
    kernel, stride, dilation, padding, size = (
        draw(st.tuples(*[st.integers(low, high)] * d)) for low, high in [(1, 3), (1, 3), (1, 2), (0, 2), (1, most)]
    )
    size = tuple(max(n, t * (r - 1) + 1 - 2 * f) for n, t, r, f in zip(size, dilation, kernel, padding, strict=True))
    g = window_count("test", Geometry(size, (), kernel, stride, padding, dilation, groups), padding)
    N, C, K = (draw(st.integers(1, 2)) for _ in range(3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    shapes = (N, C * groups, *size), (K * groups, C, *kernel), (N, K * groups, *g.out)
    return g, *(rng.normal(size=shape) for shape in shapes)


@given(problems())
def test_each_face_is_the_derivative_of_the_form(problem):
    g, x, w, y = problem
    expected = form(x, w, y, g)
    np.testing.assert_allclose((conv.slide_loop.reference(x, w, g) * y).sum(), expected, atol=1e-9)
    np.testing.assert_allclose((conv.paint_loop.reference(y, w, g) * x).sum(), expected, atol=1e-9)
    np.testing.assert_allclose((conv.match_loop.reference(x, y, g) * w).sum(), expected, atol=1e-9)


@given(problems())
def test_each_face_equals_its_reference_whatever_runs_it(problem):
    g, x, w, y = problem
    for loop, a, b in [(conv.slide_loop, x, w), (conv.paint_loop, y, w), (conv.match_loop, x, y)]:
        for dtype, tolerance in [("float64", 1e-10), ("float32", 1e-4)]:
            a_, b_ = a.astype(dtype), b.astype(dtype)
            got, expected = loop(a_, b_, g), loop.reference(a_, b_, g)
            assert got.dtype == dtype and got.shape == expected.shape
            np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


GEOMETRIES = [
    Geometry((4, 5), (2, 3), (2, 2), (2, 1), (0, 1), (1, 2)),
    Geometry((5,), (2,), (2,), (3,), (0,), (1,), 2),  # the last pixels are seen by no window
    Geometry((2, 3, 2), (1, 2, 2), (2, 2, 1), (1, 1, 1), (0, 0, 0), (1, 1, 1)),
]


@pytest.mark.parametrize("g", GEOMETRIES)
@pytest.mark.parametrize("face", ["slide", "paint", "match"])
def test_derivatives_of_a_face_agree_with_differences_to_second_order(g, face):
    rng = np.random.default_rng(0)
    x, w, y = (
        rng.normal(size=shape)
        for shape in [(2, 2 * g.groups, *g.size), (2 * g.groups, 2, *g.kernel), (2, 2 * g.groups, *g.out)]
    )
    pair = {"slide": (x, w), "paint": (y, w), "match": (x, y)}[face]
    gradcheck(lambda a, b: getattr(conv, face)(a, b, g), *pair)
    gradgradcheck(lambda a, b: getattr(conv, face)(a, b, g), *pair)


def test_pixels_that_no_window_sees_get_no_gradient():
    g = GEOMETRIES[1]
    x = Tensor(np.ones((1, 2, 5)), requires_grad=True)
    w = Tensor(np.ones((2, 1, 2)))
    conv.slide(x, w, g).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy()[0, 0], [1, 1, 0, 1, 1])


def test_an_empty_batch_gives_an_empty_output_and_zero_gradients():
    g = Geometry((4, 4), (3, 3), (2, 2), (1, 1), (0, 0), (1, 1))
    x, w = Tensor(np.zeros((0, 1, 4, 4)), requires_grad=True), Tensor(np.ones((3, 1, 2, 2)), requires_grad=True)
    y = conv.slide(x, w, g)
    y.sum().backward()
    assert y.shape == (0, 3, 3, 3) and x.grad.shape == x.shape
    np.testing.assert_array_equal(w.grad.numpy(), 0)
