"""Races are found with their lines, in shared memory and between blocks; kernels that are right have none."""

import numpy as np
import pytest

from tests.cusim import races
from tests.cusim.races import Access, Race, find_races, races_in
from tests.cusim.samples import good, normal, planted, text, unset, wrong_lines
from tests.cusim.simulator import SimError, skip_without_compiler

pytestmark = skip_without_compiler
i4 = np.int32

CLEAN = {
    "scale<float>": lambda name: good(name)((4,), (256,), (normal(1000), unset(1000), i4(1000), np.float32(2))),
    "softmax<64>": lambda name: good(name)((3,), (64,), (normal(3, 301), unset(3, 301), i4(301))),
    "total": lambda name: good(name)((3,), (64,), (normal(999), np.zeros(1, "f4"), i4(999)), shared_mem=1024),
    "transpose": lambda name: good(name)((2, 2), (16, 16), (normal(20, 30), unset(30, 20), i4(20), i4(30))),
    "running_sums": lambda name: good(name)((1,), (100,), (np.ones(100, i4), np.zeros(100, i4))),
    "count_values": lambda name: good(name)(
        (3,), (64,), (np.arange(500, dtype=i4) % 16, np.zeros(16, i4), np.abs(normal(500)), np.zeros(1, "f4"), i4(500))
    ),
    "positive": lambda name: good(name)((1,), (64,), (normal(64), np.zeros(64, i4), np.zeros(1, i4))),
    "copy_by_fours": lambda name: good(name)((1,), (64,), (normal(131), unset(131), i4(131))),
    "product<Tf32>": lambda name: good(name)((1,), (32,), (normal(16, 36), normal(36, 8), unset(16, 8), i4(36))),
    "product<F16>": lambda name: good(name)((1,), (32,), (normal(16, 36), normal(36, 8), unset(16, 8), i4(36))),
}
RACY = {
    "no_barrier_before_a_read": ("s[threadIdx.x] = x[threadIdx.x];", "y[threadIdx.x] = s[63 - threadIdx.x];"),
    "no_barrier_after_a_read": ("s[threadIdx.x] = x[threadIdx.x] * (round + 1);", "sum += s[63 - threadIdx.x];"),
    "steps_of_a_warp_without_barriers": ("s[threadIdx.x] += s[first", "s[threadIdx.x] += s[first"),
    "copy_into_what_is_still_read": ("cp_async4(&s[threadIdx.x]", "const float before = s[63"),
    "blocks_that_add_to_one_number": ("y[0] += x[blockIdx.x];", "y[0] += x[blockIdx.x];"),
}


def line_of(name, start):
    """Return the line of a statement in a kernel of planted.cu."""
    lines = text("planted").splitlines()
    first = next(i for i, line in enumerate(lines) if f" {name}(" in line)
    return next(i + 1 for i in range(first, len(lines)) if start in lines[i])


@pytest.mark.parametrize("name", CLEAN)
def test_a_kernel_that_is_right_has_no_race(name):
    assert races_in(lambda: CLEAN[name](name)) == []


@pytest.mark.parametrize("name", RACY)
def test_a_race_is_found_with_both_its_lines(name):
    found = races_in(lambda: planted(name)((2,), (64,), (normal(64), unset(64))))
    written, other = (line_of(name, start) for start in RACY[name])
    lines = {(side.kind, side.line) for race in found for side in race}
    assert ("write", written) in lines and other in {line for _, line in lines}
    assert all(side.file == "kernel.cu" for race in found for side in race)


def test_a_text_of_ones_own_is_searched():
    code = """extern "C" __global__ void count(const int* x, float* counts, int n) {
        const int i = blockIdx.x * blockDim.x + threadIdx.x;
        if (i < n) counts[x[i]] += 1.0f;
    }"""
    arguments = (np.arange(256, dtype=i4) // 128, np.zeros(4, "f4"), i4(256))
    assert {str(race) for race in find_races(code, "count", (4,), (64,), arguments)} <= {
        "read at kernel.cu:3 against write at kernel.cu:3",
        "write at kernel.cu:3 against write at kernel.cu:3",
    }
    assert find_races(code, "count", (4,), (64,), arguments)
    assert (
        find_races(
            code.replace("counts[x[i]] += 1.0f", "atomicAdd(&counts[x[i]], 1.0f)"), "count", (4,), (64,), arguments
        )
        == []
    )


def test_blocks_of_any_size_race_after_a_barrier():
    code = """extern "C" __global__ void count(float* y) {
        __syncthreads();
        if (threadIdx.x == 0) y[0] += 1.0f;
    }"""
    for threads in (64, 1024):
        found = find_races(code, "count", (3,), (threads,), (np.zeros(1, "f4"),))
        assert found and all(side.line == 3 for race in found for side in race)


def test_arrays_keep_what_the_simulation_wrote():
    x, y = normal(64), unset(64)
    assert races_in(lambda: good("copy_by_fours")((1,), (64,), (x, y, i4(64)))) == []
    assert np.array_equal(x, y)


def test_a_kernel_that_fails_says_so_and_not_that_it_has_no_race():
    assert len(wrong_lines("exit_before_a_barrier")) == 1
    with pytest.raises(SimError, match="14 threads of the block have already exited"):
        races_in(lambda: planted("exit_before_a_barrier")((1,), (64,), (normal(64), unset(64))))


def test_a_report_whose_other_side_is_lost_is_still_a_race():
    report = """WARNING: ThreadSanitizer: data race (pid=1)
  Write of size 4 at 0x7fff by thread T58:
    #0 land /somewhere/tests/cusim/mma.cuh:7 (kernel+0x1)
    #1 kernel team.cuh:12 (kernel+0x1)

  Previous read of size 4 at 0x7fff by thread T74:
    [failed to restore the stack]
"""
    assert [*races.sides(report)] == [Access("write", "team.cuh", 12), Access("read", "?", 0)]
    assert str(Race(*races.sides(report))) == "write at team.cuh:12 against read at ?:0"
