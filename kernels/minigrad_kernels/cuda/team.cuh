// A team of T threads shares a row: a warp (T = 32), of which a block holds several, or a whole block (T > 32).
//
// Within a warp a value travels by shuffle, in log2(32) = 5 steps; each lane ends with the sum of all, in the same
// order of additions whichever lane it is. Between warps it goes through shared memory, one slot per warp.
#pragma once

struct Sum {
  static __device__ float none() { return 0.0f; }
  static __device__ float of(float a, float b) { return a + b; }
};

struct Max {
  static __device__ float none() { return __int_as_float(0xff800000); }  // -∞; a NaN wins
  static __device__ float of(float a, float b) { return a > b || a != a ? a : b; }
};

template <class Op>
__device__ float over_warp(float v) {
  for (int step = 16; step > 0; step /= 2) v = Op::of(v, __shfl_xor_sync(0xffffffffu, v, step));
  return v;
}

// Every thread of the team gets the result. All threads of the block must call it, for the barriers.
template <class Op, int T>
__device__ float over_team(float v) {
  v = over_warp<Op>(v);
  if constexpr (T > 32) {
    __shared__ float part[32];
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    __syncthreads();  // the slots may still be read from an earlier call
    if (lane == 0) part[warp] = v;
    __syncthreads();
    v = over_warp<Op>(lane < T / 32 ? part[lane] : Op::none());
  }
  return v;
}
