"""The arguments of a launch: what CuPy would pass without a word is refused here."""

import re

import numpy as np
import pytest

from tests.cusim.samples import good, normal, unset
from tests.cusim.simulator import SimError, SimModule, skip_without_compiler

pytestmark = skip_without_compiler
i4, f4 = np.int32, np.float32

TEXT = r"""
struct alignas(128) Wide { int numbers[32]; };
extern "C" __global__ void add(const float* x, float* y, int n) {
  if (threadIdx.x < n) y[threadIdx.x] += x[threadIdx.x];
}
extern "C" __global__ void shift(const float* x, float* y, int n) {
  if (threadIdx.x < n) y[threadIdx.x] = x[threadIdx.x + 1];
}
extern "C" __global__ void is_null(const float* x, int* y) { *y = x == nullptr; }
extern "C" __global__ void sixteen(const unsigned short* x, unsigned short* y) { y[threadIdx.x] = x[threadIdx.x] + 1; }
extern "C" __global__ void bytes(const unsigned char* x, unsigned char* y) { y[threadIdx.x] = !x[threadIdx.x]; }
extern "C" __global__ void vectors(const float4* x, float2* y) {
  y[threadIdx.x] = make_float2(x[threadIdx.x].x, x[threadIdx.x].w);
}
extern "C" __global__ void raw(const void* x, int* y, long long n) { *y = static_cast<const int*>(x)[n]; }
extern "C" __global__ void numbers(bool flag, double x, long long n, double* y) { *y = flag ? x : n; }
extern "C" __global__ void wide(const Wide* x, int* y) { *y = x->numbers[31]; }
"""


@pytest.fixture(scope="module")
def module():
    return SimModule(TEXT)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            lambda x, y: (x, y, 5),
            "argument 2 is passed as int64 (i8), the parameter is i4: wrap it in the NumPy scalar",
        ),
        (lambda x, y: (x, y, 5.0), "argument 2 is passed as float64 (f8), the parameter is i4"),
        (lambda x, y: (x, y, np.uint32(5)), "argument 2 is passed as uint32 (u4), the parameter is i4"),
        (lambda x, y: (x, y, "5"), "argument 2 is a str, the parameter is i4"),
        (lambda x, y: (x.astype("f8"), y, i4(5)), "argument 0 is an array of float64 (f8), the parameter points to f4"),
        (lambda x, y: (x.view(i4), y, i4(5)), "argument 0 is an array of int32 (i4), the parameter points to f4"),
        (lambda x, y: (x[::2], y, i4(4)), "argument 0 is not C-contiguous: a kernel knows no strides"),
        (lambda x, y: (x, np.zeros((4, 2), "f4").T, i4(5)), "argument 1 is not C-contiguous"),
        (lambda x, y: (x, np.broadcast_to(f4(1), (1,)), i4(1)), "argument 1 is read-only"),
        (
            lambda x, y: (None, y, i4(5)),
            "argument 0 is a NoneType, the parameter is a pointer: pass an array or an address",
        ),
        (lambda x, y: (f4(1), y, i4(5)), "argument 0 is a float32, the parameter is a pointer"),
        (lambda x, y: (x, y), "2 arguments for 3 parameters"),
        (lambda x, y: (y[:6], y[2:], i4(6)), "argument 1 overlaps another one, and one of them is written"),
    ],
)
def test_a_wrong_argument_is_refused(module, arguments, message):
    with pytest.raises(SimError, match=re.escape(f"add: {message}")):
        module.get_function("add")((1,), (8,), arguments(normal(8), np.zeros(8, "f4")))


def test_numpy_scalars_and_their_python_kin_are_taken(module):
    y = np.zeros(1)
    module.get_function("numbers")((1,), (1,), (True, 2.5, 7, y))
    assert y[0] == 2.5
    module.get_function("numbers")((1,), (1,), (np.bool_(False), np.float64(2.5), np.int64(7), y))
    assert y[0] == 7


def test_an_address_of_zero_is_a_null_pointer(module):
    y = np.zeros(1, i4)
    module.get_function("is_null")((1,), (1,), (np.uint64(0), y))
    assert y[0] == 1


