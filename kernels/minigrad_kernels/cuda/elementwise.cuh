// One pass over memory: y[i] = f(x[i]), or f(dy[i], x[i]), whatever the shape.
//
// Bytes: every array once, and they bound it: 8 or 12 of them per element leave time for some 70 or 110 instructions.
// To keep enough bytes under way, a thread has all of its loads, of 16 bytes each, out before its first store. An array
// that does not begin at a multiple of 16 bytes, as views may, is read number by number, and so is the last chunk.
#pragma once

constexpr int BLOCK = 256;
constexpr int VECTORS = 2;                  // of 16 bytes, per thread
constexpr int CHUNK = BLOCK * VECTORS * 4;  // numbers per block

__device__ inline bool in_vectors(const float* x) { return size_t(x) % sizeof(float4) == 0; }

template <class F, class... Vectors>
__device__ float4 four(F f, Vectors... v) {
  return make_float4(f(v.x...), f(v.y...), f(v.z...), f(v.w...));
}

// Work on the chunk of this block: y[i] = f(x[i]...) for i < n.
template <class F, class... Inputs>
__device__ void each(int n, float* y, F f, Inputs... x) {
  const size_t first = size_t(blockIdx.x) * CHUNK;
  if (first + CHUNK <= n && (in_vectors(y) && ... && in_vectors(x))) {
    float4 result[VECTORS];
#pragma unroll
    for (int k = 0; k < VECTORS; k++) {
      result[k] = four(f, reinterpret_cast<const float4*>(x + first)[k * BLOCK + threadIdx.x]...);
    }
#pragma unroll
    for (int k = 0; k < VECTORS; k++) reinterpret_cast<float4*>(y + first)[k * BLOCK + threadIdx.x] = result[k];
    return;
  }
  float result[4 * VECTORS];
#pragma unroll
  for (int k = 0; k < 4 * VECTORS; k++) {
    const size_t i = first + k * BLOCK + threadIdx.x;
    if (i < n) result[k] = f(x[i]...);
  }
#pragma unroll
  for (int k = 0; k < 4 * VECTORS; k++) {
    const size_t i = first + k * BLOCK + threadIdx.x;
    if (i < n) y[i] = result[k];
  }
}
