// Convolution and its two gradients in TF32 on tensor cores: the products of conv.cu, with factors rounded to 10 bits
// after the point and sums in float32.
//
// An H100 multiplies TF32 some ten times as fast as float32, but gathering takes as many instructions as before. For a
// slice of 32 terms, a warp with a tile of 64 × 64 does 128 multiplications of 16 × 8 × 8. It takes 370 instructions
// to load and round their factors; to check and copy the slice's 64 numbers of a thread one by one would take 500 more,
// and multipliers would wait. conv_send.cuh takes 160 where channels come in 32s. Copies run two slices ahead, which
// takes three panels of either factor in shared memory.
#include "conv_results.cuh"
#include "conv_send.cuh"
#include "matmul_block.cuh"

constexpr int STAGES = 3;

__device__ float* dynamic_shared() {
  extern __shared__ __align__(16) float memory[];
  return memory;
}

// Filters in the order of a part's terms, rounded, a row of each filled up with zeros. A thread makes a number.
__global__ void pack_filters(const float* w, float* packed, const int* plan) {
  const Part part = part_of(plan, blockIdx.y);
  const long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x;
  const int length = packed_length(part);
  if (i >= (long long)length * part.groups * part.rows) return;
  const int row = i / length, filter = terms_of(plan, part)[i % length].filter;
  const float* from = w + size_t(row / part.rows) * part.filters + size_t(row % part.rows) * part.row;
  packed[packed_start(part, 0) + i] = filter < 0 ? 0.0f : __uint_as_float(to_tf32(from[filter]));
}

// DOWN × ACROSS warps, each with WM rows × WN columns of the sums.
template <int WM, int WN, int DOWN, int ACROSS>
struct Block {
  static_assert(32 * DOWN * ACROSS == THREADS, "conv_send.cuh counts on it");
  static constexpr int M = DOWN * WM, N = ACROSS * WN;
  const int m = threadIdx.x / 32 / ACROSS * WM, n = threadIdx.x / 32 % ACROSS * WN;
  TensorTile<Tf32, WM, WN> sums;

  template <class Left, class Right>
  __device__ void multiply(const Left& left, const Right& right, unsigned start, unsigned stop) {
    using A = typename Left::To;
    using B = typename Right::To;
    float* slices = dynamic_shared();
    unsigned k = start;
    const auto send = [&](int stage) {
      float* slice = slices + stage * (A::SIZE + B::SIZE);
      left.send(slice, k), right.send(slice + A::SIZE, k);
      k += DEPTH;
    };
    stream<STAGES>(start < stop ? (stop - start - 1) / DEPTH + 1 : 0, send, [&](int stage) {
      const float* slice = slices + stage * (A::SIZE + B::SIZE);
      sums.template add<A, B>(slice, slice + A::SIZE, m, n);
    });
  }

  template <class Results>
  __device__ void put(const Results& results) const {
    sums.each([&](int i, int j, float c0, float c1) { results.put(m + i, n + j, Together<2>{c0, c1}); });
  }
};

// slide and paint. A blockIdx.z is a share of `chunk` terms, with results of its own.
template <int WM, int WN, int DOWN, int ACROSS>
__global__ void __launch_bounds__(THREADS)
    conv_sums_tf32(const float* x, const float* packed, const float* b, float* y, const int* plan, int N, int chunk) {
  Block<WM, WN, DOWN, ACROSS> block;
  int* target = reinterpret_cast<int*>(dynamic_shared() + STAGES * DEPTH * (block.M + block.N));
  const Part part = part_of(plan, blockIdx.y);
  const unsigned columns = unsigned(N) * part.spots, start = blockIdx.z * chunk;
  const Tile tile(part, columns, block.M, block.N);
  if (tile.group >= part.groups) return;  // a part with fewer spots than the largest
  find_targets(part, tile, columns, target, block.N);
  const Filters<block.M> filters(part, packed, tile);
  const Windows<block.N> windows(part, plan, x, tile, columns);
  block.multiply(filters, windows, start, min(start + chunk, part.terms));
  block.put(Results(part, tile, y, b, target, N));
}

// match. A blockIdx.y is a share of `chunk` spots, with filters of its own.
template <int WM, int WN, int DOWN, int ACROSS>
__global__ void __launch_bounds__(THREADS)
    conv_match_tf32(const float* x, const float* y, float* w, const int* plan, int N, int chunk) {
  Block<WM, WN, DOWN, ACROSS> block;
  const Part part = part_of(plan, 0);
  const Tile tile(part, part.terms, block.M, block.N);
  const unsigned start = blockIdx.y * unsigned(chunk), stop = min(start + chunk, unsigned(N) * part.spots);
  const Outputs<block.M> outputs(part, y, tile, stop);
  const Shifted<block.N> shifted(part, plan, x, tile, stop);
  block.multiply(outputs, shifted, start, stop);
  block.put(Matched<false>(part, plan, tile, w));
}

// INSTANCE: {conv_sums_tf32|conv_match_tf32}<{64, 64, 2, 2|64, 32, 1, 4|32, 32, 2, 2}>
// INSTANCE: pack_filters
