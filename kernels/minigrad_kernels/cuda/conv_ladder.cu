// The first rungs of a ladder: a convolution of stride 1 that keeps the size of its images, from definition to tiles.
//
//     y[n, k, p, q] = Σ_crs w[k, c, r, s] x[n, c, p + r - R/2, q + s - R/2]         R × R taps, R odd
//
// 2 N K H W C R² flops. The rungs differ in how many bytes they read for each, and from where.


// A pixel of an image, zero outside.
__device__ float pixel(const float* plane, int h, int w, int H, int W) {
  return h >= 0 && h < H && w >= 0 && w < W ? plane[h * W + w] : 0.0f;
}

// A thread for each result. Neighbours in a warp read neighbouring pixels and the same filter, but every multiply-add
// reads two numbers, from the first-level cache at best: 8 bytes for 2 flops, and a test. Bound by those reads.
__global__ void __launch_bounds__(256)
    conv_naive(const float* x, const float* w, float* y, int N, int C, int K, int H, int W, int R) {
  const long long i = blockIdx.x * 256LL + threadIdx.x;
  if (i >= (long long)N * K * H * W) return;
  const int q = i % W, p = i / W % H, k = i / W / H % K, n = i / W / H / K;
  float sum = 0.0f;
  for (int c = 0; c < C; c++)
    for (int r = 0; r < R; r++)
      for (int s = 0; s < R; s++) {
        const float v = pixel(x + (size_t(n) * C + c) * H * W, p + r - R / 2, q + s - R / 2, H, W);
        sum += v * w[((size_t(k) * C + c) * R + r) * R + s];
      }
  y[i] = sum;
}

constexpr int SIDE = 16, MOST = 7;  // of a tile of results; taps along an axis

// A block for 16 × 16 results of a channel: each pixel that they see is read from memory once per filter and not R²
// times, with its border of zeros, so no test is left in the inner loop. Still a thread reads two numbers for a
// multiply-add, now from shared memory. Bound by those reads, and images are read again for each of K filters.
__global__ void __launch_bounds__(SIDE * SIDE)
    conv_shared(const float* x, const float* w, float* y, int N, int C, int K, int H, int W, int R) {
  __shared__ float seen[SIDE + MOST - 1][SIDE + MOST - 1];
  __shared__ float taps[MOST * MOST];
  const int across = (W + SIDE - 1) / SIDE, down = (H + SIDE - 1) / SIDE;
  const int q0 = blockIdx.x % across * SIDE, p0 = blockIdx.x / across % down * SIDE, image = blockIdx.x / across / down;
  const int k = image % K, n = image / K, row = threadIdx.x / SIDE, column = threadIdx.x % SIDE, wide = SIDE + R - 1;
  float sum = 0.0f;
  for (int c = 0; c < C; c++) {
    __syncthreads();  // the channel before is in use
    for (int i = threadIdx.x; i < wide * wide; i += SIDE * SIDE) {
      const int h = p0 + i / wide - R / 2, at = q0 + i % wide - R / 2;
      seen[i / wide][i % wide] = pixel(x + (size_t(n) * C + c) * H * W, h, at, H, W);
    }
    if (threadIdx.x < R * R) taps[threadIdx.x] = w[(size_t(k) * C + c) * R * R + threadIdx.x];
    __syncthreads();
    for (int r = 0; r < R; r++)
      for (int s = 0; s < R; s++) sum += seen[row + r][column + s] * taps[r * R + s];
  }
  if (p0 + row < H && q0 + column < W) y[((size_t(n) * K + k) * H + p0 + row) * W + q0 + column] = sum;
}

// The same sums as a product of matrices, w (K, CRS) times windows (CRS, NHW), in tiles of 16 × 16. The matrix of
// windows is not stored: a thread finds the one pixel that it adds to a tile. So images are read once for 16 filters. A
// thread still reads two numbers from shared memory for a multiply-add. Bound by those reads.
__global__ void __launch_bounds__(SIDE * SIDE)
    conv_gathered(const float* x, const float* w, float* y, int N, int C, int K, int H, int W, int R) {
  __shared__ float a[SIDE][SIDE + 1];
  __shared__ float b[SIDE][SIDE];
  const int row = threadIdx.x / SIDE, column = threadIdx.x % SIDE, terms = C * R * R, down = (K + SIDE - 1) / SIDE;
  const int k = blockIdx.x % down * SIDE + row, spots = N * H * W, spot = blockIdx.x / down * SIDE + column;
  const int q = spot % W, p = spot / W % H, n = spot / W / H;
  float sum = 0.0f;
  for (int start = 0; start < terms; start += SIDE) {
    const int term = start + row, c = term / (R * R), r = term / R % R, s = term % R;
    a[row][column] = k < K && start + column < terms ? w[size_t(k) * terms + start + column] : 0.0f;
    const bool real = spot < spots && term < terms;
    b[row][column] = real ? pixel(x + (size_t(n) * C + c) * H * W, p + r - R / 2, q + s - R / 2, H, W) : 0.0f;
    __syncthreads();
    for (int t = 0; t < SIDE; t++) sum += a[row][t] * b[t][column];
    __syncthreads();
  }
  if (k < K && spot < spots) y[((size_t(n) * K + k) * H + p) * W + q] = sum;
}

// INSTANCE: {conv_naive|conv_shared|conv_gathered}
