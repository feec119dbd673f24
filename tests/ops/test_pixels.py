import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import Tensor
from minigrad.ops.pixels import gather_pixels, gather_pixels_loop, scatter_pixels, scatter_pixels_loop
from minigrad.testing import gradcheck, gradgradcheck


def problem(seed, size, out, planes=(2, 3)):
    rng = np.random.default_rng(seed)
    indices = rng.integers(0, int(np.prod(size)), (*planes, *out))
    return rng.normal(size=(*planes, *size)), rng.normal(size=(*planes, *out)), indices


@given(st.integers(0, 2**32), st.lists(st.integers(1, 4), min_size=1, max_size=3), st.integers(0, 3))
def test_scatter_is_the_adjoint_of_gather_and_both_are_what_a_loop_does(seed, size, n):
    x, y, indices = problem(seed, size, [n] * len(size))
    gathered = gather_pixels_loop(x, indices, len(size))
    scattered = scatter_pixels_loop(y, indices, tuple(size))
    expected, back = np.empty_like(y), np.zeros_like(x)
    for at in np.ndindex(*y.shape):
        pixel = (*at[:2], *np.unravel_index(indices[at], size))
        expected[at] = x[pixel]
        back[pixel] += y[at]
    np.testing.assert_array_equal(gathered, expected)
    np.testing.assert_allclose(scattered, back, atol=1e-12)
    np.testing.assert_allclose((gathered * y).sum(), (x * scattered).sum(), atol=1e-9)


@pytest.mark.parametrize(("size", "out"), [((5,), (4,)), ((2, 3), (2, 2))])
def test_derivatives_agree_with_differences_to_second_order(size, out):
    x, y, indices = problem(0, size, out)
    for f, a in [
        (lambda t: gather_pixels(t, Tensor(indices), len(size)), x),
        (lambda t: scatter_pixels(t, Tensor(indices), size), y),
    ]:
        gradcheck(f, a)
        gradgradcheck(lambda t, f=f: f(t) ** 2, a)


@pytest.mark.parametrize("dtype", ["float16", "float32", "int64"])
def test_the_type_is_kept(dtype):
    x, y, indices = problem(1, (3,), (2,))
    assert gather_pixels_loop(x.astype(dtype), indices, 1).dtype == dtype
    assert scatter_pixels_loop(y.astype(dtype), indices, (3,)).dtype == dtype
