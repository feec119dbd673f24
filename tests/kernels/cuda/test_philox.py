"""The header alone: what a kernel asks of it. The kernels that stand on it have tests of their own."""

import numpy as np
import pytest

from minigrad.random import RngState, bits_at, uniform_at
from tests.cusim.simulator import SimModule, skip_without_compiler

from .agreement import FOLDER

pytestmark = skip_without_compiler

CODE = """
#include "philox.cuh"
__global__ void halves(unsigned* y, unsigned long long seed, unsigned long long first, int n) {
  const int b = blockIdx.x * blockDim.x + threadIdx.x;
  if (b >= n) return;
  unsigned half[HALVES];
  philox(seed, first + b, half);
  for (int j = 0; j < HALVES; j++) y[b * HALVES + j] = half[j];
}
__global__ void keeps(unsigned char* y, unsigned long long seed, unsigned long long first, unsigned least, int n) {
  const int b = blockIdx.x * blockDim.x + threadIdx.x;
  if (b < n) y[b] = kept_of_block(seed, first + b, least);
}
"""


def launch(name, y, *numbers):
    SimModule(CODE, include_dirs=(FOLDER,)).get_function(name)((-(-y.size // 32),), (32,), (y, *numbers))
    return y


@pytest.mark.parametrize(("seed", "first"), [(0, 0), (7, 2**40 + 3), (2**64 - 1, 2**63), (12345, 2**32 - 1)])
def test_the_bits_are_those_of_the_generator(seed, first):
    got = launch("halves", np.empty(8 * 37, "u4"), np.uint64(seed), np.uint64(first), np.int32(37))
    np.testing.assert_array_equal(got.view("u8"), bits_at(RngState(seed, first), 4 * 37))


def test_a_known_answer():
    # of the zero counter and key, as the authors' test vectors have it
    got = launch("halves", np.empty(8, "u4"), np.uint64(0), np.uint64(0), np.int32(1)).view("u8")
    assert [int(w) for w in got] == [0x16554D9ECA36314C, 0xDB20FE9D672D0FDC, 0xD7E772CEE186176B, 0x7E68B68AEC7BA23B]


@pytest.mark.parametrize("p", [0.0, 0.25, 0.5, 1.0])
def test_a_number_stays_where_the_generator_says_so(p):
    least = np.uint32(np.ceil(p * 2**24))
    got = launch("keeps", np.empty(40, "u1"), np.uint64(5), np.uint64(2**33), least, np.int32(40))
    kept = uniform_at(RngState(5, 2**33), 320, np.dtype("f4")) >= p
    np.testing.assert_array_equal(np.unpackbits(got, bitorder="little"), kept)
