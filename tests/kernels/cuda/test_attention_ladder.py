"""Every rung of the ladder attends alike."""

import numpy as np
import pytest

from minigrad_kernels import registry
from tests.cusim.races import races_in
from tests.cusim.simulator import SCHEDULES, scheduled

from .agreement import FOUND, drawn, narrow, on_device, plant

TILES = {
    "tiles, float32": "attention_forward<CudaCores<32>>",
    "tensor cores, TF32": "attention_forward<TensorCores<Tf32, 64>>",
    "tensor cores, bfloat16": "attention_forward<TensorCores<Bf16, 64>>",
}
TOLERANCE = {"tensor cores, TF32": 2e-3, "tensor cores, bfloat16": 2e-2}
RUNGS = ["three kernels", "a row at once", *TILES]


@pytest.fixture
def ladder(twins):
    """A function that returns the ladder, whose upper rungs are built for one width of tiles alone."""

    def prepared(*rungs):
        if instances := [TILES[rung] for rung in rungs if rung in TILES]:
            narrow(twins("attention"), *instances)
        return twins("attention_ladder")

    return prepared


def assert_right(ladder, rung, heads=3, T=37, U=41, E=8, F=12):
    q, k, v = (drawn((heads, *size), seed) for seed, size in enumerate([(T, E), (U, E), (U, F)]))
    score = q.astype("f8") @ k.swapaxes(-1, -2) / E**0.5
    weight = np.exp(score - score.max(-1, keepdims=True))
    y = weight / weight.sum(-1, keepdims=True) @ v
    got = ladder.RUNGS[rung].run(*on_device(q, k, v)).get()
    np.testing.assert_allclose(got, y, rtol=0, atol=TOLERANCE.get(rung, 2e-6) * np.abs(y).max())


@pytest.mark.parametrize("rung", RUNGS)
def test_every_rung_attends(ladder, rung):
    assert list(ladder(rung).RUNGS) == RUNGS
    for sizes in ((3, 37, 41, 8, 12), (1, 1, 1, 1, 1), (2, 5, 300, 7, 3)):
        assert_right(ladder(rung), rung, *sizes)


@pytest.mark.parametrize("rung", RUNGS[:2])
@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
def test_the_order_of_threads_and_blocks_does_not_matter(ladder, rung, schedule):
    with scheduled(*schedule):
        assert_right(ladder(rung), rung, U=270)


def test_more_keys_than_fit_into_shared_memory_are_refused_by_the_second_rung(ladder):
    q, k = on_device(drawn((1, 1, 4)), drawn((1, 12289, 4)))
    with pytest.raises(ValueError, match="row_at_once: at most 12288 keys fit, got 12289; use tiles"):
        ladder().row_at_once(q, k, k)


def test_every_rung_is_timed_and_leaves_the_precision_as_it_was(ladder):
    ladder = ladder(*RUNGS)
    assert list(ladder.measure(1, 5, 8, rounds=1)) == RUNGS
    assert registry.choice.precision == "highest"


def test_the_table_says_how_fast_a_rung_is_and_what_bounds_it(ladder):
    lines = ladder().table(64, 2048, 64, dict.fromkeys(RUNGS, 2.0)).splitlines()
    assert lines[0].split()[:6] == ["64", "heads,", "T", "2048,", "E", "64"] and len(lines) == 1 + len(RUNGS)
    assert lines[1].split()[2:4] == ["2.000", "34.36"] and lines[1].endswith(ladder().RUNGS["three kernels"].bound)


@pytest.mark.parametrize(
    ("rung", "old", "new"),
    [
        ("three kernels", "query / T * U + pair % U", "pair % U"),
        ("a row at once", "s = over_team<Sum, BLOCK>(s)", "s = over_warp<Sum>(s)"),
        ("a row at once", "k += head * U * E;", ""),
    ],
)
def test_planted_bugs_are_found(ladder, rung, old, new):
    module = ladder()
    plant(module, old, new)
    with pytest.raises(FOUND):
        assert_right(module, rung)


@pytest.mark.slow
@pytest.mark.parametrize("rung", RUNGS[:2])
def test_threads_do_not_race(ladder, rung):
    q, k, v = on_device(drawn((2, 3, 4)), drawn((2, 300, 4)), drawn((2, 300, 5)))
    assert not races_in(lambda: ladder().RUNGS[rung].run(q, k, v))
