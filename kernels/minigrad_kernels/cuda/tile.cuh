// A warp's tile of C = A B in registers: the inner loop of every product on CUDA cores.
//
// A block holds a slice of A and a slice of B in shared memory, both with k outside: a[k][m], b[k][n]. Its warps
// divide the tile of C among them, the 32 lanes of a warp the warp's tile. For every k a lane reads 4 GM numbers of A
// and 4 GN of B and multiplies each with each: 16 GM·GN multiply-adds for GM + GN reads of 16 bytes.
//
//     the warp's tile   GM × GN groups of 16 rows × 32 columns
//     a group           4 × 8 lanes, each with 4 rows × 4 columns
//
// How lanes are numbered within a group matters. Shared memory serves 16-byte reads of half a warp at once where
// lanes l and l ^ 1, or l and l ^ 2, read the same address, else of a quarter. Here l and l ^ 1 stand in one column
// and share b, l and l ^ 2 stand in one row and share a.
//
//     WarpTile<2, 2> tile;                                      32 × 64, sums start at 0
//     tile.add<DEPTH, PITCH_A, PITCH_B>(&a[0][m], &b[0][n]);    m, n: where this warp's tile starts
//     tile.each([&](int m, int n, float4 c) { ... });           four neighbours c[m][n .. n+3], relative to that start
#pragma once

template <int GM, int GN>
struct WarpTile {
  static constexpr int M = 16 * GM, N = 32 * GN;
  float sum[4 * GM][4 * GN] = {};
  int row, column;

  __device__ WarpTile() {
    const int lane = threadIdx.x % 32;
    row = (lane / 16 * 2 + lane % 2) * 4;
    column = lane / 2 % 8 * 4;
  }

  // sum[m][n] += Σ_k a[k][m] b[k][n] for k < DEPTH. Pitches are the lengths of a line of a and of b, multiples of 4.
  template <int DEPTH, int PITCH_A, int PITCH_B>
  __device__ void add(const float* a, const float* b) {
#pragma unroll
    for (int k = 0; k < DEPTH; k++) {
      __align__(16) float left[4 * GM];
      __align__(16) float right[4 * GN];
#pragma unroll
      for (int g = 0; g < GM; g++) *(float4*)&left[4 * g] = *(const float4*)&a[k * PITCH_A + 16 * g + row];
#pragma unroll
      for (int g = 0; g < GN; g++) *(float4*)&right[4 * g] = *(const float4*)&b[k * PITCH_B + 32 * g + column];
#pragma unroll
      for (int i = 0; i < 4 * GM; i++)
#pragma unroll
        for (int j = 0; j < 4 * GN; j++) sum[i][j] += left[i] * right[j];
    }
  }

  template <class F>
  __device__ void each(F f) const {
#pragma unroll
    for (int i = 0; i < 4 * GM; i++)
#pragma unroll
      for (int j = 0; j < GN; j++) {
        const float* four = &sum[i][4 * j];
        f(i / 4 * 16 + row + i % 4, 32 * j + column, make_float4(four[0], four[1], four[2], four[3]));
      }
  }
};
