import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad import ops
from minigrad.errors import ArgumentError, DtypeError, ShapeError
from tests.ops.laws import *
from tests.ops.windows import inside, planes, windows


def max_pooled(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """Look at every pixel of every window; the first of equals wins."""
    d = 1 if isinstance(kernel_size, int) and x.ndim < 4 else 2 if isinstance(kernel_size, int) else len(kernel_size)
    size = x.shape[-d:]
    out, seen = windows(size, kernel_size, stride, padding, dilation, ceil_mode)
    lead, each = planes(x, d)
    y, indices = np.empty((*lead, *out), x.dtype), np.empty((*lead, *out), np.int64)
    for (at, plane), (place, pixels) in ((a, b) for a in each for b in seen.items()):
        best = None
        for pixel in inside(pixels, size):
            if best is None or plane[pixel] > plane[best]:
                best = pixel
        y[at + place], indices[at + place] = plane[best], np.ravel_multi_index(best, size)
    return (y, indices) if return_indices else y


IMAGE, OPTIONS = A(2, 2, 5, 6, distinct=True), {"return_indices": True}

CASES = [
    Case("max_pool1d", ops.max_pool1d, max_pooled, [A(2, 3, 7, distinct=True), 2]),
    Case("max_pool1d", ops.max_pool1d, max_pooled, [A(3, 7, distinct=True), 3], {"stride": 2, "padding": 1, **OPTIONS}),
    Case("max_pool2d", ops.max_pool2d, max_pooled, [IMAGE, (2, 2)]),
    Case("max_pool2d", ops.max_pool2d, max_pooled, [IMAGE, (3, 2)], {"stride": (2, 1), "padding": (1, 0), **OPTIONS}),
    Case("max_pool2d", ops.max_pool2d, max_pooled, [IMAGE, (2, 2)], {"dilation": (2, 3), "stride": 1, **OPTIONS}),
    Case("max_pool2d", ops.max_pool2d, max_pooled, [IMAGE, (2, 3)], {"ceil_mode": True, "padding": (0, 1), **OPTIONS}),
    Case("max_pool2d", ops.max_pool2d, max_pooled, [A(2, 4, 4, distinct=True), (1, 1)], {"stride": 3}),
    Case("max_pool2d", ops.max_pool2d, max_pooled, [A(0, 2, 4, 4), (2, 2)]),
    Case("max_pool3d", ops.max_pool3d, max_pooled, [A(1, 2, 3, 4, 3, distinct=True), (2, 2, 3)], OPTIONS),
    Case("max_pool3d", ops.max_pool3d, max_pooled, [A(2, 4, 3, 2, distinct=True), (2, 3, 1)], {"stride": 1}),
]


@st.composite
def problems(draw):
    d = draw(st.integers(1, 3))
    kernel, stride, dilation, size = (
        draw(st.tuples(*[st.integers(low, high)] * d)) for low, high in [(1, 3), (1, 3), (1, 2), (1, 6)]
    )
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    options = {"kernel_size": kernel, "stride": stride, "padding": padding, "dilation": dilation}
    x = np.random.default_rng(draw(st.integers(0, 2**32))).integers(-2, 3, (2, 2, *size)).astype(float)
    return d, x, {**options, "ceil_mode": draw(st.booleans())}


def pooled(d, x, options):
    return getattr(ops, f"max_pool{d}d")(x, **options, return_indices=True)


@given(problems())
def test_every_geometry_gives_the_value_and_place_that_a_search_finds_ties_included(problem):
    d, x, options = problem
    try:
        y, indices = pooled(d, minigrad.tensor(x), options)
    except (ShapeError, ArgumentError) as error:
        out, seen = windows(x.shape[-d:], *list(options.values()))
        empty = not all(inside(pixels, x.shape[-d:]) for pixels in seen.values())
        assert 0 in out if isinstance(error, ShapeError) else empty
        return
    expected, places = max_pooled(x, **options, return_indices=True)
    np.testing.assert_array_equal(y.numpy(), expected)
    np.testing.assert_array_equal(indices.numpy(), places)


@given(problems())
def test_each_gradient_goes_to_the_winner_of_its_window_and_to_nobody_else(problem):
    d, x, options = problem
    x = minigrad.tensor(x, requires_grad=True)
    try:
        y, indices = pooled(d, x, options)
    except (ShapeError, ArgumentError):
        return
    dy = np.random.default_rng(0).normal(size=y.shape)
    y.backward(minigrad.tensor(dy))
    expected = np.zeros((4, x.numpy()[0, 0].size))
    for plane, places, values in zip(expected, indices.numpy().reshape(4, -1), dy.reshape(4, -1), strict=True):
        for place, value in zip(places, values, strict=True):
            plane[place] += value
    np.testing.assert_allclose(x.grad.numpy().reshape(4, -1), expected, atol=1e-12)


def test_the_first_of_equal_pixels_in_row_order_takes_the_whole_gradient():
    x = minigrad.ones(1, 1, 2, 2, requires_grad=True)
    minigrad.nn.functional.max_pool2d(x, 2).backward(minigrad.tensor([[[[3.0]]]]))
    np.testing.assert_array_equal(x.grad.numpy(), [[[[3, 0], [0, 0]]]])


def test_padding_never_wins_even_over_minus_infinity():
    x = minigrad.full((1, 1, 3, 3), -np.inf, requires_grad=True)
    y, indices = ops.max_pool2d(x, 3, stride=2, padding=1, return_indices=True)
    np.testing.assert_array_equal(indices.numpy(), [[[[0, 1], [3, 4]]]])
    y.backward(minigrad.tensor([[[[1.0, 2], [3, 4]]]]))
    np.testing.assert_array_equal(x.grad.numpy(), [[[[1, 2, 0], [3, 4, 0], [0, 0, 0]]]])


def test_a_nan_wins_over_every_number_wherever_it_stands():
    for place in range(4):
        x = np.arange(4.0)
        x[place] = np.nan
        y, indices = ops.max_pool2d(minigrad.tensor(x.reshape(1, 2, 2)), 2, return_indices=True)
        assert np.isnan(y.item()) and indices.item() == place


def test_integers_stay_integers_and_may_all_be_the_smallest_there_is():
    low = np.iinfo(np.int8).min
    y, indices = ops.max_pool1d(minigrad.tensor(np.array([[low, low, 5, 7]], np.int8)), 2, return_indices=True)
    assert y.dtype == minigrad.int8
    np.testing.assert_array_equal(y.numpy(), [[low, 7]])
    np.testing.assert_array_equal(indices.numpy(), [[0, 3]])


def test_a_window_of_more_than_256_taps_names_its_winner_rightly():
    x = np.zeros((1, 20, 20))
    x[0, 17, 19] = 1
    _, indices = ops.max_pool2d(minigrad.tensor(x), 20, return_indices=True)
    assert indices.item() == 17 * 20 + 19


def test_the_returned_indices_are_the_callers_to_overwrite():
    x = minigrad.tensor([[1.0, 2, 3, 4]], requires_grad=True)
    y, indices = ops.max_pool1d(x, 2, return_indices=True)
    indices += 1
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [[0, 1, 0, 1]])


