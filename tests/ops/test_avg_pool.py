import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad import ops
from minigrad.errors import ArgumentError, DtypeError, ShapeError
from minigrad.ops.avg_pool import average_loop, spread_loop
from minigrad.ops.geometry import Geometry, window_count
from tests.ops.laws import *
from tests.ops.windows import inside, per_axis, planes, windows


def averaged(
    x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):  # fmt: skip
    """Look at every pixel of every window."""
    d = len(kernel_size)
    size = x.shape[-d:]
    out, seen = windows(size, kernel_size, stride, padding, 1, ceil_mode)
    margin = per_axis(padding, d) if count_include_pad else (0,) * d
    lead, each = planes(x, d)
    y = np.empty((*lead, *out))
    for (at, plane), (place, pixels) in ((a, b) for a in each for b in seen.items()):
        count = divisor_override or len(inside(pixels, size, margin))
        y[at + place] = sum(plane[h] for h in inside(pixels, size)) / count
    return y


IMAGE = A(2, 2, 5, 6)

CASES = [
    Case("avg_pool1d", ops.avg_pool1d, averaged, [A(2, 3, 7), (2,)]),
    Case("avg_pool1d", ops.avg_pool1d, averaged, [A(3, 7), (3,)], {"stride": 2, "padding": 1, "ceil_mode": True}),
    Case("avg_pool2d", ops.avg_pool2d, averaged, [IMAGE, (2, 2)]),
    Case("avg_pool2d", ops.avg_pool2d, averaged, [IMAGE, (3, 2)], {"stride": (2, 1), "padding": 1}),
    Case("avg_pool2d", ops.avg_pool2d, averaged, [IMAGE, (3, 2)], {"padding": 1, "count_include_pad": False}),
    Case("avg_pool2d", ops.avg_pool2d, averaged, [IMAGE, (3, 4)], {"ceil_mode": True, "padding": 1, "stride": 2}),
    Case("avg_pool2d", ops.avg_pool2d, averaged, [A(2, 4, 4), (2, 2)], {"stride": 1, "divisor_override": 3}),
    Case("avg_pool2d", ops.avg_pool2d, averaged, [A(0, 2, 4, 4), (2, 2)]),
    Case("avg_pool3d", ops.avg_pool3d, averaged, [A(1, 2, 3, 4, 3), (2, 2, 3)], {"padding": 1}),
    Case("avg_pool3d", ops.avg_pool3d, averaged, [A(2, 4, 3, 2), (2, 3, 1)], {"stride": 1, "divisor_override": 5}),
]


@given(st.data())
def test_spread_is_the_adjoint_of_average(data):
    d = data.draw(st.integers(1, 3))
    kernel, stride, size = (
        data.draw(st.tuples(*[st.integers(low, high)] * d)) for low, high in [(1, 3), (1, 3), (3, 6)]
    )
    padding = tuple(data.draw(st.integers(0, k // 2)) for k in kernel)
    geometry = Geometry(size, (), kernel, stride, padding, (1,) * d)
    g = window_count("test", geometry, padding, data.draw(st.booleans()))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    x, y, count = rng.normal(size=(2, *size)), rng.normal(size=(2, *g.out)), rng.uniform(1, 9, g.out)
    forward, back = average_loop.reference(x, g, count), spread_loop.reference(y, g, count)
    np.testing.assert_allclose((forward * y).sum(), (x * back).sum(), atol=1e-9)
    np.testing.assert_allclose(average_loop(x, g, count), forward)
    np.testing.assert_allclose(spread_loop(y, g, count), back)


def test_an_average_of_equal_pixels_is_that_pixel_to_the_last_bit():
    x = minigrad.full((1, 1, 9, 9), 0.1)
    np.testing.assert_array_equal(ops.avg_pool2d(x, 2).numpy(), np.float32(0.1))


def test_an_infinite_pixel_reaches_only_the_windows_that_see_it():
    x = np.zeros((1, 4, 4))
    x[0, 0, 0] = np.inf
    np.testing.assert_array_equal(ops.avg_pool2d(minigrad.tensor(x), 2).numpy(), [[[np.inf, 0], [0, 0]]])


def test_opposite_infinities_average_to_nan_without_a_warning():
    y = ops.avg_pool1d(minigrad.tensor([[np.inf, -np.inf, 1.0]]), 3)
    assert np.isnan(y.item())
    assert np.isnan(ops.adaptive_avg_pool1d(minigrad.tensor([[np.inf, -np.inf, 1.0]]), 2).numpy()[0, 0])


def test_float16_is_summed_in_float32():
    x = minigrad.full((1, 8, 8), 60000.0, dtype="float16", requires_grad=True)
    y = ops.avg_pool2d(x, 8)
    y.backward(minigrad.full((1, 1, 1), 60000.0, dtype="float16"))
    assert y.dtype == x.grad.dtype == minigrad.float16
    np.testing.assert_array_equal(y.numpy(), np.float16(60000))
    np.testing.assert_allclose(x.grad.numpy(), 60000 / 64, rtol=1e-3)
    row = minigrad.zeros(1, 599, dtype="float16", requires_grad=True)
    ops.avg_pool1d(row, 300, stride=1).sum().backward()
    np.testing.assert_allclose(row.grad.numpy()[0, 299], 1, rtol=1e-3)


@pytest.mark.parametrize(("change", "kind", "words"), [
    ({"kernel_size": 0}, ArgumentError, "kernel_size must be at least 1, got 0"),
    ({"stride": -1}, ArgumentError, "stride must be at least 1, got -1"),
    ({"padding": 2}, ArgumentError, "padding (2, 2) is more than half of the window"),
    ({"divisor_override": 0}, ArgumentError, "divisor_override must not be 0"),
    ({"kernel_size": 5}, ShapeError, "the window does not fit into the image"),
    ({"input": minigrad.zeros(4)}, ShapeError, "input needs axes (N, C, H, W) or (C, H, W), got shape (4,)"),
    ({"input": minigrad.zeros(1, 4, 4, dtype="int64")}, DtypeError, "needs a floating tensor, got int64"),
])  # fmt: skip
def test_bad_arguments_are_refused_with_their_values(change, kind, words):
    with pytest.raises(kind) as error:
        ops.avg_pool2d(**{"input": minigrad.zeros(1, 2, 4, 4), "kernel_size": 2, **change})
    assert str(error.value).startswith("avg_pool2d: ") and words in str(error.value)
