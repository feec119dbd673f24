// Convolution and its two gradients in float32: matrix products whose factors are gathered, not stored.
//
//     slide    y[k, npq] = b[k] + Σ_crs w[k, crs] x[n, c, stride·p + dilation·r - padding, ...]
//     paint    x[c, nhw] = Σ_krs w[k, c, rs] y[n, k, p, ...]    over the taps that reach h from some p
//     match    w[k, crs] = Σ_npq y[k, npq] x[n, c, stride·p + dilation·r - padding, ...]
//
//     2 N K P Q C R S / groups flops each; 4 bytes for every number of image, filters and result
//
// A 3×3 convolution of 64 channels to 64 does 576 multiply-adds per result: bound by arithmetic. So the body is that
// of matmul.cu: tiles in shared memory, a part of them in registers (tile.cuh), the next slice fetched meanwhile. What
// differs is where a number comes from (conv_operands.cuh): with a stored matrix of windows, an image would be written
// and read R·S times.
//
// With stride s, a pixel is reached by every s-th tap only, by the same ones as every s-th pixel. So paint is s parts
// per axis, one for each blockIdx.y, in which all multiplications count. No two blocks write to one result.
#include "conv_operands.cuh"
#include "conv_results.cuh"
#include "tile.cuh"

constexpr int DEPTH = 8;

// DOWN × ACROSS warps, each with 16 GM rows × 32 GN columns of the sums.
template <int GM, int GN, int DOWN, int ACROSS>
struct Block {
  using Warp = WarpTile<GM, GN>;
  static constexpr int M = DOWN * Warp::M, N = ACROSS * Warp::N, THREADS = 32 * DOWN * ACROSS;
  const int m = threadIdx.x / 32 / ACROSS * Warp::M, n = threadIdx.x / 32 % ACROSS * Warp::N;
  Warp sums;

  // Takes slices of DEPTH to shared memory, which holds two: one barrier for each slice. Lines are 4 numbers longer
  // than a tile, so that 4 lanes along a side times 8 along depth store to 32 banks.
  template <class Left, class Right>
  __device__ void multiply(Left& left, Right& right, unsigned start, unsigned stop) {
    __shared__ __align__(16) float a[2][DEPTH][M + 4];
    __shared__ __align__(16) float b[2][DEPTH][N + 4];
    float next_a[Left::COUNT], next_b[Right::COUNT];
    int half = 0;
    if (start < stop) fetch(left, start, next_a), fetch(right, start, next_b);
    for (unsigned k = start; k < stop; k += DEPTH, half ^= 1) {
#pragma unroll
      for (int i = 0; i < Left::COUNT; i++) a[half][left.depth(i)][left.side(i)] = next_a[i];
#pragma unroll
      for (int i = 0; i < Right::COUNT; i++) b[half][right.depth(i)][right.side(i)] = next_b[i];
      __syncthreads();
      if (k + DEPTH < stop) fetch(left, k + DEPTH, next_a), fetch(right, k + DEPTH, next_b);
      sums.template add<DEPTH, M + 4, N + 4>(&a[half][0][m], &b[half][0][n]);
    }
  }

  template <class Operand>
  static __device__ void fetch(Operand& operand, unsigned k, float (&next)[Operand::COUNT]) {
    operand.step(k);
#pragma unroll
    for (int i = 0; i < Operand::COUNT; i++) {
      const Source source = operand.source(i);
      next[i] = source.real ? *source.from : 0.0f;
    }
  }

  template <class Results>
  __device__ void put(const Results& results) const {
    sums.each([&](int i, int j, float4 v) { results.put(m + i, n + j, Together<4>{v.x, v.y, v.z, v.w}); });
  }
};

// slide and paint. A blockIdx.z is a share of `chunk` terms, with results of its own. Two blocks of 256 threads fit a
// processor if a thread keeps to 128 registers.
template <int GM, int GN, int DOWN, int ACROSS>
__global__ void __launch_bounds__(32 * DOWN * ACROSS, DOWN * ACROSS == 8 ? 2 : 3)
    conv_sums(const float* x, const float* w, const float* b, float* y, const int* plan, int N, int chunk) {
  Block<GM, GN, DOWN, ACROSS> block;
  __shared__ int target[block.N];
  const Part part = part_of(plan, blockIdx.y);
  const unsigned columns = unsigned(N) * part.spots, start = blockIdx.z * chunk;
  const Tile tile(part, columns, block.M, block.N);
  if (tile.group >= part.groups) return;  // a part with fewer spots than the largest
  find_targets(part, tile, columns, target, block.N);
  Filters<block.THREADS, block.M, DEPTH> filters(part, plan, w, tile);
  Windows<block.THREADS, block.N, DEPTH> windows(part, plan, x, tile, columns);
  block.multiply(filters, windows, start, min(start + chunk, part.terms));
  block.put(Results(part, tile, y, b, target, N));
}

// match keeps more in registers than slide: before sm_90, two large blocks on a processor would spill.
#if __CUDA_ARCH__ >= 900
constexpr int LARGE_BLOCKS = 2;
#else
constexpr int LARGE_BLOCKS = 1;
#endif

// match. A blockIdx.y is a share of `chunk` spots, with filters of its own.
template <int GM, int GN, int DOWN, int ACROSS>
__global__ void __launch_bounds__(32 * DOWN * ACROSS, DOWN * ACROSS == 8 ? LARGE_BLOCKS : 3)
    conv_match(const float* x, const float* y, float* w, const int* plan, int N, int chunk) {
  Block<GM, GN, DOWN, ACROSS> block;
  const Part part = part_of(plan, 0);
  const Tile tile(part, part.terms, block.M, block.N);
  const unsigned start = blockIdx.y * unsigned(chunk), stop = min(start + chunk, unsigned(N) * part.spots);
  Outputs<block.THREADS, block.M, DEPTH> outputs(part, y, tile, stop);
  Shifted<block.THREADS, block.N, DEPTH> shifted(part, plan, x, tile, stop);
  block.multiply(outputs, shifted, start, stop);
  block.put(Matched<true>(part, plan, tile, w));
}

// INSTANCE: {conv_sums|conv_match}<{2, 2, 4, 2|2, 2, 2, 2|2, 1, 2, 2|2, 1, 1, 4}>
