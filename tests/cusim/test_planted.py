"""Kernels that are wrong are caught: by a message, or by a wrong result in the orders named here."""

import numpy as np
import pytest

from tests.cusim.samples import normal, planted, unset, wrong_lines
from tests.cusim.simulator import SCHEDULES, SimError, scheduled, skip_without_compiler

pytestmark = skip_without_compiler

ALL = [order for order, _ in SCHEDULES]
OUTSIDE = "illegal memory access: outside of an argument.* at line {wrong} of kernel.cu"
TRAP = "an index outside a declared array, a misaligned vector, .* at line {wrong} of kernel.cu"
REFUSED = {
    "load_far_outside": OUTSIDE,
    "load_past_the_end": OUTSIDE,
    "store_past_the_end": OUTSIDE,
    "misaligned_vector": TRAP,
    "vector_of_an_unaligned_array": TRAP,
    "misaligned_copy": "cp.async of 16 bytes at line {wrong}: an address is not aligned",
    "overrun_of_a_shared_array": TRAP,
    "overrun_through_a_pointer": "a write past the __shared__ variable of 256 bytes",
    "underrun_through_a_pointer": "a write before the __shared__ variable of 256 bytes",
    "overrun_of_a_local_array": TRAP,
    "barriers_at_two_places": "divergent __syncthreads: lines {wrong} and {wrong}",
    "barriers_at_two_places_of_a_line": "divergent __syncthreads: lines {wrong} and {wrong}",
    "barrier_for_a_half": "__syncthreads at line {wrong}: 32 threads of the block have already exited",
    "exit_before_a_barrier": "__syncthreads at line {wrong}: 14 threads of the block have already exited",
    "barrier_against_a_shuffle": "deadlock: __shfl_xor_sync at line {wrong} waits for lanes 0xffffffff that never come",
    "shuffle_of_a_half": r"__shfl_xor_sync at line {wrong} names lanes that have exited \(0xffff0000\)",
    "shuffle_from_outside_the_mask": "__shfl_xor_sync at line {wrong} reads lane [0-9]+, which is not in its mask",
    "shuffle_by_a_stranger": "__shfl_xor_sync at line {wrong}: lane [0-9]+ is not in its own mask 0xffff",
    "shuffles_of_two_kinds": "warp operations disagree: __shfl_(up|down)_sync at line {wrong} and .* at line {wrong}",
    "stack_overflow": "illegal memory access",
    "more_threads_than_bound": r"a block of 64 threads exceeds __launch_bounds__\(32\)",
    "more_static_memory_than_there_is": "over 48 KB of __shared__ variables: 49156 bytes; use extern __shared__",
}


def message(name, pattern):
    """Return the message that a kernel of planted.cu must give, with its lines."""
    return f"{name}: " + pattern.replace("{wrong}", f"({'|'.join(map(str, wrong_lines(name)))})")


def oracle(name, x):
    """Return what a kernel means to compute."""
    if name == "no_barrier_after_a_read":
        return 3 * x[::-1]
    if name == "steps_of_a_warp_without_barriers":
        return np.repeat(x.reshape(2, 32).sum(1), 32)
    if name == "copy_into_what_is_still_read":
        return -x[::-1]
    if name == "swapped_registers":
        rows = np.stack([x[row : row + 8] for row in range(16)])
        return (rows @ x.reshape(8, 8)).ravel()[:64]
    return x[::-1] if name == "no_barrier_before_a_read" else x


@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
@pytest.mark.parametrize("name", REFUSED)
def test_a_bug_is_refused_in_every_order(name, schedule):
    with scheduled(*schedule), pytest.raises(SimError, match=message(name, REFUSED[name])):
        planted(name)((1,), (64,), (normal(64), unset(64)))


