// C = A B in float32, of any size: A (M, K), B (K, N), C (M, N), each factor as it is or transposed, alone or in a
// batch.
//
//     2 M N K flops,   4 (M K + K N + M N) bytes
//
// Large products are bound by arithmetic: 4096³ is 137 Gflop for 201 MB. Everything here serves one end, that the
// multipliers never wait. A number from global memory goes to shared memory, where all warps of a block use it: a
// tile of 128 × 128 needs 1/128 of the reads of a thread per number. From there it goes to registers (tile.cuh),
// where it is used 8 times. While a block multiplies one slice of 16 k, the next is on its way to the other half of
// shared memory, by copies that hold no register. One barrier per slice is enough.
//
// Where C has too few tiles to fill a GPU, several blocks share a tile, each with a part of k. Each stores its sums
// in a C of its own, and sum_of_parts adds these in order: the result is the same from run to run.
#include "matmul_block.cuh"
#include "tile.cuh"

constexpr int DEPTH = 16;

// Stores four neighbours, or as many as are left in their line. `fours` says that lines are made of whole fours.
__device__ void put_four(float* y, float4 v, int left, bool fours) {
  if (fours) {
    if (left > 0) *(float4*)y = v;
    return;
  }
  if (left > 0) y[0] = v.x;
  if (left > 1) y[1] = v.y;
  if (left > 2) y[2] = v.z;
  if (left > 3) y[3] = v.w;
}

// Copies slices of A or B, SIDE rows or columns × DEPTH, to shared memory, where lines never run along k.
template <int SIDE, int THREADS, bool DEEP>
struct Copier;

// Lines along k have to be turned: each number is copied on its own. A warp takes 8 k of 4 lines, whole sectors of
// global memory; with lines of SIDE + 4 in shared memory these go to banks 4 k + line, each bank once.
template <int SIDE, int THREADS>
struct Copier<SIDE, THREADS, true> {
  static constexpr int PITCH = SIDE + 4, LINES = THREADS / 8, ROUNDS = SIDE / LINES;
  const float* from;
  int rest, to, offset[ROUNDS];  // rest: how many k are left

  // Lines beyond the last are read as the last: what comes of them is not stored.
  __device__ Copier(const float* x, int first, int sides, int K, int start, bool) {
    const int line = threadIdx.x / 8, k = threadIdx.x % 8;
    from = x + start + k;
    rest = K - start - k;
    to = k * PITCH + line;
#pragma unroll
    for (int r = 0; r < ROUNDS; r++) offset[r] = min(first + line + r * LINES, sides - 1) * K;
  }

  __device__ void copy(float* slice) {
#pragma unroll
    for (int r = 0; r < ROUNDS; r++)
#pragma unroll
      for (int k = 0; k < DEPTH; k += 8) cp_async4(&slice[to + k * PITCH + r * LINES], from + offset[r] + k, rest > k);
    from += DEPTH;
    rest -= DEPTH;
  }
};

// Other lines are copied as they are, in fours if all of these are whole and aligned.
template <int SIDE, int THREADS>
struct Copier<SIDE, THREADS, false> {
  static constexpr int PITCH = SIDE, LINES = THREADS / (SIDE / 4);
  const float* from;
  int rest, to, left, length;  // left: how many numbers are left in a line
  bool fours;

  __device__ Copier(const float* x, int first, int sides, int K, int start, bool fours)
      : length(sides), fours(fours) {
    const int line = threadIdx.x / (SIDE / 4), at = threadIdx.x % (SIDE / 4) * 4;
    from = x + size_t(start + line) * length + first + at;
    rest = K - start - line;
    to = line * PITCH + at;
    left = length - first - at;
  }

  __device__ void copy(float* slice) {
    if (fours) {
#pragma unroll
      for (int k = 0; k < DEPTH; k += LINES)
        cp_async16(&slice[to + k * PITCH], from + size_t(k) * length, left > 0 && rest > k);
    } else {
#pragma unroll
      for (int k = 0; k < DEPTH; k += LINES)
#pragma unroll
        for (int e = 0; e < 4; e++)
          cp_async4(&slice[to + k * PITCH + e], from + size_t(k) * length + e, left > e && rest > k);
    }
    from += size_t(DEPTH) * length;
    rest -= DEPTH;
  }
};

// A block is DOWN × ACROSS warps; two of 256 threads fit a processor if a thread keeps to 128 registers. A step leads
// from a factor of one product to that of the next in the batch, and is 0 for a factor that all share.
template <int GM, int GN, int DOWN, int ACROSS, bool DEEP_A, bool DEEP_B>
__global__ void __launch_bounds__(32 * DOWN * ACROSS, 16 / (DOWN * ACROSS))
    sgemm(const float* a, const float* b, float* c, int M, int N, int K, int depth, long long a_step,
          long long b_step, bool a_fours, bool b_fours) {
  using Tile = WarpTile<GM, GN>;
  constexpr int BM = DOWN * Tile::M, BN = ACROSS * Tile::N, THREADS = 32 * DOWN * ACROSS;
  using A = Copier<BM, THREADS, DEEP_A>;
  using B = Copier<BN, THREADS, DEEP_B>;
  __shared__ __align__(16) float left[2][DEPTH * A::PITCH];
  __shared__ __align__(16) float right[2][DEPTH * B::PITCH];
  const Place<BM, BN> place(M, N, K, depth);
  const int warp = threadIdx.x / 32, m = warp / ACROSS * Tile::M, n = warp % ACROSS * Tile::N;
  A from_a(a + place.batch * a_step, place.m, M, K, place.start, a_fours);
  B from_b(b + place.batch * b_step, place.n, N, K, place.start, b_fours);
  float* corner = c + place.result + size_t(place.m + m) * N + place.n + n;
  const int below = M - place.m - m, beside = N - place.n - n;
  Tile tile;
  stream<2>((place.length - 1) / DEPTH + 1, [&](int s) { from_a.copy(left[s]), from_b.copy(right[s]); },
            [&](int s) { tile.template add<DEPTH, A::PITCH, B::PITCH>(&left[s][m], &right[s][n]); });
  tile.each([&](int i, int j, float4 v) {
    if (i < below) put_four(corner + size_t(i) * N + j, v, beside - j, N % 4 == 0);
  });
}

__global__ void sum_of_parts(const float* parts, float* c, long long size, int count) {
  const long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x;
  if (i >= size) return;
  float sum = 0.0f;
  for (int p = 0; p < count; p++) sum += parts[p * size + i];
  c[i] = sum;
}

// INSTANCE: sgemm<{2, 2, 4, 2|2, 1, 2, 2}, {true, false|true, true|false, false}>
// INSTANCE: sum_of_parts
