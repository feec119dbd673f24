"""The plan alone: its numbers, followed in Python as conv_windows.cuh says, give the definition."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minigrad.ops.geometry import Geometry, window_count
from minigrad.testing.strategies import conv_geometries
from tests.kernels.fuzz_conv import definition

from .agreement import drawn

BLIND = settings(max_examples=settings.default.max_examples // 2, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = """
spots grid_h grid_w terms first sizes guards image_factor image_shift plane_factor plane_shift line_factor line_shift
pixel pixel_d pixel_h pixel_w place place_d place_h place_w target target_d target_h target_w
groups rows row filters pixels plane apart""".split()  # noqa: SIM905
WORD = 2**32 - 1


def parts_of(plan):
    """Return the parts as dictionaries, each with its list of terms."""
    numbers = [int(n) for n in plan.numbers.get()]
    heads = [dict(zip(NAMES, numbers[32 * i : 32 * i + 32], strict=True)) for i in range(plan.parts)]
    terms = np.array(numbers).reshape(-1, 4)
    filled = [-(-head["terms"] // 32) * 32 for head in heads]
    return [(head, terms[head["first"] : head["first"] + n]) for head, n in zip(heads, filled, strict=True)]


def follow(plan, x, w, y):
    """Fill y as the kernels do, number by number."""
    image, filters, result = x.ravel(), w.ravel(), y.ravel()
    for head, terms in parts_of(plan):
        for spot in range(len(x) * head["spots"]):
            n, place = spot // head["spots"], spot % head["spots"]
            line = place // head["grid_w"]
            at = line // head["grid_h"], line % head["grid_h"], place % head["grid_w"]
            pixel, packed, target = (head[k] + sum(head[f"{k}_{a}"] * i for a, i in zip("dhw", at, strict=True)) for k in ("pixel", "place", "target"))
            for group in range(head["groups"]):
                for row in range(head["rows"]):
                    total = 0.0
                    for shift, shift_packed, filter_, _ in terms:
                        there = packed + shift_packed & WORD
                        if filter_ >= 0 and there & ~(there - head["sizes"]) & head["guards"] & WORD == head["guards"] & WORD:
                            number = filters[group * head["filters"] + row * head["row"] + filter_]
                            total += number * image[(n * head["groups"] + group) * head["pixels"] + pixel + shift]
                    result[((n * head["groups"] + group) * head["rows"] + row) * head["plane"] + target] = total


@pytest.mark.parametrize("d", [1, 2, 3])
@BLIND
@given(data=st.data())
def test_a_plan_followed_number_by_number_is_the_definition(twins, d, data):
    shape = data.draw(conv_geometries(d, 5 if d < 3 else 3))
    kind = shape.options
    g = Geometry(shape.input[2:], (), shape.weight[2:], *(kind[k] for k in ("stride", "padding", "dilation", "groups")))
    g = window_count("test", g, g.padding)
    (N, C), K = shape.input[:2], shape.weight[0]
    x, w, y = drawn(shape.input), drawn(shape.weight, 1), drawn((N, K, *g.out), 2)
    x, w, y = (a.astype("float64") for a in (x, w, y))
    plans, (slid, painted) = twins("conv_plan"), (np.full_like(a, np.nan) for a in (y, x))
    follow(plans.plan_of_slide(g, C, K), x, w, slid)
    follow(plans.plan_of_paint(g, C, K), y, w, painted)
    expected = definition(x, w, y, g)
    np.testing.assert_allclose(slid, expected[0], atol=1e-12)
    np.testing.assert_allclose(painted, expected[1], atol=1e-12)


@pytest.mark.parametrize("make", ["plan_of_slide", "plan_of_paint"])
def test_in_runs_terms_are_the_same_in_another_order(twins, make):
    g = window_count("test", Geometry((9, 8), (), (3, 2), (2, 1), (1, 1), (1, 1)), (1, 1))
    plans = twins("conv_plan")
    for (head, plain), (other, runs) in zip(*(parts_of(getattr(plans, make)(g, 64, 96, r)) for r in (False, True)), strict=True):
        assert head["apart"] == 0 and other["apart"] == (72 if make == "plan_of_slide" else 45)
        assert {tuple(t) for t in plain} == {tuple(t) for t in runs}
        for run in runs.reshape(-1, 32, 4):
            assert len(set(run[:, 1])) == 1 and (np.diff(run[:, 0]) == other["apart"]).all()


def test_channels_that_come_in_no_32s_have_no_runs(twins):
    g = window_count("test", Geometry((9,), (), (3,), (1,), (0,), (1,)), (0,))
    plans = twins("conv_plan")
    for a, b in zip(plans.plan_of_slide(g, 33, 4, True).numbers.get(), plans.plan_of_slide(g, 33, 4).numbers.get(), strict=True):
        assert a == b


@BLIND
@given(n=st.integers(1, 2**31 - 1), k=st.integers(0, 2**31 - 1))
def test_a_product_and_a_shift_divide(twins, n, k):
    factor, shift = twins("conv_plan")._divisor(n)
    for m in (k, n - 1, n, k // n * n, 2**31 - 1):
        assert factor < 2**32 and m * factor >> shift == m // n


def test_a_plan_is_made_once(twins):
    plans, g = twins("conv_plan"), window_count("test", Geometry((9,), (), (3,), (2,), (0,), (1,)), (0,))
    assert plans.plan_of_paint(g, 3, 4) is plans.plan_of_paint(Geometry(*g), 3, 4)


def test_what_does_not_fit_is_refused(twins):
    plans, one = twins("conv_plan"), (1, 1, 1)
    far = Geometry((2**12,) * 3, one, one, (2**13,) * 3, one, one)
    assert plans.plan_of_slide(far, 1, 1) is None  # 42 bits of coordinates
    assert plans.plan_of_slide(far._replace(padding=(0, 0, 0)), 1, 1) is not None  # nothing to check
    long = Geometry((64, 64), (1, 1), (1, 1), (33, 32), (0, 0), (1, 1))
    assert plans.plan_of_paint(long, 1, 1) is None and plans.plan_of_paint(long._replace(stride=(32, 32)), 1, 1).parts == 1024
