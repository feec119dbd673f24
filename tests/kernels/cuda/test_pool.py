from importlib import import_module

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from minigrad import ops
from minigrad.ops import pixels, pool
from minigrad.ops.geometry import Geometry, window_count
from tests.cusim.simcupy import installed
from tests.cusim.simulator import SCHEDULES, missing_compiler, scheduled

from .agreement import FOUND, LAYOUTS, assert_devices_agree, drawn, narrow, on_device, plant

VALUES = ["distinct", "ties", "nan", "minus infinity"]


def image(size, seed, values, lead=(2, 3)):
    """Return planes of numbers that are distinct, or tied, or special."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(*lead, *size)).astype("float32")
    if values == "ties":
        x = np.round(x)
    elif values != "distinct":
        rare = values == "nan"  # of some windows all pixels are -∞
        x[rng.random(x.shape) < (0.4 if rare else 0.9)] = np.nan if rare else -np.inf
    return x


def windows(size, kernel, stride, padding=(0, 0), dilation=(1, 1), ceil_mode=False):
    return window_count("test", Geometry(size, (), kernel, stride, padding, dilation), padding, ceil_mode)


@st.composite
def geometries(draw, most=12):
    d = draw(st.integers(1, 2))
    kernel, stride, dilation, size = (draw(st.tuples(*[st.integers(1, n)] * d)) for n in (3, 3, 2, most))
    padding = tuple(draw(st.integers(0, (t * (r - 1) + 1) // 2)) for t, r in zip(dilation, kernel, strict=True))
    room = [n + 2 * f - t * (r - 1) for n, f, t, r in zip(size, padding, dilation, kernel, strict=True)]
    assume(min(room) > 0)
    g = windows(size, kernel, stride, padding, dilation, draw(st.booleans()))
    assume(not pool._sees_nothing(g))
    return g


def check(module, x, g):
    """Compare values, winners and gradients with the reference."""
    y, winner = module.max_pool_forward(on_device(x), g)
    expected, number = pool.max_pool_forward.reference(x, g)
    np.testing.assert_array_equal(y.get(), expected)
    np.testing.assert_array_equal(winner.get(), number)
    dy = drawn(expected.shape)
    dx = pixels.scatter_pixels_loop.reference(dy.astype("f8"), pool.places_of(number, g), g.size)
    got = module.max_pool_backward(on_device(dy), winner, g).get()
    assert got.shape == x.shape
    np.testing.assert_allclose(got, dx, rtol=1e-5, atol=1e-5)


@pytest.fixture(scope="module")
def module():
    """The launchers, once for all examples that Hypothesis draws."""
    if reason := missing_compiler():
        pytest.skip(reason)
    with installed():
        yield import_module("minigrad_kernels.cuda.pool")


@settings(max_examples=60)
@given(g=geometries(), seed=st.integers(0, 99), values=st.sampled_from(VALUES))
def test_values_winners_and_gradients_are_those_of_the_reference(module, g, seed, values):
    check(module, image(g.size, seed, values), g)


KNOWN = [(2, 2, 0), (3, 2, 0), (3, 2, 1), (2, 2, 1)]  # side, step and padding of windows with kernels of their own


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize(("side", "step", "padding"), KNOWN)
@pytest.mark.parametrize("size", [(8, 8), (9, 11), (5, 35), (4, 6)])
def test_so_they_are_for_the_common_windows(twins, size, side, step, padding, ceil_mode):
    g = windows(size, (side,) * 2, (step,) * 2, (padding,) * 2, ceil_mode=ceil_mode)
    for values in VALUES:
        check(twins("pool"), image(size, 1, values), g)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_in_every_order_of_threads(twins, schedule):
    with scheduled(*schedule):
        check(twins("pool"), image((9, 11), 0, "ties"), windows((9, 11), (3, 2), (1, 2), (1, 0)))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout_of_memory_will_do(twins, layout):
    g, module = windows((8, 9), (2, 3), (2, 2), (0, 1)), twins("pool")
    x = image((8, 9), 2, "distinct")
    y, winner = (a.get() for a in module.max_pool_forward(on_device(x), g))
    for got, expected in zip(module.max_pool_forward(on_device(x, layout=layout), g), (y, winner), strict=True):
        np.testing.assert_array_equal(got.get(), expected)
    dx = module.max_pool_backward(*on_device(y, winner, layout=layout), g).get()
    np.testing.assert_array_equal(dx, module.max_pool_backward(*on_device(y, winner), g).get())


@pytest.mark.parametrize("g", [windows((6, 7), (3, 2), (1, 2)), Geometry((9,), (7,), (3,), (1,), (0,), (1,))], ids=["image", "sequence"])
def test_scattering_adds_up_where_windows_overlap(twins, g):
    x = image(g.size, 0, "distinct")
    places = pool.places_of(pool.max_pool_forward.reference(x, g)[1], g)
    v = drawn(places.shape)
    expected = pixels.scatter_pixels_loop.reference(v.astype("f8"), places, g.size)
    got = twins("pool").scatter_pixels_loop(*on_device(v, places), g.size).get()
    assert got.shape == x.shape
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "op", [lambda x: ops.max_pool2d(x, 2), lambda x: ops.max_pool2d(x, 3, 2, 1), lambda x: ops.max_pool2d(x, (2, 3), 1, (1, 0), (2, 1))]
)
def test_on_the_device_an_op_gives_what_it_gives_on_the_host(cupy, op):
    assert_devices_agree(op, drawn((2, 3, 7, 9)))


def test_the_gradient_of_the_gradient_goes_back_to_the_winners(cupy):
    assert_devices_agree(lambda x: ops.max_pool2d(x * x * x, 2, 1), drawn((1, 2, 4, 5)))


def test_what_is_not_covered_is_handed_back(twins):
    module, g = twins("pool"), windows((4, 4), (2, 2), (2, 2))
    x, winner = on_device(np.zeros((1, 1, 4, 4), "f4"), np.zeros((1, 1, 2, 2), "u1"))
    y = x[..., :2, :2]
    large = windows((20, 20), (20, 20), (1, 1))
    volume = Geometry((2,) * 3, (1,) * 3, (2,) * 3, (2,) * 3, (0,) * 3, (1,) * 3)
    for other, geometry in (x.astype("f8"), g), (x[:0], g), (on_device(np.zeros((1, 1, 20, 20), "f4")), large), (x, volume):
        assert module.max_pool_forward(other, geometry) is NotImplemented
    assert module.max_pool_backward(y.astype("f8"), winner, g) is NotImplemented
    assert module.max_pool_backward(y, winner.astype("i4"), g) is NotImplemented
    assert module.max_pool_backward(y, winner, volume) is NotImplemented
    assert module.scatter_pixels_loop(y.astype("f8"), winner.astype("i8"), (4, 4)) is NotImplemented
    assert module.scatter_pixels_loop(y, winner, (4, 4)) is NotImplemented


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("v > best || v != v", "v > best"),
        ("(-start + dilation - 1) / dilation", "-start / dilation"),
        ("(pixel + padding) / stride + 1", "(pixel + padding) / stride"),
    ],
)
def test_planted_bugs_are_found(twins, old, new):
    module = twins("pool")
    narrow(module, "max_pool<0, 0>", "max_pool_back<0, 0>")
    plant(module, old, new)
    with pytest.raises(FOUND):
        for values in VALUES:
            check(module, image((7, 9), 0, values), windows((7, 9), (3, 2), (1, 2), (1, 0), (1, 1)))
            check(module, image((9, 9), 0, values), windows((9, 9), (3, 3), (2, 1), (2, 2), (2, 2)))
