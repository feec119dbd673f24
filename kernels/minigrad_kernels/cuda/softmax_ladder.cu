// Softmax of rows, one idea added per kernel. The last rung is softmax.cu, which keeps the row in registers.
//
//     y = exp(x - m) / s,   m = max x,   s = Σ exp(x - m)             x and y (rows, n)
//
// There is little to compute. What counts is how often a number comes from memory, and how: 8 bytes per number, one
// read and one write in order, are the floor.
#include "team.cuh"

constexpr int BLOCK = 256;

// 1. A thread per row, three passes. Neighbours in a warp read numbers a whole row apart: of every 32 bytes that
// arrive, 4 are used at once, and the rest only if they are still in the cache at the next step.
__global__ void __launch_bounds__(BLOCK) thread_per_row(const float* x, float* y, int rows, int n) {
  const size_t row = blockIdx.x * size_t(BLOCK) + threadIdx.x;
  if (row >= rows) return;
  const float* from = x + row * n;
  float m = Max::none(), s = 0.0f;
  for (int j = 0; j < n; j++) m = Max::of(m, from[j]);
  for (int j = 0; j < n; j++) s += expf(from[j] - m);
  for (int j = 0; j < n; j++) y[row * n + j] = expf(from[j] - m) / s;
}

// The value of all threads of the block, as a tree in shared memory: half of them add, then a quarter, … at log2(BLOCK)
// barriers and two more.
template <class Op>
__device__ float over_tree(float v) {
  __shared__ float part[BLOCK];
  __syncthreads();  // it may still be read from an earlier call
  part[threadIdx.x] = v;
  for (int half = BLOCK / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) part[threadIdx.x] = Op::of(part[threadIdx.x], part[threadIdx.x + half]);
  }
  __syncthreads();
  return part[0];
}

// 2. A block per row: neighbours read neighbours. Still three passes, of which two hit the cache if the row is short.
__global__ void __launch_bounds__(BLOCK) shared_tree(const float* x, float* y, int n) {
  const float* from = x + size_t(blockIdx.x) * n;
  float m = Max::none(), s = 0.0f;
  for (int j = threadIdx.x; j < n; j += BLOCK) m = Max::of(m, from[j]);
  m = over_tree<Max>(m);
  for (int j = threadIdx.x; j < n; j += BLOCK) s += expf(from[j] - m);
  s = over_tree<Sum>(s);
  for (int j = threadIdx.x; j < n; j += BLOCK) y[size_t(blockIdx.x) * n + j] = expf(from[j] - m) / s;
}

// 3. The same with shuffles: within a warp values travel between registers, and two barriers are left of ten.
__global__ void __launch_bounds__(BLOCK) warp_shuffles(const float* x, float* y, int n) {
  const float* from = x + size_t(blockIdx.x) * n;
  float m = Max::none(), s = 0.0f;
  for (int j = threadIdx.x; j < n; j += BLOCK) m = Max::of(m, from[j]);
  m = over_team<Max, BLOCK>(m);
  for (int j = threadIdx.x; j < n; j += BLOCK) s += expf(from[j] - m);
  s = over_team<Sum, BLOCK>(s);
  for (int j = threadIdx.x; j < n; j += BLOCK) y[size_t(blockIdx.x) * n + j] = expf(from[j] - m) / s;
}

// 4. The maximum and the sum in one pass: the sum is kept relative to the largest number so far, and shrinks when a
// larger one turns up. Flash attention rests on this. Two passes are left.
__global__ void __launch_bounds__(BLOCK) online(const float* x, float* y, int n) {
  const float* from = x + size_t(blockIdx.x) * n;
  float mine = Max::none(), s = 0.0f;
  for (int j = threadIdx.x; j < n; j += BLOCK) {
    const float v = from[j];
    if (v > mine) {
      s = s * expf(mine - v) + 1.0f;
      mine = v;
    } else if (v != Max::none()) {  // -∞ adds nothing; -∞ less -∞ would be no number
      s += expf(v - mine);
    }
  }
  const float m = over_team<Max, BLOCK>(mine);
  s = over_team<Sum, BLOCK>(s == 0.0f ? 0.0f : s * expf(mine - m));
  for (int j = threadIdx.x; j < n; j += BLOCK) y[size_t(blockIdx.x) * n + j] = expf(from[j] - m) / s;
}

// INSTANCE: {thread_per_row|shared_tree|warp_shuffles|online}
