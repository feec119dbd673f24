// Depthwise convolution of images, one filter of R × R taps per channel, and the gradient of the filters.
//
//     y[c, p, q] = b[c] + Σ_rs w[c, r, s] x[c, stride·p + r - padding, ...]          w[c, r, s] = Σ y[c, p, q] x[...]
//
// 8 bytes for each result, and R² multiply-adds: bound by memory, if the rest takes few instructions. So a thread
// computes ROWS results below one another: a pixel that it reads serves up to R of them, a test of a row or a column
// serves R pixels, and all counts are known when it is compiled. Neighbours in a warp are neighbours along a row.
//
// With stride 1 the image's gradient is the same thing with filters TURNED by half, and with R - 1 - padding.
#include "team.cuh"

constexpr int BLOCK = 256, ROWS = 4;

__device__ unsigned strips_of(int P, int Q) { return unsigned(P + ROWS - 1) / ROWS * Q; }  // in a plane of results

// The ROWS results of a thread, in the i-th strip of a plane, and the pixels that they see.
template <int R, int STRIDE>
struct Strip {
  static constexpr int HIGH = (ROWS - 1) * STRIDE + R;  // rows of pixels
  int p, q, h, w;

  __device__ Strip(unsigned i, int Q, int padding_h, int padding_w) {
    p = i / Q * ROWS, q = i % Q;
    h = p * STRIDE - padding_h, w = q * STRIDE - padding_w;
  }

  // f(row, s, pixel) for all of them, zero outside the image.
  template <class F>
  __device__ void see(const float* x, int plane, int H, int W, F f) const {
    const float* from = x + (size_t(plane) * H + h) * W + w;
    bool inside[R];
#pragma unroll
    for (int s = 0; s < R; s++) inside[s] = unsigned(w + s) < unsigned(W);
#pragma unroll
    for (int row = 0; row < HIGH; row++) {
      const bool real = unsigned(h + row) < unsigned(H);
#pragma unroll
      for (int s = 0; s < R; s++) f(row, s, real && inside[s] ? from[row * W + s] : 0.0f);
    }
  }
};

template <int R, int STRIDE, bool TURNED>
__global__ void __launch_bounds__(BLOCK) depthwise(
    const float* x, const float* w, const float* b, float* y, int planes, int C, int H, int W, int P, int Q,
    int padding_h, int padding_w) {
  const unsigned i = blockIdx.x * unsigned(BLOCK) + threadIdx.x, strips = strips_of(P, Q), plane = i / strips;
  if (plane >= planes) return;
  const Strip<R, STRIDE> strip(i - plane * strips, Q, padding_h, padding_w);
  const int c = plane % C;
  float taps[R * R], sums[ROWS];
#pragma unroll
  for (int t = 0; t < R * R; t++) taps[t] = w[c * R * R + (TURNED ? R * R - 1 - t : t)];
#pragma unroll
  for (int m = 0; m < ROWS; m++) sums[m] = b ? b[c] : 0.0f;
  strip.see(x, plane, H, W, [&](int row, int s, float v) {
#pragma unroll
    for (int m = 0; m < ROWS; m++) {
      const int r = row - m * STRIDE;
      if (r >= 0 && r < R) sums[m] += taps[r * R + s] * v;
    }
  });
  float* to = y + (size_t(plane) * P + strip.p) * Q + strip.q;
#pragma unroll
  for (int m = 0; m < ROWS; m++)
    if (strip.p + m < P) to[m * Q] = sums[m];
}

// A blockIdx.x is a channel, a blockIdx.y a share of its strips in N images, with filters of its own.
template <int R, int STRIDE>
__global__ void __launch_bounds__(BLOCK) depthwise_match(
    const float* x, const float* y, float* w, int N, int C, int H, int W, int P, int Q, int padding_h, int padding_w) {
  const unsigned strips = strips_of(P, Q), c = blockIdx.x;
  float sums[R * R] = {};
  for (unsigned i = blockIdx.y * BLOCK + threadIdx.x; i < N * strips; i += gridDim.y * BLOCK) {
    const int image = i / strips, plane = image * C + c;
    const Strip<R, STRIDE> strip(i - image * strips, Q, padding_h, padding_w);
    const float* from = y + (size_t(plane) * P + strip.p) * Q + strip.q;
    const int real = P - strip.p;
    float outputs[ROWS];
#pragma unroll
    for (int m = 0; m < ROWS; m++) outputs[m] = m < real ? from[m * Q] : 0.0f;
    strip.see(x, plane, H, W, [&](int row, int s, float v) {
#pragma unroll
      for (int m = 0; m < ROWS; m++) {
        const int r = row - m * STRIDE;
        if (r >= 0 && r < R && m < real) sums[r * R + s] += outputs[m] * v;  // 0 · ∞ would not be 0
      }
    });
  }
#pragma unroll
  for (int t = 0; t < R * R; t++) {
    const float sum = over_team<Sum, BLOCK>(sums[t]);
    if (threadIdx.x == 0) w[(size_t(blockIdx.y) * C + c) * R * R + t] = sum;
  }
}

// INSTANCE: depthwise<{3, 1, false|3, 1, true|3, 2, false|5, 1, false|5, 1, true|7, 1, false|7, 1, true}>
// INSTANCE: depthwise_match<{3, 1|3, 2|5, 1|7, 1}>
