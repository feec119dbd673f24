// C = A B in float32, one idea added per kernel. A (M, K), B (K, N) and C (M, N) lie in rows; M and N come in whole
// tiles of 128, K in whole slices of 32. The kernels for any size, layout and batch are matmul.cu and matmul_tensor.cu.
//
//     each number of A is needed N times and each of B M times: how often is it read, and from where?
#include "tile.cuh"

// 1. A thread per number of C. Neighbours in a warp take neighbouring rows: for each k they read 32 numbers of A from
// 32 lines of memory, and use 4 of every 32 bytes that arrive.
__global__ void one_each(const float* A, const float* B, float* C, int M, int N, int K) {
  const int m = blockIdx.x * 32 + threadIdx.x % 32, n = blockIdx.y * 8 + threadIdx.x / 32;
  float sum = 0.0f;
  for (int k = 0; k < K; k++) sum += A[m * K + k] * B[k * N + n];
  C[m * N + n] = sum;
}

// 2. The same with neighbours along a row: they read one number of A, which all share, and 32 neighbours of B.
__global__ void coalesced(const float* A, const float* B, float* C, int M, int N, int K) {
  const int n = blockIdx.x * 32 + threadIdx.x % 32, m = blockIdx.y * 8 + threadIdx.x / 32;
  float sum = 0.0f;
  for (int k = 0; k < K; k++) sum += A[m * K + k] * B[k * N + n];
  C[m * N + n] = sum;
}

// 3. A block of 32 × 32 threads takes tiles of A and B to shared memory: each number is read once per tile of C, not
// once per number of C. Two barriers: all have written before any reads, all have read before any writes again.
__global__ void shared_tile(const float* A, const float* B, float* C, int M, int N, int K) {
  __shared__ float a[32][32];
  __shared__ float b[32][32];
  const int i = threadIdx.x / 32, j = threadIdx.x % 32, m = blockIdx.y * 32 + i, n = blockIdx.x * 32 + j;
  float sum = 0.0f;
  for (int k0 = 0; k0 < K; k0 += 32) {
    a[i][j] = A[m * K + k0 + j];
    b[i][j] = B[(k0 + i) * N + n];
    __syncthreads();
    for (int k = 0; k < 32; k++) sum += a[i][k] * b[k][j];
    __syncthreads();
  }
  C[m * N + n] = sum;
}

// 4. A thread makes 8 numbers of a column: a number of B, once in a register, serves 8 rows.
__global__ void column_each(const float* A, const float* B, float* C, int M, int N, int K) {
  __shared__ float a[64][8];
  __shared__ float b[8][64];
  const int m0 = blockIdx.y * 64, n0 = blockIdx.x * 64, i = threadIdx.x / 64, j = threadIdx.x % 64;
  float sum[8] = {};
  for (int k0 = 0; k0 < K; k0 += 8) {
    a[threadIdx.x / 8][threadIdx.x % 8] = A[(m0 + threadIdx.x / 8) * K + k0 + threadIdx.x % 8];
    b[i][j] = B[(k0 + i) * N + n0 + j];
    __syncthreads();
    for (int k = 0; k < 8; k++) {
      const float right = b[k][j];
#pragma unroll
      for (int r = 0; r < 8; r++) sum[r] += a[i * 8 + r][k] * right;
    }
    __syncthreads();
  }
#pragma unroll
  for (int r = 0; r < 8; r++) C[(m0 + i * 8 + r) * N + n0 + j] = sum[r];
}

// 5. A thread makes a square of 8 × 8: 16 reads for 64 multiply-adds. A tile of 128 × 128 for 256 threads.
__global__ void __launch_bounds__(256) square_each(const float* A, const float* B, float* C, int M, int N, int K) {
  __shared__ float a[128][8];
  __shared__ float b[8][128];
  const int m0 = blockIdx.y * 128, n0 = blockIdx.x * 128, i = threadIdx.x / 16 * 8, j = threadIdx.x % 16 * 8;
  float sum[8][8] = {};
  for (int k0 = 0; k0 < K; k0 += 8) {
    for (int e = threadIdx.x; e < 1024; e += 256) {
      a[e / 8][e % 8] = A[(m0 + e / 8) * K + k0 + e % 8];
      b[e / 128][e % 128] = B[(k0 + e / 128) * N + n0 + e % 128];
    }
    __syncthreads();
#pragma unroll
    for (int k = 0; k < 8; k++)
#pragma unroll
      for (int r = 0; r < 8; r++)
#pragma unroll
        for (int s = 0; s < 8; s++) sum[r][s] += a[i + r][k] * b[k][j + s];
    __syncthreads();
  }
#pragma unroll
  for (int r = 0; r < 8; r++)
#pragma unroll
    for (int s = 0; s < 8; s++) C[(m0 + i + r) * N + n0 + j + s] = sum[r][s];
}

