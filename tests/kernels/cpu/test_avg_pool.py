from functools import partial

import numpy as np
import pytest

from minigrad.ops import avg_pool
from minigrad.ops.geometry import Geometry
from minigrad_kernels.cpu import avg_pool as twins

from .agreement import LAYOUTS, assert_agrees, assert_thread_count_leaves_no_trace, drawn, exactly, laid_out


def whole(*size):
    d = len(size)
    return Geometry(size, (1,) * d, size, size, (0,) * d, (1,) * d)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("size", [(1,), (7, 7), (9,), (3, 4, 5)])
def test_a_window_that_is_the_whole_plane(size, layout):
    g, count = whole(*size), np.full((1,) * len(size), 3.0)
    x, y = drawn((2, 3, *size)), drawn((2, 3, *g.out), seed=1)
    assert_agrees(twins.average_loop(laid_out(x, layout), g, count), exactly(avg_pool.average_loop.reference, x, g=g, count=count))
    assert_agrees(twins.spread_loop(laid_out(y, layout), g, count), exactly(avg_pool.spread_loop.reference, y, g=g, count=count))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("kernel", "windows"), [((2, 2), (3, 5)), ((1, 2), (4, 16)), ((3, 1), (2, 7)), ((2, 8), (1, 3)), ((3,), (6,))])
def test_windows_that_fill_the_plane_side_by_side(kernel, windows, layout):
    g = whole(*(r * p for r, p in zip(kernel, windows, strict=True)))._replace(out=windows, kernel=kernel, stride=kernel)
    x, y, count = drawn((2, 3, *g.size)), drawn((2, 3, *windows), seed=1), np.full(windows, 5.0)
    assert_agrees(twins.average_loop(laid_out(x, layout), g, count), exactly(avg_pool.average_loop.reference, x, g=g, count=count))
    assert_agrees(twins.spread_loop(laid_out(y, layout), g, count), exactly(avg_pool.spread_loop.reference, y, g=g, count=count))


def test_large_planes_are_averaged_without_losing_digits():
    x = np.full((1, 1, 1 << 20), 0.1, np.float32)
    y = twins.average_loop(x, whole(1 << 20), np.full(1, float(1 << 20)))
    assert abs(y.item() - x[0, 0, 0]) < 1e-6


def test_results_do_not_depend_on_the_number_of_threads(monkeypatch):
    g, count = whole(70, 70), np.full((1, 1), 4900.0)
    x = drawn((8, 8, 70, 70))
    for windows in (g, g._replace(out=(35, 14), kernel=(2, 5), stride=(2, 5))):
        y, run = drawn((8, 8, *windows.out)), partial(assert_thread_count_leaves_no_trace, monkeypatch)
        run(partial(twins.average_loop, x, windows, count))
        run(partial(twins.spread_loop, y, windows, count))


@pytest.mark.parametrize(
    "change", [{"out": (3, 3), "kernel": (2, 2), "stride": (1, 1)}, {"padding": (1, 0)}, {"kernel": (3, 4)}]
)
def test_other_windows_are_handed_back(change):
    g = whole(4, 4)._replace(**change)
    assert twins.average_loop(np.zeros((1, 1, 4, 4), np.float32), g, np.ones(g.out)) is NotImplemented
    assert twins.spread_loop(np.zeros((1, 1, *g.out), np.float32), g, np.ones(g.out)) is NotImplemented


def test_other_types_and_empty_batches_are_handed_back():
    g, count = whole(4), np.ones(1)
    for x in (np.zeros((1, 1, 4)), np.zeros((0, 1, 4), np.float32)):
        assert twins.average_loop(x, g, count) is NotImplemented
        assert twins.spread_loop(x[..., :1], g, count) is NotImplemented
