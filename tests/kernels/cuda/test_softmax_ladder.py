"""Every rung of the ladder takes the same softmax."""

import numpy as np
import pytest

from tests.cusim.races import races_in
from tests.cusim.simulator import SCHEDULES, scheduled

from .agreement import FOUND, drawn, on_device, plant

RUNGS = ["a thread per row", "a block per row", "warp shuffles", "online", "in registers"]


@pytest.fixture
def ladder(twins):
    return twins("softmax_ladder")


def assert_right(ladder, rung, rows=3, n=700, scale=2.0):
    x = drawn((rows, n), scale=scale)
    y = np.exp(x.astype("f8") - x.max(1, keepdims=True))
    y /= y.sum(1, keepdims=True)
    np.testing.assert_allclose(ladder.RUNGS[rung].run(on_device(x)).get(), y, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("shape", [(3, 700), (1, 1), (300, 5), (2, 257)], ids=str)
def test_every_rung_takes_the_softmax(ladder, rung, shape):
    assert list(ladder.RUNGS) == RUNGS
    assert_right(ladder, rung, *shape)
    assert_right(ladder, rung, *shape, scale=40)


@pytest.mark.parametrize("rung", RUNGS)
def test_every_rung_passes_nan_and_infinities_on(ladder, rung):
    x = drawn((4, 300))
    x[0, 100], x[1, 200], x[2, :299] = np.nan, np.inf, -np.inf
    y = ladder.RUNGS[rung].run(on_device(x)).get()
    assert np.isnan(y[0]).all() and np.isnan(y[1, 200]) and (y[2, :299] == 0).all() and y[2, 299] == 1
    np.testing.assert_allclose(y[3].sum(), 1, rtol=1e-5)


@pytest.mark.parametrize("rung", RUNGS[1:4])
@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
def test_the_order_of_threads_and_blocks_does_not_matter(ladder, rung, schedule):
    with scheduled(*schedule):
        assert_right(ladder, rung)


def test_every_rung_is_timed_beside_a_copy(ladder):
    assert list(ladder.measure(2, 40, rounds=1)) == [*RUNGS, "a copy"]


def test_the_table_says_how_fast_a_rung_is_and_what_bounds_it(ladder):
    lines = ladder.table(1000, 1000, {**dict.fromkeys(RUNGS, 0.02), "a copy": 0.01}).splitlines()
    assert lines[0].split()[:3] == ["1000", "×", "1000"] and len(lines) == 2 + len(RUNGS)
    assert lines[1].split()[4:7] == ["0.020", "400", "50.0%"] and lines[1].endswith(ladder.RUNGS[RUNGS[0]].bound)
    assert lines[-1].split()[2:] == ["0.010", "800", "100.0%", "bytes"]


@pytest.mark.parametrize(
    ("rung", "old", "new"),
    [
        ("a thread per row", "if (row >= rows) return;", ""),
        ("a block per row", "    __syncthreads();\n    if", "    if"),
        ("warp shuffles", "s = over_team<Sum, BLOCK>(s);", "s = over_warp<Sum>(s);"),
        ("online", "s * expf(mine - v) + 1.0f", "s + 1.0f"),
        ("online", "s * expf(mine - m)", "s"),
    ],
)
def test_planted_bugs_are_found(ladder, rung, old, new):
    plant(ladder, old, new)
    with pytest.raises(FOUND):
        for schedule in SCHEDULES:
            with scheduled(*schedule):
                assert_right(ladder, rung)


@pytest.mark.slow
@pytest.mark.parametrize("rung", RUNGS[:4])
def test_threads_do_not_race(ladder, rung):
    assert not races_in(lambda: ladder.RUNGS[rung].run(on_device(drawn((2, 300)))))