// Four neighbours in one load or store of 16 bytes.
__device__ float4 four(const float* x) { return *(const float4*)x; }
__device__ void put_four(float* x, float4 v) { *(float4*)x = v; }

// What a thread brings of a slice of 128 rows × 8 of A: four k of one row. Turned, four rows lie side by side.
__device__ void put_turned(float (*a)[132], float4 v) {
  const int row = threadIdx.x / 2, k = threadIdx.x % 2 * 4;
  a[k][row] = v.x, a[k + 1][row] = v.y, a[k + 2][row] = v.z, a[k + 3][row] = v.w;
}

// 6. The same by fours: 2 loads and 5 stores for a slice instead of 8 and 8. Shared memory is read by fours as well, 4
// times for 64 multiply-adds; the compiler did that for rung 5 by itself.
__global__ void __launch_bounds__(256) by_fours(const float* A, const float* B, float* C, int M, int N, int K) {
  __shared__ __align__(16) float a[8][132];
  __shared__ __align__(16) float b[8][128];
  const int m0 = blockIdx.y * 128, n0 = blockIdx.x * 128, i = threadIdx.x / 16 * 8, j = threadIdx.x % 16 * 8;
  const float* from_a = A + (m0 + threadIdx.x / 2) * K + threadIdx.x % 2 * 4;
  const float* from_b = B + threadIdx.x / 32 * N + n0 + threadIdx.x % 32 * 4;
  float sum[8][8] = {};
  for (int k0 = 0; k0 < K; k0 += 8) {
    put_turned(a, four(from_a + k0));
    put_four(&b[threadIdx.x / 32][threadIdx.x % 32 * 4], four(from_b + k0 * N));
    __syncthreads();
#pragma unroll
    for (int k = 0; k < 8; k++) {
      __align__(16) float left[8];
      __align__(16) float right[8];
      put_four(&left[0], four(&a[k][i])), put_four(&left[4], four(&a[k][i + 4]));
      put_four(&right[0], four(&b[k][j])), put_four(&right[4], four(&b[k][j + 4]));
#pragma unroll
      for (int r = 0; r < 8; r++)
#pragma unroll
        for (int s = 0; s < 8; s++) sum[r][s] += left[r] * right[s];
    }
    __syncthreads();
  }
#pragma unroll
  for (int r = 0; r < 8; r++)
#pragma unroll
    for (int s = 0; s < 8; s += 4)
      put_four(&C[(m0 + i + r) * N + n0 + j + s], make_float4(sum[r][s], sum[r][s + 1], sum[r][s + 2], sum[r][s + 3]));
}

// 7. The tile is divided among warps, so that a warp reads few different numbers (tile.cuh). The next slice is on its
// way to registers while this one is multiplied, and goes to the other half of shared memory: one barrier per slice.
// These registers are the price: about 145 a thread, more than the 128 that let two blocks run on a processor.
__global__ void __launch_bounds__(256) warp_tiles(const float* A, const float* B, float* C, int M, int N, int K) {
  __shared__ __align__(16) float a[2][8][132];
  __shared__ __align__(16) float b[2][8][128];
  const int m0 = blockIdx.y * 128, n0 = blockIdx.x * 128, line = threadIdx.x / 32, at = threadIdx.x % 32 * 4;
  const int m = threadIdx.x / 64 * 32, n = threadIdx.x / 32 % 2 * 64;
  const float* from_a = A + (m0 + threadIdx.x / 2) * K + threadIdx.x % 2 * 4;
  const float* from_b = B + line * N + n0 + at;
  put_turned(a[0], four(from_a));
  put_four(&b[0][line][at], four(from_b));
  __syncthreads();
  WarpTile<2, 2> tile;
  for (int k = 0, now = 0; k < K; k += 8, now ^= 1) {
    const int next = k + 8 < K ? k + 8 : k;
    const float4 next_a = four(from_a + next), next_b = four(from_b + next * N);
    tile.add<8, 132, 128>(&a[now][0][m], &b[now][0][n]);
    put_turned(a[now ^ 1], next_a);
    put_four(&b[now ^ 1][line][at], next_b);
    __syncthreads();
  }
  tile.each([&](int i, int j, float4 v) { put_four(&C[(m0 + m + i) * N + n0 + n + j], v); });
}

// INSTANCE: {one_each|coalesced|shared_tile|column_each|square_each|by_fours|warp_tiles}
