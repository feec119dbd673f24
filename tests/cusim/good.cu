// Small kernels that are right, each for a part of the simulator. test_good.py knows what they compute.
#include "mma.cuh"

// INSTANCE: scale<{float|double}>
template <typename T>
__global__ void __launch_bounds__(256) scale(const T* __restrict__ x, T* __restrict__ y, int n, T factor) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = x[i] * factor;
}

// Softmax of a row by one block: shuffles within a warp, shared memory between warps.
// INSTANCE: softmax<64>
// INSTANCE: softmax<128>
struct Larger { static __device__ float of(float a, float b) { return fmaxf(a, b); } };
struct Sum { static __device__ float of(float a, float b) { return a + b; } };
template <class Op, int WARPS> __device__ float over_block(float v) {
  __shared__ float part[WARPS];
  for (int step = 16; step > 0; step /= 2) v = Op::of(v, __shfl_xor_sync(0xffffffffu, v, step));
  __syncthreads();
  if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = v;
  __syncthreads();
  v = part[0];
  for (int warp = 1; warp < WARPS; warp++) v = Op::of(v, part[warp]);
  return v;
}
template <int THREADS>
__global__ void __launch_bounds__(THREADS) softmax(const float* x, float* y, int n) {
  const float* from = x + (size_t)blockIdx.x * n;
  float largest = -3.0e38f, total = 0.0f;
  for (int i = threadIdx.x; i < n; i += THREADS) largest = fmaxf(largest, from[i]);
  largest = over_block<Larger, THREADS / 32>(largest);
  for (int i = threadIdx.x; i < n; i += THREADS) total += __expf(from[i] - largest);
  total = over_block<Sum, THREADS / 32>(total);
  for (int i = threadIdx.x; i < n; i += THREADS) y[(size_t)blockIdx.x * n + i] = __expf(from[i] - largest) / total;
}

// The sum of all numbers: a tree in dynamic shared memory, then one atomic addition per block.
extern "C" __global__ void __launch_bounds__(256) total(const float* x, float* out, int n) {
  extern __shared__ float buffer[];
  float sum = 0.0f;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) sum += x[i];
  buffer[threadIdx.x] = sum;
  __syncthreads();
  for (int half = blockDim.x / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) buffer[threadIdx.x] += buffer[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) atomicAdd(out, buffer[0]);
}

// A matrix turned around by tiles of 16×16 in a block of two dimensions.
extern "C" __global__ void __launch_bounds__(256) transpose(const float* x, float* y, int rows, int columns) {
  __shared__ float tile[16][17];
  int column = blockIdx.x * 16 + threadIdx.x, row = blockIdx.y * 16 + threadIdx.y;
  if (row < rows && column < columns) tile[threadIdx.y][threadIdx.x] = x[row * columns + column];
  __syncthreads();
  column = blockIdx.x * 16 + threadIdx.y, row = blockIdx.y * 16 + threadIdx.x;
  if (row < rows && column < columns) y[column * rows + row] = tile[threadIdx.x][threadIdx.y];
}

// Running sums of one block, by doubling steps; the buffers take turns, so one barrier a step is enough.
extern "C" __global__ void __launch_bounds__(1024) running_sums(const int* x, int* y) {
  __shared__ int sums[2][1024];
  int now = 0;
  sums[0][threadIdx.x] = x[threadIdx.x];
  for (int step = 1; step < blockDim.x; step *= 2, now ^= 1) {
    __syncthreads();
    const int before = threadIdx.x >= step ? sums[now][threadIdx.x - step] : 0;
    sums[now ^ 1][threadIdx.x] = sums[now][threadIdx.x] + before;
  }
  y[threadIdx.x] = sums[now][threadIdx.x];
}

// How often each of 16 values occurs, and the largest float, by comparing and swapping its bits.
extern "C" __global__ void __launch_bounds__(128) count_values(
    const int* x, int* counts, const float* z, float* largest, int n) {
  __shared__ int own[16];
  if (threadIdx.x < 16) own[threadIdx.x] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
    atomicAdd(&own[x[i]], 1);
    int old = atomicCAS((int*)largest, 0, 0);  // an atomic load
    while (__int_as_float(old) < z[i]) {
      const int seen = atomicCAS((int*)largest, old, __float_as_int(z[i]));
      if (seen == old) break;
      old = seen;
    }
  }
  __syncthreads();
  if (threadIdx.x < 16) atomicAdd(&counts[threadIdx.x], own[threadIdx.x]);
}

