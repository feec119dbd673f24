"""Shuffles, votes and barriers, against what they mean."""

import numpy as np
import pytest

from tests.cusim.samples import normal
from tests.cusim.simulator import SCHEDULES, SimError, SimModule, skip_without_compiler

pytestmark = skip_without_compiler

FORMULAS = {
    "from_lane": "__shfl_sync(0xffffffffu, v, v)",
    "from_lane_of_eight": "__shfl_sync(0xffffffffu, v, 3, 8)",
    "up": "__shfl_up_sync(0xffffffffu, v, 5)",
    "up_of_eight": "__shfl_up_sync(0xffffffffu, v, 5, 8)",
    "down": "__shfl_down_sync(0xffffffffu, v, 5)",
    "down_of_eight": "__shfl_down_sync(0xffffffffu, v, 5, 8)",
    "xor_": "__shfl_xor_sync(0xffffffffu, v, 21)",
    "ballot": "(int)__ballot_sync(0xffffffffu, v % 3 == 0)",
    "any": "__any_sync(0xffffffffu, v == 7)",
    "all": "__all_sync(0xffffffffu, v >= 0)",
    "sum_of_warp": "__reduce_add_sync(0xffffffffu, v)",
    "largest_of_warp": "__reduce_max_sync(0xffffffffu, v)",
    "count": "__syncthreads_count(v % 3 == 0)",
    "or_": "__syncthreads_or(v == 7)",
    "and_": "__syncthreads_and(v >= 0)",
    "half_mask": "threadIdx.x % 32 < 16 ? __shfl_xor_sync(0x0000ffffu, v, 1) : __shfl_xor_sync(0xffff0000u, v, 2)",
    "wide": "__shfl_xor_sync(0xffffffffu, Wide{0.5 * v, v, -v}, 1).c",
}
TEXT = r"""
struct Wide { double a; int b, c; };

// Each half of each warp goes at its own pace.
extern "C" __global__ void halves(const int* x, int* y) {
  const bool low = threadIdx.x % 32 < 16;
  const unsigned mask = low ? 0x0000ffffu : 0xffff0000u;
  int v = x[threadIdx.x];
  for (int i = 0; i < (low ? 3 : 5); i++) v += __shfl_xor_sync(mask, v, 1);
  __syncwarp();
  y[threadIdx.x] = v;
}
""" + "".join(
    f'extern "C" __global__ void {name}(const int* x, int* y) '
    f"{{ const int v = x[threadIdx.x]; y[threadIdx.x] = {formula}; }}\n"
    for name, formula in FORMULAS.items()
)
LANES = np.arange(64) % 32
X = np.random.default_rng(0).integers(0, 32, 64).astype("int32")
WARPS = X.reshape(2, 32)


