import numpy as np
import pytest

from minigrad import ops
from minigrad.ops import avg_pool
from minigrad.ops.geometry import Geometry, window_count
from tests.cusim.races import races_in
from tests.cusim.simulator import SCHEDULES, scheduled
from tests.kernels.cpu.agreement import assert_agrees, exactly

from .agreement import FOUND, LAYOUTS, assert_devices_agree, drawn, on_device, plant


def whole(*size):
    d = len(size)
    return Geometry(size, (1,) * d, size, size, (0,) * d, (1,) * d)


def windows(size, kernel, stride, padding, ceil_mode=False):
    return window_count("test", Geometry(size, (), kernel, stride, padding, (1,) * len(size)), padding, ceil_mode)


def check(module, g, count, layout="dense"):
    x, y = drawn((2, 3, *g.size)), drawn((2, 3, *g.out), 1)
    average = module.average_loop(on_device(x, layout=layout), g, count)
    assert_agrees(average.get(), exactly(avg_pool.average_loop.reference, x, g=g, count=count))
    if len(g.size) < 3:
        spread = module.spread_loop(on_device(y, layout=layout), g, count)
        assert_agrees(spread.get(), exactly(avg_pool.spread_loop.reference, y, g=g, count=count))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("size", [(1,), (7, 7), (9,), (33, 40), (3, 4, 5)])
def test_a_window_that_is_the_whole_plane(twins, size, layout):
    check(twins("avg_pool"), whole(*size), np.full((1,) * len(size), 3.0), layout)


PROBLEMS = [
    windows((8, 9), (2, 2), (2, 2), (0, 0)),
    windows((8, 9), (3, 2), (1, 2), (1, 1)),
    windows((9, 7), (3, 3), (2, 2), (1, 0), ceil_mode=True),
    windows((5, 6), (2, 3), (3, 4), (0, 1)),
    windows((11,), (4,), (3,), (2,)),
    windows((4, 5), (4, 5), (1, 1), (1, 2)),
]


@pytest.mark.parametrize("g", PROBLEMS, ids=str)
def test_other_windows_with_one_count_for_all_or_one_for_each(twins, g):
    module = twins("avg_pool")
    check(module, g, np.full(g.out, 4.0))
    check(module, g, np.full((1,) * len(g.out), 5.0))
    check(module, g, avg_pool._taps_inside(g, (0,) * len(g.size)))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_in_every_order_of_threads(twins, schedule):
    with scheduled(*schedule):
        check(twins("avg_pool"), PROBLEMS[1], np.full((1, 1), 6.0))
        check(twins("avg_pool"), whole(33, 40), np.full((1, 1), 6.0))


def test_large_planes_are_averaged_without_losing_digits(twins):
    n = 1 << 18
    y = twins("avg_pool").average_loop(on_device(np.full((1, 1, n), 0.1, "f4")), whole(n), np.full(1, float(n)))
    assert abs(y.item() - np.float32(0.1)) < 1e-7


@pytest.mark.parametrize(
    "op",
    [
        lambda x: ops.avg_pool2d(x, 2),
        lambda x: ops.avg_pool2d(x, 3, 2, 1, count_include_pad=False),
        lambda x: ops.avg_pool2d(x, (8, 7)),
        lambda x: ops.avg_pool2d(x, 3, 2, 1, ceil_mode=True, divisor_override=5),
    ],
)
def test_on_the_device_an_op_gives_what_it_gives_on_the_host(cupy, op):
    assert_devices_agree(op, drawn((2, 3, 8, 7)))


def test_volumes_other_types_and_empty_batches_are_handed_back(twins):
    module, count = twins("avg_pool"), np.ones(1)
    volume = whole(2, 2, 2)._replace(kernel=(1, 2, 2), out=(2, 1, 1))
    x = on_device(np.zeros((1, 1, 4), "f4"))
    for other, g in (x.astype("f8"), whole(4)), (x[:0], whole(4)), (on_device(np.zeros((1, 1, 2, 2, 2), "f4")), volume):
        assert module.average_loop(other, g, count) is NotImplemented
        assert module.spread_loop(other, g, count) is NotImplemented


@pytest.mark.slow
def test_no_thread_reads_what_another_may_still_write(twins):
    assert not races_in(lambda: check(twins("avg_pool"), PROBLEMS[1], np.full((1, 1), 6.0)))
    assert not races_in(lambda: check(twins("avg_pool"), whole(33, 40), np.full((1, 1), 6.0)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("__syncthreads();", ""),
        ("window % (P * Q)", "window % Q"),
        ("start + i * T < length ?", "true ?"),
    ],
)
def test_planted_bugs_are_found(twins, old, new):
    module = twins("avg_pool")
    plant(module, old, new)
    with pytest.raises(FOUND):
        for schedule in SCHEDULES:
            with scheduled(*schedule):
                check(module, whole(33, 41), np.full((1, 1), 6.0))
                check(module, PROBLEMS[1], avg_pool._taps_inside(PROBLEMS[1], (0, 0)))