@pytest.mark.parametrize(
    ("name", "orders"),
    [
        ("no_barrier_before_a_read", ALL),
        ("no_barrier_after_a_read", ALL),
        ("steps_of_a_warp_without_barriers", ALL),
        ("load_before_the_start", ALL),
        ("shared_memory_that_nobody_wrote", ALL),
        ("register_that_nobody_wrote", ALL),
        ("wait_that_is_too_weak", ["forward", "random"]),
        ("copy_that_is_not_committed", ["forward", "random"]),
        ("copy_into_what_is_still_read", ["reverse", "random"]),
    ],
)
def test_a_bug_gives_a_wrong_result(name, orders):
    for order, seed in SCHEDULES:
        x, y = normal(64), unset(64)
        with scheduled(order, seed):
            planted(name)((1,), (64,), (x, y))
        if order in orders:
            assert not np.allclose(y, oracle(name, x), rtol=1e-4, atol=1e-4), (order, seed)


def test_swapped_registers_of_a_tensor_core_give_a_wrong_result():
    x, y = normal(64), unset(128)
    planted("swapped_registers")((1,), (32,), (x, y))
    assert np.isfinite(y).all() and not np.allclose(y[:64], oracle("swapped_registers", x), atol=0.1)


@pytest.mark.parametrize(("name", "side"), [("store_past_the_end", "past"), ("store_before_the_start", "before")])
@pytest.mark.parametrize("n", [61, 63])
def test_a_write_into_the_rest_of_a_page_is_noticed(name, side, n):
    with pytest.raises(SimError, match=rf"{name}: a write {side} the array no. 2 of shape \({n},\)"):
        planted(name)((1,), (n,), (normal(n), unset(n)))


def test_a_load_from_the_rest_of_a_page_gives_nan():
    y = unset(61)
    planted("load_past_the_end")((1,), (61,), (normal(61), y))
    assert np.isfinite(y[:-1]).all() and np.isnan(y[-1])


@pytest.mark.parametrize("name", ["division_by_zero", "shift_too_far"])
def test_integer_arithmetic_without_a_result_is_refused(name):
    with pytest.raises(SimError, match=message(name, "(.*)division by zero.* at line {wrong} of kernel.cu")):
        planted(name)((1,), (64,), (np.arange(64, dtype="int32") % 5, np.zeros(64, "int32")))


def test_a_kernel_that_does_not_end_is_ended():
    kernel = planted("loop_without_end")
    kernel.seconds = 1
    with pytest.raises(SimError, match=message("loop_without_end", "the kernel does not end.* at line {wrong}")):
        kernel((1,), (64,), (normal(64), unset(64)))


def test_an_overrun_of_dynamic_memory_is_noticed():
    with pytest.raises(SimError, match="a write outside the 128 bytes of dynamic shared memory"):
        planted("overrun_of_dynamic_memory")((1,), (64,), (normal(64), unset(64)), shared_mem=128)


def test_static_and_dynamic_memory_share_one_limit():
    kernel, arguments = planted("static_and_dynamic_memory"), (normal(64), unset(64))
    kernel((1,), (64,), arguments, shared_mem=24 * 1024)
    with pytest.raises(SimError, match=r"24576 bytes of __shared__ variables and 25000 .* exceed 49152; raise"):
        kernel((1,), (64,), arguments, shared_mem=25000)
    kernel.max_dynamic_shared_size_bytes = 25000
    kernel((1,), (64,), arguments, shared_mem=25000)


def test_a_race_between_blocks_is_invisible_here_and_left_to_the_search_for_races():
    x, y = normal(8), np.zeros(1, "float32")
    planted("blocks_that_add_to_one_number")((8,), (64,), (x, y))
    np.testing.assert_allclose(y[0], x.sum(), rtol=1e-5)


def test_the_next_launch_after_a_failure_is_right():
    for _ in range(3):
        with pytest.raises(SimError):
            planted("load_far_outside")((1,), (64,), (normal(64), unset(64)))
        y = unset(64)
        planted("static_and_dynamic_memory")((1,), (64,), (normal(64), y), shared_mem=256)
        assert np.isnan(y).all() or np.array_equal(y, normal(64))