@pytest.mark.parametrize(("change", "kind", "words"), [
    ({"kernel_size": 0}, ArgumentError, "kernel_size must be at least 1, got 0"),
    ({"kernel_size": (2, -1)}, ArgumentError, "kernel_size must be at least 1"),
    ({"stride": 0}, ArgumentError, "stride must be at least 1, got 0"),
    ({"dilation": 0}, ArgumentError, "dilation must be at least 1, got 0"),
    ({"padding": -1}, ArgumentError, "padding must be at least 0, got -1"),
    ({"padding": 2}, ArgumentError, "padding (2, 2) is more than half of the window, kernel (2, 2)"),
    ({"padding": 2, "kernel_size": 3}, ArgumentError, "padding (2, 2) is more than half of the window, kernel (3, 3)"),
    ({"kernel_size": (2, 2, 2)}, ArgumentError, "kernel_size must be an integer or 2 of them"),
    ({"kernel_size": 5}, ShapeError, "the window does not fit into the image"),
    ({"input": minigrad.zeros(4, 4)}, ShapeError, "input needs axes (N, C, H, W) or (C, H, W), got shape (4, 4)"),
    ({"input": minigrad.zeros(1, 2, 0, 4)}, ShapeError, "the planes (H, W) = (0, 4) have no pixels"),
    ({"input": minigrad.zeros(1, 4, 4, dtype="bool")}, DtypeError, "a bool tensor has no largest value"),
    ({"input": minigrad.zeros(1, 1, 4), "padding": 1, "dilation": 2}, ArgumentError, "sees nothing but padding"),
])  # fmt: skip
def test_bad_arguments_are_refused_with_their_values(change, kind, words):
    with pytest.raises(kind) as error:
        ops.max_pool2d(**{"input": minigrad.zeros(1, 2, 4, 4), "kernel_size": 2, **change})
    assert str(error.value).startswith("max_pool2d: ") and words in str(error.value)
