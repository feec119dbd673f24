"""The kernels for filters of usual sizes against the definition; test_conv.py has the others."""

import numpy as np
import pytest

from minigrad.ops import conv as loops
from minigrad.ops.geometry import Geometry, window_count
from tests.cusim.races import races_in
from tests.cusim.simulator import SCHEDULES, scheduled
from tests.kernels.fuzz_conv import definition

from .agreement import FOUND, LAYOUTS, assert_same_bits, drawn, on_device, plant

KINDS = [(3, 1), (3, 2), (5, 1), (7, 1)]
PLAIN = (2, 3, (10, 9), 3, 1, (1, 1))  # images, channels, pixels, taps, stride, padding


def problem(N, C, size, R, stride, padding, seed=0):
    g = window_count("test", Geometry(size, (), (R, R), (stride,) * 2, padding, (1, 1), C), padding)
    return g, *(drawn(shape, seed + i) for i, shape in enumerate([(N, C, *size), (C, 1, R, R), (N, C, *g.out), (C,)]))


def faces(depthwise, g, x, w, y, b, move=on_device):
    x, w, y, b = (move(a) for a in (x, w, y, b))
    painted = depthwise.depthwise_paint(y, w, g) if g.stride[0] == 1 else None
    return depthwise.depthwise_slide(x, w, b, g), painted, depthwise.depthwise_match(x, y, g)


def check(depthwise, g, x, w, y, b, move=on_device):
    slid, *others = definition(x, w, y, g)
    for got, wanted in zip(faces(depthwise, g, x, w, y, b, move), (slid + b.reshape(-1, 1, 1), *others), strict=True):
        if got is not None:
            assert got.shape == wanted.shape and got.dtype == np.float32
            np.testing.assert_allclose(got.get(), wanted, rtol=0, atol=2e-6 * max(1.0, np.abs(wanted).max()))


@pytest.mark.parametrize("padding", [(0, 0), (1, 2), (3, 3), (9, 8)])
@pytest.mark.parametrize("size", [(7, 7), (8, 9), (21, 33)])
@pytest.mark.parametrize(("R", "stride"), KINDS)
def test_all_three_faces_are_those_of_the_definition(twins, R, stride, size, padding):
    check(twins("conv_depthwise"), *problem(2, 3, size, R, stride, padding))


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (3, 2), (5, 5)])
def test_so_they_are_for_images_of_a_few_pixels(twins, size):
    check(twins("conv_depthwise"), *problem(1, 1, size, 3, 1, (1, 1)))
    check(twins("conv_depthwise"), *problem(3, 2, size, 3, 2, (2, 1)))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_order_of_threads_does_not_matter(twins, schedule):
    found = []
    for order in (schedule, SCHEDULES[0]):
        with scheduled(*order):
            found.append(faces(twins("conv_depthwise"), *problem(3, 2, (40, 31), 3, 1, (1, 1))))
    for a, b in zip(*found, strict=True):
        assert_same_bits(a, b)


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_arrays_may_lie_in_memory_as_they_like(twins, layout):
    check(twins("conv_depthwise"), *problem(*PLAIN), move=lambda a: on_device(a, layout=layout))


def check_what_is_not_finite(depthwise, value, stride):
    g, x, w, y, b = problem(2, 3, (11, 9), 3, stride, (1, 0))
    x[:, 1, 10, 3] = x[1, 2, 0, 0] = y[0, 0, 2, 2] = value
    with np.errstate(all="ignore"):
        expected = [loop.reference(*a, g) for loop, a in [(loops.slide_loop, (x, w)), (loops.paint_loop, (y, w)), (loops.match_loop, (x, y))]]
    for got, wanted in zip(faces(depthwise, g, x, w, y, 0 * b), expected, strict=True):
        assert got is None or (np.isfinite(got.get()) == np.isfinite(wanted)).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("stride", [1, 2])
def test_what_is_not_finite_reaches_those_who_see_it_and_nobody_else(twins, value, stride):
    check_what_is_not_finite(twins("conv_depthwise"), value, stride)


def test_they_run_where_each_channel_has_a_filter_of_such_a_kind(twins):
    depthwise, (g, *_) = twins("conv_depthwise"), problem(*PLAIN)
    assert depthwise.is_usual_depthwise(g, 3, 3) and all(depthwise.is_usual_depthwise(problem(2, 3, (9, 9), *kind, (1, 1))[0], 3, 3) for kind in KINDS)
    assert not depthwise.is_usual_depthwise(g, 3, 6) and not depthwise.is_usual_depthwise(g, 6, 6)
    for change in {"dilation": (1, 2)}, {"stride": (1, 2)}, {"kernel": (3, 1)}, {"kernel": (5, 5), "stride": (2, 2)}, {"kernel": (2, 2)}:
        assert not depthwise.is_usual_depthwise(g._replace(**change), 3, 3)
    line = Geometry((9,), (7,), (3,), (1,), (0,), (1,), 3)
    assert not depthwise.is_usual_depthwise(line, 3, 3)


def test_the_launcher_of_convolution_finds_them(twins, monkeypatch):
    conv, (g, x, w, y, b) = twins("conv"), problem(*PLAIN)
    ours = faces(twins("conv_depthwise"), g, x, w, y, b)
    monkeypatch.setattr(conv, "_sums", None)
    monkeypatch.setattr(conv, "plan_of_slide", None)
    x, w, y, b = on_device(x, w, y, b)
    chosen = conv.slide_loop(x, w, g, b), conv.paint_loop(y, w, g), conv.match_loop(x, y, g)
    for one, other in zip(ours, chosen, strict=True):
        assert_same_bits(one, other)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("unsigned(w + s) < unsigned(W)", "w + s < W"),
        ("TURNED ? R * R - 1 - t : t", "t"),
        ("m < real) sums", "true) sums"),
        ("if (strip.p + m < P)", "if (true)"),
        ("if (plane >= planes) return;", ""),
    ],
)
def test_planted_bugs_are_found(twins, old, new):
    depthwise = twins("conv_depthwise")
    plant(depthwise, old, new)
    depthwise.PROGRAM.text = depthwise.PROGRAM.text.replace("|3, 2, false|5, 1, false|5, 1, true|7, 1, false|7, 1, true", "").replace("|3, 2|5, 1|7, 1", "")
    with pytest.raises(FOUND):
        for schedule in SCHEDULES:
            with scheduled(*schedule):
                check(depthwise, *problem(2, 3, (11, 9), 3, 1, (1, 1)))
                check_what_is_not_finite(depthwise, np.inf, 1)


@pytest.mark.slow
def test_no_two_threads_race(twins):
    assert not races_in(lambda: faces(twins("conv_depthwise"), *problem(3, 2, (20, 17), 3, 1, (1, 1))))
