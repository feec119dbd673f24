"""The tensor cores' layouts, as the PTX ISA gives them element by element; conversions; and the twin that ships."""

import re
from pathlib import Path

import numpy as np
import pytest

import minigrad_kernels
from tests.cusim.build import FOLDER
from tests.cusim.samples import normal, unset
from tests.cusim.simulator import SCHEDULES, SimError, SimModule, scheduled, skip_without_compiler

pytestmark = skip_without_compiler

TEXT = r"""
#include "mma.cuh"
struct Four { unsigned registers[4]; };
struct Two { unsigned registers[2]; };
struct Sums { float of[4]; };
extern "C" __global__ void tf32(const Four* a, const Two* b, Sums* d) {
  mma_16x8x8_tf32(d[threadIdx.x].of, a[threadIdx.x].registers, b[threadIdx.x].registers);
}
extern "C" __global__ void bf16(const Four* a, const Two* b, Sums* d) {
  mma_16x8x16_bf16(d[threadIdx.x].of, a[threadIdx.x].registers, b[threadIdx.x].registers);
}
extern "C" __global__ void f16(const Four* a, const Two* b, Sums* d) {
  mma_16x8x16_f16(d[threadIdx.x].of, a[threadIdx.x].registers, b[threadIdx.x].registers);
}
template <bool TRANSPOSED> __device__ void load_matrices(const unsigned short* x, unsigned* y) {
  __shared__ __align__(16) unsigned short tile[32][8];
  for (int i = 0; i < 8; i++) tile[threadIdx.x][i] = x[threadIdx.x * 8 + i];
  __syncthreads();
  unsigned out[4];
  if (TRANSPOSED) ldmatrix_x4_trans(out, tile[threadIdx.x]);
  else ldmatrix_x4(out, tile[threadIdx.x]);
  for (int i = 0; i < 4; i++) y[threadIdx.x * 4 + i] = out[i];
}
extern "C" __global__ void load(const unsigned short* x, unsigned* y) { load_matrices<false>(x, y); }
extern "C" __global__ void load_transposed(const unsigned short* x, unsigned* y) { load_matrices<true>(x, y); }
extern "C" __global__ void load_unaligned(const unsigned short* x, unsigned* y) {
  __shared__ __align__(16) unsigned short tile[33 * 8];
  unsigned out[4];
  ldmatrix_x4(out, tile + threadIdx.x * 8 + 4);
}
extern "C" __global__ void convert(const float* x, unsigned* tf32, unsigned* bf16, unsigned* f16) {
  const int i = blockIdx.x * 64 + threadIdx.x;
  tf32[i] = to_tf32(x[i]);
  bf16[i] = pack_bf16(x[i], -x[i]);
  f16[i] = pack_f16(x[i], -x[i]);
}
extern "C" __global__ void unpack(const unsigned* pairs, float* bf16, float* f16) {
  const int i = blockIdx.x * 64 + threadIdx.x;
  unpack_bf16(pairs[i], bf16[2 * i], bf16[2 * i + 1]);
  unpack_f16(pairs[i], f16[2 * i], f16[2 * i + 1]);
}
extern "C" __global__ void copy(const float* x, float* y, int n) {
  __shared__ __align__(16) float s[3][32];
  for (int group = 0; group < 3; group++) {
    cp_async4(&s[group][threadIdx.x], &x[group * 32 + threadIdx.x], threadIdx.x < n);
    cp_async_commit();
  }
  cp_async_wait<2>();
  y[threadIdx.x] = s[0][threadIdx.x];
  cp_async_wait<0>();
  for (int group = 1; group < 3; group++) y[group * 32 + threadIdx.x] = s[group][threadIdx.x];
}
"""
LANES = [(lane // 4, lane % 4) for lane in range(32)]  # the group and the place in it
TF32 = {
    "a": [[(g + 8 * (i in (1, 3)), t + 4 * (i >= 2)) for i in range(4)] for g, t in LANES],
    "b": [[(t + 4 * i, g) for i in range(2)] for g, t in LANES],
}
SIXTEEN = {
    "a": [[(g if i < 2 or 4 <= i < 6 else g + 8, 2 * t + (i & 1) + 8 * (i >= 4)) for i in range(8)] for g, t in LANES],
    "b": [[(2 * t + (i & 1) + 8 * (i >= 2), g) for i in range(4)] for g, t in LANES],
}
D = [[(g + 8 * (i >= 2), 2 * t + (i & 1)) for i in range(4)] for g, t in LANES]


def held(matrix, places):
    """Return what each lane holds of a matrix."""
    rows, columns = np.moveaxis(np.array(places), -1, 0)
    return np.ascontiguousarray(matrix[rows, columns])


def bf16_bits(x):
    return (x.view("uint32") >> 16).astype("uint16")


@pytest.fixture(scope="module")
def module():
    return SimModule(TEXT)


@pytest.mark.parametrize("name", ["tf32", "bf16", "f16"])
def test_a_tensor_core_multiplies_what_the_lanes_hold(module, name):
    k, places = (8, TF32) if name == "tf32" else (16, SIXTEEN)
    a, b, d = (
        np.round(8 * normal(*shape)).astype("float32") / 8 for shape in ((16, k), (k, 8), (16, 8))
    )  # exact in each format
    bits = {"tf32": lambda x: x.view("uint32"), "bf16": bf16_bits, "f16": lambda x: x.astype("float16").view("uint16")}[
        name
    ]
    registers = [held(bits(matrix), places[which]).view("uint8") for which, matrix in (("a", a), ("b", b))]
    result = held(d, D)
    module.get_function(name)((1,), (32,), (*registers, result.view("uint8")))
    assert np.array_equal(result, held(a @ b + d, D))


@pytest.mark.parametrize("name", ["load", "load_transposed"])
def test_a_lane_gets_its_pair_of_each_tile(module, name):
    x, y = np.arange(256, dtype="uint16").reshape(4, 8, 8), np.zeros((32, 4), "uint32")
    module.get_function(name)((1,), (32,), (x, y))
    tiles = x if name == "load" else x.transpose(0, 2, 1)
    expected = [[int(tiles[i, g, 2 * t]) | int(tiles[i, g, 2 * t + 1]) << 16 for i in range(4)] for g, t in LANES]
    assert y.tolist() == expected


def test_a_row_that_is_not_aligned_is_refused(module):
    with pytest.raises(SimError, match=r"ldmatrix_x4 at line [0-9]+: the address of a row is not aligned to 16 bytes"):
        module.get_function("load_unaligned")((1,), (32,), (np.zeros(256, "uint16"), np.zeros(128, "uint32")))


def nearest(x, mantissa, smallest):
    """Return numbers rounded to bits of mantissa, ties to even; `smallest` is the exponent of the least normal one."""
    exponent = np.maximum(np.frexp(x)[1] - 1, smallest)
    unit = np.exp2(exponent - float(mantissa))
    return np.rint(x / unit) * unit


@pytest.fixture(scope="module")
def numbers():
    bits = np.random.default_rng(0).integers(0, 2**32, 4096 - 64, dtype="uint32")
    bits[: bits.size // 2] = (
        bits[: bits.size // 2] & 0x8FFFFFFF | 0x38000000
    )  # half of them of the size of fp16 numbers
    ties = np.array(
        [0x3F801000, 0x3F803000, 0x3F808000, 0x3F818000, 0x33000000, 0x33000001, 0x477FEFFF, 0x477FF000], "uint32"
    )
    x = np.concatenate([bits, ties, np.zeros(56, "uint32")]).view("float32")
    return x[np.isfinite(x)][: x.size // 64 * 64 - 64].copy()


def test_conversions_round_to_the_nearest(module, numbers):
    tf32, bf16, f16 = (np.zeros(numbers.size, "uint32") for _ in range(3))
    module.get_function("convert")((numbers.size // 64,), (64,), (numbers, tf32, bf16, f16))
    x = numbers.astype("float64")
    with np.errstate(over="ignore"):
        assert np.array_equal(f16.astype("uint16"), numbers.astype("float16").view("uint16"))
        assert np.array_equal((f16 >> 16).astype("uint16"), (-numbers).astype("float16").view("uint16"))
        low = (bf16 << 16).view("float32")
        assert np.array_equal(low, nearest(x, 7, -126).astype("float32"))
        assert np.array_equal((bf16 & 0xFFFF0000).view("float32"), -low)
        unit = np.exp2(np.maximum(np.frexp(x)[1] - 1, -126) - 10.0)
        assert np.array_equal(tf32.view("float32"), (np.trunc(x / unit + np.copysign(0.5, x)) * unit).astype("float32"))


def test_every_16_bit_number_unpacks(module):
    bits = np.arange(65536, dtype="uint16")
    pairs, bf16, f16 = bits.view("uint32"), unset(65536), unset(65536)
    module.get_function("unpack")((pairs.size // 64,), (64,), (pairs, bf16, f16))
    assert np.array_equal(f16, bits.view("float16").astype("float32"), equal_nan=True)
    assert np.array_equal(bf16.view("uint32"), bits.astype("uint32") << 16)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
def test_copies_land_by_their_wait_and_zeros_where_there_is_no_source(module, schedule):
    x, y = normal(96), unset(96)
    with scheduled(*schedule):
        module.get_function("copy")((1,), (32,), (x, y, np.int32(20)))
    assert np.array_equal(y.reshape(3, 32), np.where(np.arange(32) < 20, x.reshape(3, 32), 0))


def declared(text):
    """Return the functions that a mma.cuh declares for kernels."""
    text = re.sub(r"^namespace cusim \{.*?^\}  // namespace cusim", "", text, flags=re.M | re.S)
    functions = r"^(?:template <int groups> )?(?:__device__ __forceinline__ |inline )?(?:void|unsigned) (\w+)\("
    by_macros = r"^(?:MMA_16X8|LDMATRIX_X4)\((\w+)"
    return {*re.findall(functions, text, re.M), *re.findall(by_macros, text, re.M)}


def test_the_header_that_ships_declares_the_same_functions():
    shipped = Path(minigrad_kernels.__file__).parent / "cuda" / "mma.cuh"
    here = declared((FOLDER / "mma.cuh").read_text(encoding="utf-8"))
    assert declared(shipped.read_text(encoding="utf-8")) == here | {"shared_offset"}  # only PTX has offsets
    assert len(here) == 14
