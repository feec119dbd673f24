// The two products of attention on CUDA cores: float32 throughout.
//
// A block of 128 threads holds 64 × N numbers in registers. Its threads form 8 rows of 16; each has rows and columns
// dealt out like cards:
//
//     rows      r, r + 8, … r + 56         r = thread / 16
//     columns   c, c + 16, … below N       c = thread % 16
//
// For four steps of a sum a thread reads 8 pieces of 16 bytes of the left factor, which 16 lanes share, and N / 16 of
// the right one, for 2 N multiply-adds: at N = 64, 128 of them for 12 reads.
#pragma once
#include "attention_tile.cuh"

template <int W>
struct CudaCores {
  using Memory = Floats;
  using Value = float;
  static constexpr bool ROUNDS = false;
  static constexpr int WIDTH = W, PITCH = W + 4, THREADS = 128, ROWS = 64, QUERIES = 32;
  static constexpr int AT_ONCE = W <= 64 ? 3 : 2, AT_ONCE_DQ = AT_ONCE;  // blocks that have registers
  static constexpr int LANES = 16, HELD_ROWS = 8;  // lanes that share a row; rows of which a thread has a part

  template <int N>
  struct Block {
    static constexpr int COLUMNS = N, HELD_COLUMNS = N / LANES;
    float part[HELD_ROWS][HELD_COLUMNS] = {};
    __device__ float& at(int i, int j) { return part[i][j]; }
  };
  using Sums = Block<W>;

  static __device__ int row(int i) { return threadIdx.x / LANES + ROWS / HELD_ROWS * i; }
  static __device__ int column(int j) { return threadIdx.x % LANES + LANES * j; }
  static __device__ int first_row() { return 0; }  // of those of this warp
  static __device__ int last_row() { return ROWS - 1; }

  static __device__ void put(float* place, float4 v) { *(float4*)place = v; }

  // s = a bᵀ, with ROWS lines of a and N of b.
  template <int N>
  static __device__ void multiply(Block<N>& s, const float* a, const float* b) {
    s = Block<N>();
#pragma unroll 1
    for (int e = 0; e < W; e += 4) {
      float4 right[N / LANES];
#pragma unroll
      for (int j = 0; j < N / LANES; j++) right[j] = *(const float4*)&b[column(j) * PITCH + e];
#pragma unroll
      for (int i = 0; i < HELD_ROWS; i++) {
        const float4 left = *(const float4*)&a[row(i) * PITCH + e];
#pragma unroll
        for (int j = 0; j < N / LANES; j++)
          s.at(i, j) += left.x * right[j].x + left.y * right[j].y + left.z * right[j].z + left.w * right[j].w;
      }
    }
  }

  // y += p x, with N lines of x. Rows of p are handed round through shared memory: among 16 lanes of one warp, so that
  // the warp need not wait for others.
  template <int N>
  static __device__ void add_product(Sums& y, Block<N>& p, const float* x, float* scratch) {
    __syncwarp();  // lanes may still read what was there
#pragma unroll
    for (int i = 0; i < HELD_ROWS; i++)
#pragma unroll
      for (int j = 0; j < N / LANES; j++) scratch[row(i) * (N + 4) + column(j)] = p.at(i, j);
    __syncwarp();
#pragma unroll 1
    for (int n = 0; n < N; n += 4) {
      float4 left[HELD_ROWS];
#pragma unroll
      for (int i = 0; i < HELD_ROWS; i++) left[i] = *(const float4*)&scratch[row(i) * (N + 4) + n];
#pragma unroll
      for (int j = 0; j < W / LANES; j++) {
        const float* right = &x[n * PITCH + column(j)];
        const float b0 = right[0], b1 = right[PITCH], b2 = right[2 * PITCH], b3 = right[3 * PITCH];
#pragma unroll
        for (int i = 0; i < HELD_ROWS; i++)
          y.at(i, j) += left[i].x * b0 + left[i].y * b1 + left[i].z * b2 + left[i].w * b3;
      }
    }
  }
};
