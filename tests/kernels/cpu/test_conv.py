"""Which algorithm convolves what, and what is left to the reference."""

import numpy as np
import pytest

import minigrad
from minigrad.ops import conv
from minigrad.ops.geometry import Geometry
from minigrad_kernels.cpu import conv as twins
from minigrad_kernels.cpu import direct, winograd

SMALL = Geometry((9, 7), (9, 7), (3, 3), (1, 1), (1, 1), (1, 1))
FACES = [(conv.slide_loop, "xw"), (conv.paint_loop, "yw"), (conv.match_loop, "xy")]


def arrays(N, C, K, g=SMALL):
    rng = np.random.default_rng(0)
    shapes = {"x": (N, C, *g.size), "w": (K, C // g.groups, *g.kernel), "y": (N, K, *g.out)}
    return {name: rng.normal(size=shape).astype("float32") for name, shape in shapes.items()}


def test_winograd_is_chosen_where_it_pays():
    assert twins.algorithm(SMALL, 8, 32, 32) is winograd
    assert twins.algorithm(SMALL, 8, 8, 32) is winograd and twins.algorithm(SMALL, 8, 32, 8) is winograd


@pytest.mark.parametrize(
    "change",
    [{"stride": (2, 1)}, {"dilation": (1, 2)}, {"kernel": (3, 2)}, {"kernel": (1, 1)}, {"groups": 2}, {"out": (1, 1)}],
)
def test_other_windows_are_summed_directly(change):
    assert twins.algorithm(SMALL._replace(**change), 8, 32, 32) is direct


@pytest.mark.parametrize(("N", "C", "K"), [(8, 3, 64), (8, 64, 3), (8, 12, 16), (1, 64, 64)])
def test_few_channels_or_few_tiles_are_summed_directly(N, C, K):
    assert twins.algorithm(SMALL, N, C, K) is direct


def test_windows_along_one_or_three_axes_are_summed_directly():
    for d in (1, 3):
        axes = (9,) * d, (9,) * d, (3,) * d, (1,) * d, (1,) * d, (1,) * d
        assert twins.algorithm(Geometry(*axes), 8, 32, 32) is direct


def test_exact_asks_for_plain_sums():
    a = arrays(8, 32, 32)
    with minigrad.kernels("exact"):
        assert twins.algorithm(SMALL, 8, 32, 32) is direct
        exact = conv.slide_loop(a["x"], a["w"], SMALL)
    np.testing.assert_array_equal(exact, direct.slide(a["x"], a["w"], SMALL))
    assert (exact != conv.slide_loop(a["x"], a["w"], SMALL)).any()


def test_the_reference_can_be_asked_for():
    a = arrays(2, 5, 16)
    with minigrad.kernels("reference"):
        for loop, (p, q) in FACES:
            np.testing.assert_array_equal(loop(a[p], a[q], SMALL), loop.reference(a[p], a[q], SMALL))


@pytest.mark.parametrize("channels", [(32, 32), (5, 6)])
def test_kernels_agree_with_the_reference_and_add_the_bias(channels):
    a = arrays(8, *channels)
    for loop, (p, q) in FACES:
        expected = loop.reference(a[p].astype("float64"), a[q].astype("float64"), SMALL)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(loop(a[p], a[q], SMALL), expected, rtol=0, atol=2e-5 * scale)
    b = np.arange(channels[1], dtype="float32")
    expected = conv.slide_loop.reference(a["x"], a["w"], SMALL, b)
    np.testing.assert_allclose(conv.slide_loop(a["x"], a["w"], SMALL, b), expected, rtol=1e-3, atol=1e-3)


def test_other_types_and_arrays_without_elements_are_handed_back():
    a = arrays(2, 5, 16)
    for twin, (p, q) in zip((twins.slide_loop, twins.paint_loop, twins.match_loop), ("xw", "yw", "xy"), strict=True):
        assert twin(a[p].astype("float64"), a[q].astype("float64"), SMALL) is NotImplemented
        assert twin(a[p][:0], a[q], SMALL) is NotImplemented
