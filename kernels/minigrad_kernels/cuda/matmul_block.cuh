// What blocks of a matrix product have in common: where each works, and how it keeps slices of A and B coming.
#pragma once
#include "mma.cuh"

// Which tile of which product a block computes, and over which k.
//
//     blockIdx.x    the tiles of all products of a batch; those of one product in bands of 8 rows of tiles, down each
//                   column of a band, so that blocks that run at one time share few rows of A and few columns of B and
//                   find them in the second-level cache
//     blockIdx.y    parts of the sum over k, where one block per tile would leave processors idle
template <int BM, int BN>
struct Place {
  static constexpr int BAND = 8;
  int m, n;           // first row and column of the tile
  int start, length;  // its k
  size_t batch;       // its product
  size_t result;      // where the result of its product starts in C: parts outside, then products

  __device__ Place(int M, int N, int K, int depth) {
    const unsigned down = (M - 1) / BM + 1, across = (N - 1) / BN + 1, tiles = down * across;
    const unsigned tile = blockIdx.x % tiles, first = tile / (BAND * across) * BAND, height = min(down - first, BAND);
    m = (first + tile % (BAND * across) % height) * BM;
    n = tile % (BAND * across) / height * BN;
    start = blockIdx.y * depth;
    length = min(depth, K - start);
    batch = blockIdx.x / tiles;
    result = (blockIdx.y * size_t(gridDim.x / tiles) + batch) * M * N;
  }
};

// Calls multiply(s) for slice after slice, each copied before by copy(s), s the stage that it lies in. While one is
// multiplied the next STAGES - 1 are on their way. A thread waits for its own copies, the barrier for those of all;
// past the barrier all have multiplied the slice before, and its stage is free.
template <int STAGES, class Copy, class Multiply>
__device__ void stream(int slices, Copy copy, Multiply multiply) {
#pragma unroll
  for (int s = 0; s < STAGES - 1; s++) {
    if (s < slices) copy(s);
    cp_async_commit();
  }
  for (int now = 0, next = STAGES - 1; slices > 0; slices--) {
    cp_async_wait<STAGES - 2>();
    __syncthreads();
    if (slices > STAGES - 1) copy(next);
    cp_async_commit();
    multiply(now);
    now = now + 1 < STAGES ? now + 1 : 0;
    next = next + 1 < STAGES ? next + 1 : 0;
  }
}