// Writes the indices of the positive numbers of a block side by side, and how many there are: votes of warps and of all
// threads.
extern "C" __global__ void __launch_bounds__(64) positive(const float* x, int* indices, int* count) {
  __shared__ int before[3];
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const bool mine = x[threadIdx.x] > 0.0f;
  const unsigned votes = __ballot_sync(0xffffffffu, mine);
  if (lane == 0) before[warp + 1] = __popc(votes);
  if (threadIdx.x == 0) before[0] = 0;
  const int all = __syncthreads_count(mine);
  const int place = before[0] + (warp ? before[1] : 0) + __popc(votes & ((1u << lane) - 1));
  if (mine) indices[place] = threadIdx.x;
  if (threadIdx.x == 0) *count = all;
}

// Whole vectors of four, and the rest one by one.
extern "C" __global__ void __launch_bounds__(64) copy_by_fours(const float* x, float* y, int n) {
  const float4* from = reinterpret_cast<const float4*>(x);
  for (int i = threadIdx.x; i < n / 4; i += blockDim.x) reinterpret_cast<float4*>(y)[i] = from[i];
  for (int i = n / 4 * 4 + threadIdx.x; i < n; i += blockDim.x) y[i] = x[i];
}

// 16-bit numbers, a struct by value, a table of addresses, raw memory.
struct Line { float slope, start; int n; };
extern "C" __global__ void __launch_bounds__(32) line(
    Line line, unsigned short* bf16, float* const* targets, const void* offsets) {
  const int i = threadIdx.x;
  if (i >= line.n) return;
  const float y = line.slope * i + line.start;
  bf16[i] = pack_bf16(y, 0.0f);
  targets[i % 2][i] = y + static_cast<const float*>(offsets)[i];
}

// c[16, 8] = a[16, k] b[k, 8] by one warp on a tensor core. Tiles come by asynchronous copies into two buffers in turn.
// INSTANCE: product<{Tf32|Bf16|F16}>
struct Tf32 {
  static constexpr int K = 8;
  static __device__ unsigned register_of(const float* x, int stride) { return to_tf32(x[0]); }
  static __device__ int column(int t) { return t; }
  static __device__ void multiply(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    mma_16x8x8_tf32(c, a, b);
  }
};
struct Bf16 {
  static constexpr int K = 16;
  static __device__ unsigned register_of(const float* x, int stride) { return pack_bf16(x[0], x[stride]); }
  static __device__ int column(int t) { return 2 * t; }
  static __device__ void multiply(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    mma_16x8x16_bf16(c, a, b);
  }
};
struct F16 {
  static constexpr int K = 16;
  static __device__ unsigned register_of(const float* x, int stride) { return pack_f16(x[0], x[stride]); }
  static __device__ int column(int t) { return 2 * t; }
  static __device__ void multiply(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    mma_16x8x16_f16(c, a, b);
  }
};
template <class Kind>
__global__ void __launch_bounds__(32) product(const float* a, const float* b, float* c, int k) {
  constexpr int K = Kind::K;
  __shared__ __align__(16) float left[2][16][K];
  __shared__ __align__(16) float right[2][K][8];
  const int lane = threadIdx.x, g = lane / 4, t = Kind::column(lane % 4);
  auto load = [&](int buffer, int from) {
    for (int i = lane; i < 16 * K / 4; i += 32) {
      const int row = i / (K / 4), column = i % (K / 4) * 4;
      cp_async16(&left[buffer][row][column], &a[row * k + from + column], from + column < k);
    }
    for (int i = lane; i < K * 8; i += 32) cp_async4(&right[buffer][i / 8][i % 8], &b[from * 8 + i], from + i / 8 < k);
    cp_async_commit();
  };
  float sum[4] = {};
  load(0, 0);
  for (int from = 0, now = 0; from < k; from += K, now ^= 1) {
    if (from + K < k) {
      load(now ^ 1, from + K);
      cp_async_wait<1>();
    } else {
      cp_async_wait<0>();
    }
    __syncwarp();
    const float(*x)[K] = left[now];
    const float(*y)[8] = right[now];
    const unsigned fa[4] = {Kind::register_of(&x[g][t], 1), Kind::register_of(&x[g + 8][t], 1),
                            Kind::register_of(&x[g][t + K / 2], 1), Kind::register_of(&x[g + 8][t + K / 2], 1)};
    const unsigned fb[2] = {Kind::register_of(&y[t][g], 8), Kind::register_of(&y[t + K / 2][g], 8)};
    Kind::multiply(sum, fa, fb);
    __syncwarp();
  }
  for (int i = 0; i < 4; i++) c[(g + i / 2 * 8) * 8 + lane % 4 * 2 + i % 2] = sum[i];
}