def test_16_bits_8_bits_vectors_and_raw_memory_take_what_fits_them(module):
    for dtype in "uint16", "int16", "float16":
        x, y = np.arange(4, dtype="uint16").view(dtype), np.zeros(4, dtype)
        module.get_function("sixteen")((1,), (4,), (x, y))
        assert np.array_equal(y.view("uint16"), np.arange(1, 5))
    x, y = np.array([True, False]), np.zeros(2, "uint8")
    module.get_function("bytes")((1,), (2,), (x, y))
    assert y.tolist() == [0, 1]
    x, pairs = normal(3, 4), unset(3, 2)
    module.get_function("vectors")((1,), (3,), (x, pairs))
    assert np.array_equal(pairs, x[:, [0, 3]])
    found = np.zeros(1, i4)
    module.get_function("raw")((1,), (1,), (np.arange(9, dtype=i4), found, np.int64(7)))
    assert found[0] == 7


def test_the_same_array_twice_is_one_array(module):
    x = normal(8)
    y = x.copy()
    module.get_function("add")((1,), (8,), (y, y, i4(8)))
    assert np.array_equal(y, 2 * x)


def test_arrays_that_overlap_may_be_read(module):
    x = normal(9)
    y = np.zeros(8, "f4")
    module.get_function("add")((1,), (8,), (x[1:], y, i4(8)))
    assert np.array_equal(y, x[1:])


def test_a_view_keeps_its_alignment():
    x, y = normal(33), unset(33)
    good("copy_by_fours")((1,), (64,), (x[:32], y[:32], i4(32)))
    with pytest.raises(SimError, match="misaligned vector"):
        good("copy_by_fours")((1,), (64,), (x[1:], y[:32], i4(32)))


def test_an_array_lies_as_its_most_aligned_struct_needs(module):
    x, y = (
        np.arange(35, dtype="uint8").repeat(4).view("uint8"),
        np.zeros(1, i4),
    )  # 140 bytes: the struct and a little more
    module.get_function("wide")((1,), (1,), (x, y))
    assert y[0] == 31 * 0x01010101


def test_arrays_behind_const_are_not_written_and_empty_ones_may_not_be_read(module):
    with pytest.raises(SimError, match="illegal memory access"):
        module.get_function("shift")((1,), (1,), (np.zeros(0, "f4"), np.zeros(1, "f4"), i4(1)))
    x = normal(8)
    before = x.copy()
    module.get_function("shift")((1,), (8,), (x, np.zeros(7, "f4"), i4(7)))
    assert np.array_equal(x, before)


@pytest.mark.parametrize(
    ("grid", "block", "message"),
    [
        ((1,), (1025,), r"a block of \(1025, 1, 1\) threads: 1 to 1024"),
        ((1,), (32, 33), r"a block of \(32, 33, 1\) threads"),
        ((1,), (1, 1, 65), "at most 64 in z"),
        ((1,), (0,), r"a block of \(0, 1, 1\)"),
        ((0,), (8,), r"a grid of \(0, 1, 1\) blocks"),
        ((1, 65536), (8,), r"a grid of \(1, 65536, 1\) blocks: at least 1 and at most"),
    ],
)
def test_a_launch_beyond_the_limits_is_refused(module, grid, block, message):
    with pytest.raises(SimError, match=message):
        module.get_function("add")(grid, block, (normal(8), np.zeros(8, "f4"), i4(8)))


def test_dynamic_shared_memory_must_be_asked_for(module):
    kernel, arguments = module.get_function("add"), (normal(8), np.zeros(8, "f4"), i4(8))
    assert kernel.max_dynamic_shared_size_bytes == 48 * 1024
    with pytest.raises(
        SimError, match="shared_mem = 65536 exceeds max_dynamic_shared_size_bytes = 49152: raise it first"
    ):
        kernel((1,), (8,), arguments, shared_mem=64 * 1024)
    kernel.max_dynamic_shared_size_bytes = 64 * 1024
    kernel((1,), (8,), arguments, shared_mem=64 * 1024)
    with pytest.raises(SimError, match="exceeds the 232448 of a GPU"):
        kernel.max_dynamic_shared_size_bytes = 228 * 1024
