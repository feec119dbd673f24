// The second pass of sums that many blocks work on: each has left a row of partial results; their columns are added up.
//
// No block waits for another, and the order of the additions is always the same. A block takes 32 columns with 32
// warps: warp k adds up rows k, k + 32, ...; then the 32 sums of a column, one from each warp, change places in shared
// memory (rows of 33, so that a column lies in 32 banks), and a warp has all of one column.
//
// Bytes: the partial results once. They are few and still in the second-level cache: what takes time is the way there.
#include "norm.cuh"
#include "team.cuh"

constexpr int SIDE = 32;

__device__ inline float column_of(float v, float (&tile)[SIDE][SIDE + 1]) {
  const int lane = threadIdx.x % SIDE, warp = threadIdx.x / SIDE;
  tile[warp][lane] = v;
  __syncthreads();
  return tile[lane][warp];
}

__global__ void __launch_bounds__(SIDE* SIDE) add_parts(const float* parts, float* sums, int rows, int columns) {
  __shared__ float tile[SIDE][SIDE + 1];
  const int column = blockIdx.x * SIDE + threadIdx.x % SIDE;
  float s = 0.0f;
#pragma unroll 4
  for (int r = threadIdx.x / SIDE; r < rows; r += SIDE) {
    s += column < columns ? parts[size_t(r) * columns + column] : 0.0f;
  }
  s = over_warp<Sum>(column_of(s, tile));
  const int own = blockIdx.x * SIDE + threadIdx.x / SIDE;
  if (threadIdx.x % SIDE == 0 && own < columns) sums[own] = s;
}

// Row r stands for `each` numbers, but every row that ends a lot of `length` numbers for what is left of it.
__global__ void __launch_bounds__(SIDE* SIDE) merge_parts(
    const float* means, const float* squares, float* mean, float* variance, int rows, int columns, int each,
    int length) {
  __shared__ float tile[3][SIDE][SIDE + 1];
  const int column = blockIdx.x * SIDE + threadIdx.x % SIDE, pieces = (length + each - 1) / each;
  Moments m{};
  for (int r = threadIdx.x / SIDE; r < rows && column < columns; r += SIDE) {
    const size_t at = size_t(r) * columns + column;
    m = m.with({float(min(each, length - r % pieces * each)), means[at], squares[at]});
  }
  m = {column_of(m.n, tile[0]), column_of(m.mean, tile[1]), column_of(m.squares, tile[2])};
  for (int step = SIDE / 2; step > 0; step /= 2) {
    m = m.with({__shfl_down_sync(0xffffffffu, m.n, step), __shfl_down_sync(0xffffffffu, m.mean, step),
                __shfl_down_sync(0xffffffffu, m.squares, step)});
  }
  const int own = blockIdx.x * SIDE + threadIdx.x / SIDE;
  if (threadIdx.x % SIDE == 0 && own < columns) {
    mean[own] = m.mean;
    variance[own] = m.squares / m.n;
  }
}

// INSTANCE: {add_parts|merge_parts}