def from_lane(source):
    """Return what each thread gets from a lane of its warp."""
    return X[np.arange(64) // 32 * 32 + source]


def each(values):
    return np.repeat(values, 32)


EXPECTED = {
    "from_lane": from_lane(X),
    "from_lane_of_eight": from_lane(LANES // 8 * 8 + 3),
    "up": from_lane(np.where(LANES >= 5, LANES - 5, LANES)),
    "up_of_eight": from_lane(np.where(LANES % 8 >= 5, LANES - 5, LANES)),
    "down": from_lane(np.where(LANES < 27, LANES + 5, LANES)),
    "down_of_eight": from_lane(np.where(LANES % 8 < 3, LANES + 5, LANES)),
    "xor_": from_lane(LANES ^ 21),
    "ballot": each((WARPS % 3 == 0) @ (1 << np.arange(32, dtype="int64"))).astype("uint32").view("int32"),
    "any": each((WARPS == 7).any(1)),
    "all": np.ones(64),
    "sum_of_warp": each(WARPS.sum(1)),
    "largest_of_warp": each(WARPS.max(1)),
    "count": np.full(64, (X % 3 == 0).sum()),
    "or_": np.full(64, (X == 7).any()),
    "and_": np.ones(64),
    "half_mask": from_lane(np.where(LANES < 16, LANES ^ 1, LANES ^ 2)),
    "wide": -from_lane(LANES ^ 1),
}


@pytest.fixture(scope="module")
def module():
    return SimModule(TEXT)


@pytest.mark.parametrize("name", EXPECTED)
def test_an_exchange_between_threads(module, name):
    for order, seed in SCHEDULES:
        y = np.full(64, -99, "int32")
        kernel = module.get_function(name)
        kernel.order, kernel.seed = order, seed
        kernel((1,), (64,), (X, y))
        assert np.array_equal(y, EXPECTED[name])


def test_halves_of_a_warp_go_at_their_own_pace(module):
    y, v = np.zeros(64, "int32"), X.copy()
    for i in range(5):
        v = np.where((LANES < 16) & (i >= 3), v, v + v[np.arange(64) ^ 1])
    module.get_function("halves")((1,), (64,), (X, y))
    assert np.array_equal(y, v)


def test_a_warp_that_is_not_full_takes_part_with_the_lanes_it_has(module):
    y = np.zeros(40, "int32")
    module.get_function("sum_of_warp")((1,), (40,), (X[:40].copy(), y))
    assert y.tolist() == [X[:32].sum()] * 32 + [X[32:40].sum()] * 8


def test_a_shuffle_from_a_lane_that_a_warp_does_not_have_is_refused(module):
    with pytest.raises(SimError, match=r"__shfl_xor_sync at line [0-9]+ reads lane [0-9]+ of a warp of 8"):
        module.get_function("xor_")((1,), (8,), (X[:8].copy(), np.zeros(8, "int32")))


def test_a_random_order_is_the_same_for_the_same_seed():
    kernel = SimModule(
        'extern "C" __global__ void order(int* next, int* y) { y[atomicAdd(next, 1)] = threadIdx.x; }'
    ).get_function("order")

    def order_of(order, seed):
        kernel.order, kernel.seed = order, seed
        y = np.zeros(64, "int32")
        kernel((1,), (64,), (np.zeros(1, "int32"), y))
        return y.tolist()

    assert order_of("forward", 0) == list(range(64)) == order_of("reverse", 0)[::-1]
    assert order_of("random", 1) == order_of("random", 1) != order_of("random", 2)
    assert sorted(order_of("random", 1)) == list(range(64))


def test_blocks_run_in_the_order_too():
    kernel = SimModule(
        'extern "C" __global__ void order(int* next, int* y) { y[atomicAdd(next, 1)] = blockIdx.x; }'
    ).get_function("order")
    for order, expected in ("forward", list(range(9))), ("reverse", list(range(9))[::-1]):
        kernel.order = order
        y = np.zeros(9, "int32")
        kernel((9,), (1,), (np.zeros(1, "int32"), y))
        assert y.tolist() == expected


def test_all_indices_have_their_values_in_three_dimensions():
    text = """extern "C" __global__ void where(int* y) {
        const int thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
        const int block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
        y[block * 30 + thread] += 1000 * block + thread;
    }"""
    y = np.zeros(24 * 30, "int32")
    SimModule(text).get_function("where")((2, 3, 4), (5, 3, 2), (y,))
    assert np.array_equal(y, (1000 * np.arange(24)[:, None] + np.arange(30)).ravel())


def test_normal_numbers_survive_a_shuffle_as_doubles():
    kernel = SimModule(
        'extern "C" __global__ void swap(double* x) { x[threadIdx.x] = __shfl_xor_sync(~0u, x[threadIdx.x], 1); }'
    )
    x = normal(32, dtype="float64")
    y = x.copy()
    kernel.get_function("swap")((1,), (32,), (y,))
    assert np.array_equal(y, x[np.arange(32) ^ 1])
