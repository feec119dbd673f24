import numpy as np
import pytest

from minigrad import ops
from minigrad.ops.softmax import log_softmax_forward, softmax_forward
from tests.cusim.races import races_in
from tests.cusim.simulator import SCHEDULES, scheduled
from tests.kernels.cpu.agreement import assert_agrees, exactly

from .agreement import FOUND, LAYOUTS, assert_devices_agree, drawn, narrow, on_device, plant

LENGTHS = [1, 31, 32, 33, 127, 128, 129, 512, 513, 2048, 2049, 8192, 8193]  # both sides of every team's most
FORWARD = {"softmax_forward": softmax_forward.reference, "log_softmax_forward": log_softmax_forward.reference}
BACKWARD = {
    "softmax_backward": lambda dy, y, axis: y * (dy - (dy * y).sum(axis, keepdims=True)),
    "log_softmax_backward": lambda dy, y, axis: dy - np.exp(y) * dy.sum(axis, keepdims=True),
}


def check_values(module, x, axis, layout="dense"):
    for name, formula in FORWARD.items():
        assert_agrees(getattr(module, name)(on_device(x, layout=layout), axis).get(), exactly(formula, x, axis=axis))


def check_slopes(module, shape, axis, layout="dense"):
    dy, scores = drawn(shape, 1), drawn(shape, 2).astype("f8")
    for (name, formula), forward in zip(BACKWARD.items(), FORWARD.values(), strict=True):
        y = forward(scores, axis).astype("f4")
        got = getattr(module, name)(*on_device(dy, y, layout=layout), axis).get()
        assert_agrees(got, exactly(formula, dy, y, axis=axis), rtol=1e-5, atol=2e-5)


def check(module, shape, axis, layout="dense"):
    check_values(module, drawn(shape), axis, layout)
    check_slopes(module, shape, axis, layout)


@pytest.mark.parametrize("n", LENGTHS)
def test_rows_of_every_length_agree_with_the_definition(twins, n):
    check(twins("softmax"), (3, n), 1)


@pytest.mark.parametrize("rows", [1, 7, 8, 9, 17])
def test_teams_beyond_the_last_row_write_nothing(twins, rows):
    check(twins("softmax"), (rows, 33), 1)


@pytest.mark.parametrize("n", [1, 5, 40])
@pytest.mark.parametrize(("shape", "axis"), [((0, 3), 0), ((4, 0, 130), 1), ((0, 33, 9), 0), ((2, 0, 1), 1)])
def test_other_axes_agree_with_the_definition(twins, shape, axis, n):
    check(twins("softmax"), (*shape[:axis], n, *shape[axis + 1 :]), axis)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize(("shape", "axis"), [((9, 40), 1), ((2, 600), 1), ((1, 8200), 1), ((3, 5, 100), 1)])
def test_in_every_order_of_threads(twins, shape, axis, schedule):
    with scheduled(*schedule):
        check(twins("softmax"), shape, axis)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_arrays_may_lie_in_memory_as_they_like(twins, axis, layout):
    check(twins("softmax"), (4, 5, 6), axis, layout)


def with_infinities(shape, seed=0):
    x = drawn(shape, seed, special=True)
    return np.where(np.abs(x) < 1e37, x, np.copysign(np.inf, x)).astype("f4")


@pytest.mark.parametrize(("shape", "axis"), [((40, 5), 1), ((40, 5), 0), ((20, 40), 1), ((9, 600), 1), ((2, 8200), 1)])
def test_nan_and_infinities_spread_as_in_the_reference(twins, shape, axis):
    check_values(twins("softmax"), with_infinities(shape), axis)


@pytest.mark.parametrize(("shape", "axis"), [((4, 33), 1), ((4, 600), 1), ((2, 8200), 1), ((33, 4), 0)])
@pytest.mark.parametrize("nan", [np.nan, -np.nan])
def test_one_nan_spoils_its_slice_and_no_other(twins, shape, axis, nan):
    x = drawn(shape)
    place = [1, 1]
    place[axis] = shape[axis] - 2
    x[tuple(place)] = nan
    for name in FORWARD:
        spoilt = np.isnan(getattr(twins("softmax"), name)(on_device(x), axis).get())
        assert spoilt.all(axis).tolist() == [i == 1 for i in range(shape[1 - axis])] and spoilt.sum() == shape[axis]


@pytest.mark.parametrize(("shape", "axis"), [((6, 33), 1), ((3, 600), 1), ((3, 8200), 1), ((33, 6), 0)])
def test_masked_scores_get_nothing_and_a_slice_of_them_nan(twins, shape, axis):
    x = drawn(shape)
    x[1], x[:, 2] = -np.inf, -np.inf
    check_values(twins("softmax"), x, axis)
    y = twins("softmax").softmax_forward(on_device(x), axis).get()
    assert np.isnan(y).any() and (y[np.isneginf(x) & ~np.isnan(y)] == 0).all()


@pytest.mark.parametrize("axis", [0, 1])
def test_large_scores_do_not_overflow(twins, axis):
    check_values(twins("softmax"), np.float32([[1e30, 1e30], [-1e30, 1e30], [3e38, -3e38]]), axis)


@pytest.mark.parametrize("op", [ops.softmax, ops.log_softmax], ids=["softmax", "log_softmax"])
@pytest.mark.parametrize("dim", [0, -1])
def test_on_the_device_an_op_gives_what_it_gives_on_the_host(cupy, op, dim):
    assert_devices_agree(lambda x: op(x, dim), drawn((3, 4, 5)))


def test_a_number_alone_other_types_and_empty_arrays_are_handed_back(twins):
    module = twins("softmax")
    for x in np.float32(1), np.zeros((2, 3)), np.zeros((0, 3), "f4"):
        x = on_device(np.asarray(x))
        assert module.softmax_forward(x, 0) is module.log_softmax_backward(x, x, 0) is NotImplemented


@pytest.mark.slow
@pytest.mark.parametrize(("n", "team"), [(40, "32, 4"), (600, "256, 8")])
def test_no_thread_reads_what_another_may_still_write(twins, n, team):
    module = twins("softmax")
    narrow(module, *(f"softmax_rows{way}<{team}, {logs}>" for way in ("", "_back") for logs in ("false", "true")))
    assert not races_in(lambda: check(module, (3, n), 1))


@pytest.mark.slow
def test_nor_does_one_of_a_long_row(twins):
    module = twins("softmax")
    narrow(module, *(f"softmax_long_rows{way}<{logs}>" for way in ("", "_back") for logs in ("false", "true")))
    module.team_for = lambda n: None  # as if 600 were long
    assert not races_in(lambda: check(module, (2, 600), 1))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    __syncthreads();\n    v = over_warp", "    v = over_warp"),
        ("lane < T / 32 ? part[lane] : Op::none()", "part[lane]"),
        ("j < n ? x[row.start + j] : Max::none()", "j < n ? x[row.start + j] : 0.0f"),
    ],
)
def test_planted_bugs_are_found(twins, old, new):
    module = twins("softmax")
    names = [f"softmax_rows{way}<{team}, {logs}>" for way in ("", "_back") for team in ("32, 4", "256, 8") for logs in ("false", "true")]
    narrow(module, *names)
    plant(module, old, new)
    with pytest.raises(FOUND):
        for schedule in SCHEDULES:
            with scheduled(*schedule):
                for n in 40, 600:
                    check(module, (3, n), 1)
                    check_values(module, drawn((3, n)) - np.float32(300), 1)
                    check_values(module, with_infinities((9, n)), 1)
