"""Every rung of the ladder computes the same convolution."""

import numpy as np
import pytest

from minigrad.ops.geometry import Geometry
from minigrad_kernels import registry
from tests.cusim.races import races_in
from tests.cusim.simulator import SCHEDULES, scheduled
from tests.kernels.fuzz_conv import definition

from .agreement import FOUND, drawn, on_device, plant

RUNGS = ["a thread per result", "shared image", "gathered tiles", "register tiles", "tensor cores"]


def check(ladder, rung, N=2, C=3, K=17, H=18, W=19, R=3):
    x, w = drawn((N, C, H, W)), drawn((K, C, R, R), 1)
    g = Geometry((H, W), (H, W), (R, R), (1, 1), (R // 2,) * 2, (1, 1))
    expected = definition(x, w, np.zeros((N, K, H, W)), g)[0]
    tolerance = 2e-3 if rung == "tensor cores" else 2e-6
    got = ladder.RUNGS[rung](*on_device(x, w)).get()
    np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance * np.abs(expected).max())


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1, 1, 1), (2, 3, 17, 18, 19, 3), (1, 2, 16, 16, 16, 5), (3, 1, 5, 2, 33, 7)], ids=str)
@pytest.mark.parametrize("rung", RUNGS)
def test_every_rung_computes_the_convolution(twins, rung, sizes):
    check(twins("conv_ladder"), rung, *sizes)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("rung", RUNGS[:3])
def test_the_order_of_threads_does_not_matter(twins, rung, schedule):
    with scheduled(*schedule):
        check(twins("conv_ladder"), rung)


def test_every_rung_is_timed_and_leaves_the_precision_as_it_was(twins):
    ladder = twins("conv_ladder")
    assert list(ladder.measure(1, 2, 9, 8, rounds=1)) == list(ladder.RUNGS) == RUNGS
    assert registry.choice.precision == "highest"


@pytest.mark.parametrize(
    ("rung", "old", "new"),
    [
        ("a thread per result", "h >= 0 &&", ""),
        ("shared image", "__syncthreads();  // the channel before is in use", ""),
        ("gathered tiles", "__syncthreads();\n  }\n  if (k", "}\n  if (k"),
        ("gathered tiles", "start + column < terms ?", "true ?"),
    ],
)
def test_planted_bugs_are_found(twins, rung, old, new):
    ladder = twins("conv_ladder")
    plant(ladder, old, new)
    with pytest.raises(FOUND):
        for schedule in SCHEDULES:
            with scheduled(*schedule):
                check(ladder, rung)


@pytest.mark.slow
@pytest.mark.parametrize("rung", RUNGS[:3])
def test_no_two_threads_race(twins, rung):
    assert not races_in(lambda: check(twins("conv_ladder"), rung, 1, 2, 3, 17, 9))
