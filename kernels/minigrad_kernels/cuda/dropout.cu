// Dropout in one pass. No mask is kept: it is made from random bits, used, and forgotten; backward makes it again.
//
//     y = m x / (1 - p),   m = [u ≥ p]            bit for bit the mask of minigrad/random.py: see philox.cuh
//
// Bytes: 8 per element, and with some 40 instructions for its random bits they still bound it. A warp has PART elements
// at a time. Each lane makes the 8 bits of one block; then the lanes pass them round, so that each has those of the
// numbers that it loads: 16 bytes side by side with its neighbours'.
#include "philox.cuh"

constexpr int BLOCK = 256;
constexpr int PART = 32 * HALVES;

__global__ void __launch_bounds__(BLOCK) drop(
    const float* x, float* y, int n, unsigned long long seed, unsigned long long position, unsigned least,
    float scale) {
  const int lane = threadIdx.x % 32;
  const size_t part = blockIdx.x * size_t(BLOCK / 32) + threadIdx.x / 32, first = part * PART;
  if (first >= n) return;
  const unsigned mine = kept_of_block(seed, position + part * 32 + lane, least);
  const auto result = [=](float x, unsigned bits, int j) { return x * (bits >> j & 1 ? 1.0f : 0.0f) * scale; };

  if (first + PART <= n && size_t(x) % 16 == 0 && size_t(y) % 16 == 0) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      const unsigned bits = __shfl_sync(0xffffffffu, mine, half * 16 + lane / 2) >> lane % 2 * 4;
      const float4 v = reinterpret_cast<const float4*>(x + first)[half * 32 + lane];
      reinterpret_cast<float4*>(y + first)[half * 32 + lane] =
          make_float4(result(v.x, bits, 0), result(v.y, bits, 1), result(v.z, bits, 2), result(v.w, bits, 3));
    }
    return;
  }
#pragma unroll
  for (int k = 0; k < HALVES; k++) {
    const size_t i = first + k * 32 + lane;
    const unsigned bits = __shfl_sync(0xffffffffu, mine, k * 4 + lane / HALVES);
    if (i < n) y[i] = result(x[i], bits, lane % HALVES);
  }
}

// INSTANCE: drop
