"""The tests of attention find what is planted into its kernels, and threads do not race."""

from types import SimpleNamespace

import pytest

from tests.cusim.races import races_in
from tests.cusim.simulator import SCHEDULES, scheduled

from .agreement import FOUND, plant
from .attending import DROPPED, SEES_ALL, TOLERANCE, assert_right, launched, operands, prepared

PLANTED = [
    # what is broken, by which cores it shows, in which program, old and new text
    ("keys behind the edge are seen", "highest", "PROGRAM", "t >= T || u >= U ||", "t >= T ||"),
    ("sums are not rescaled", "high", "PROGRAM", "sums.at(i, j) *= shrink;", ";"),
    ("the total is not rescaled", "medium", "PROGRAM", "total[i] * shrink + passed", "total[i] + passed"),
    ("values land on values in use", "highest", "PROGRAM", "__syncthreads();  // the keys", "// the keys"),
    ("values are read before they land", "high", "PROGRAM", "__syncthreads();  // the values", "// the values"),
    ("a copy is not waited for", "highest", "PROGRAM", "cp_async_wait<0>()", "cp_async_wait<1>()"),
    ("columns of a fragment change places", "high", "PROGRAM", "to_tf32(p[2]), to_tf32(p[1])", "to_tf32(p[1]), to_tf32(p[2])"),
    ("lines of a fragment change places", "medium", "PROGRAM", "lane() % 16 * PITCH + lane() / 16 * 8", "lane() % 8 * PITCH + lane() / 8 * 8"),
    ("lanes do not wait for the rows of others", "highest", "PROGRAM", "    __syncwarp();\n#pragma unroll 1", "#pragma unroll 1"),
    ("a query finds the head of another", "highest", "BACKWARD", "head % heads) * inner", "head) * inner"),
    ("the key tile in use is written to", "float16", "BACKWARD", "first / N % 2 * N", "0 * N"),
    ("gradients of dropped weights stay", "medium", "BACKWARD", "if (dice.least) kept.drop(slopes", "if (false) kept.drop(slopes"),
    ("queries on the diagonal are skipped", "highest", "BACKWARD", "u0 / QUERIES * QUERIES", "u0 + QUERIES"),
    ("D is left out", "high", "BACKWARD", "(slopes.at(i, j) - saved.dots[query])", "slopes.at(i, j)"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "program", "old", "new"), [bug[1:] for bug in PLANTED], ids=[bug[0] for bug in PLANTED])
def test_planted_bugs_are_found(twins, monkeypatch, kind, program, old, new):
    attention = prepared(twins("attention"), monkeypatch, kind)
    plant(SimpleNamespace(PROGRAM=getattr(attention, program)), old, new)
    with pytest.raises(FOUND):
        for schedule in SCHEDULES:
            with scheduled(*schedule):
                for causal in (False, True):
                    arrays = operands((2, 2), 70, 70, 32, 32, kind) if "head" in old else operands((1,), 150, 135, 32, 32, kind)
                    assert_right(attention, kind, arrays, causal=causal, dropped=DROPPED)


@pytest.mark.slow
@pytest.mark.parametrize("kind", TOLERANCE)
def test_threads_do_not_race(twins, monkeypatch, kind):
    attention, arrays = prepared(twins("attention"), monkeypatch, kind), operands((1,), 70, 130, 32, 32, kind)
    assert not races_in(lambda: launched(attention, *arrays, **{**SEES_ALL, "causal": True, "dropped": DROPPED}))
