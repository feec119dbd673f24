"""Every rung of the ladder computes the same product."""

import numpy as np
import pytest

from tests.cusim.races import races_in
from tests.cusim.simulator import SCHEDULES, scheduled

from .agreement import FOUND, on_device, plant

RUNGS = [
    "a thread per number", "coalesced", "tile in shared memory", "column per thread", "square per thread", "by fours",
    "warp tiles, prefetch", "asynchronous copies", "tensor cores, TF32", "cuBLAS",
]  # fmt: skip


@pytest.fixture
def ladder(twins):
    return twins("matmul_ladder")


def assert_product(rung, M=128, N=256, K=64):
    A, B = (np.random.default_rng(i).integers(-4, 5, shape).astype("f4") for i, shape in enumerate(((M, K), (K, N))))
    np.testing.assert_array_equal(rung.run(*on_device(A, B)).get(), A @ B)


@pytest.mark.parametrize("name", RUNGS)
def test_every_rung_computes_the_product(ladder, name):
    assert list(ladder.RUNGS) == RUNGS
    assert_product(ladder.RUNGS[name])


@pytest.mark.parametrize("name", RUNGS[2:7])
@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
def test_the_order_of_threads_and_blocks_changes_nothing(ladder, name, schedule):
    with scheduled(*schedule):
        assert_product(ladder.RUNGS[name], N=128)


@pytest.mark.parametrize("sizes", [(64, 128, 32), (128, 64, 32), (128, 128, 16)], ids=str)
def test_sizes_that_are_not_in_whole_tiles_are_refused(ladder, sizes):
    M, N, K = sizes
    with pytest.raises(ValueError, match=f"one_each: M and N in 128s, K in 32s, got M, N, K = {M}, {N}, {K}"):
        ladder.RUNGS["a thread per number"].run(*on_device(np.ones((M, K), "f4"), np.ones((K, N), "f4")))


def test_every_rung_is_timed_beside_the_library(ladder):
    times = ladder.time_ladder(128, rounds=1)
    assert list(times) == RUNGS
    lines = ladder.table(128, {name: 2.0 if name == "cuBLAS" else 4.0 for name in RUNGS}).splitlines()
    assert len(lines) == 1 + len(RUNGS)
    assert lines[1].split("number")[1].split()[:3] == ["4.000", "0.00", "50.0%"]
    assert lines[-1].endswith(ladder.RUNGS["cuBLAS"].bound)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("tile in shared memory", "__syncthreads();\n    for", "for"),
        ("column per thread", "__syncthreads();\n  }\n#pragma unroll\n  for (int r = 0; r < 8; r++) C[(m0 + i * 8", "}\n#pragma unroll\n  for (int r = 0; r < 8; r++) C[(m0 + i * 8"),
        ("by fours", "a[k][row] = v.x, a[k + 1][row] = v.y", "a[k][row] = v.y, a[k + 1][row] = v.x"),
        ("warp tiles, prefetch", "put_turned(a[now ^ 1]", "put_turned(a[now]"),
    ],
)  # fmt: skip
def test_planted_bugs_are_found(ladder, name, old, new):
    plant(ladder, old, new)
    with pytest.raises(FOUND):
        for schedule in SCHEDULES:
            with scheduled(*schedule):
                assert_product(ladder.RUNGS[name], N=128)


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNGS[2:7])
def test_threads_do_not_race(ladder, name):
    A, B = on_device(np.ones((128, 32), "f4"), np.ones((32, 128), "f4"))
    assert not races_in(lambda: ladder.RUNGS[name].run(A, B))
