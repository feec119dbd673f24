// Max-pooling of images, forward and backward.
//
//     y[p] = max_r x[stride·p + dilation·r - padding]          dx[h] = Σ dy[p] over the windows p that pixel h won
//
// A window remembers its winner by the number of the tap, S·r + s, in one byte. Of equal pixels the first wins, and NaN
// wins over every number. Backward, a pixel asks the windows that see it whether it won: it is written once, by one
// thread, and its sum has a fixed order.
//
// Bytes: with windows of 2×2 side by side, 16 + 4 + 1 per window forward and as many backward; they bound it. Pixels
// that windows share come from the nearest cache. A thread has one window, or one pixel. SIDE and STEP are the taps and
// the stride of square windows without dilation, known when this is compiled; 0 and 0 stand for all others.
#include "windows.cuh"

constexpr int BLOCK = 256;

template <int SIDE, int STEP>
__device__ Axis known(Axis a) {
  return SIDE ? Axis{a.size, a.out, SIDE, STEP, a.padding, 1} : a;
}

template <int SIDE, int STEP>
__global__ void __launch_bounds__(BLOCK) max_pool(
    const float* __restrict__ x, float* __restrict__ y, unsigned char* __restrict__ winner, unsigned windows,
    int H, int W, int P, int Q, int R, int S, int stride_h, int stride_w, int padding_h, int padding_w, int dilation_h,
    int dilation_w) {
  const Axis rows = known<SIDE, STEP>({H, P, R, stride_h, padding_h, dilation_h});
  const Axis columns = known<SIDE, STEP>({W, Q, S, stride_w, padding_w, dilation_w});
  const unsigned window = blockIdx.x * BLOCK + threadIdx.x;
  if (window >= windows) return;
  const int h0 = rows.start(window / Q % P), w0 = columns.start(window % Q);
  const float* plane = x + size_t(window / Q / P) * H * W;
  const int r0 = rows.first_tap(h0), r1 = rows.end_tap(h0), s0 = columns.first_tap(w0), s1 = columns.end_tap(w0);
  float best = __int_as_float(0xff800000);  // -∞
  int number = r0 * columns.taps + s0;
#pragma unroll
  for (int r = SIDE ? 0 : r0; r < (SIDE ? SIDE : r1); r++) {
#pragma unroll
    for (int s = SIDE ? 0 : s0; s < (SIDE ? SIDE : s1); s++) {
      if (SIDE && (r < r0 || r >= r1 || s < s0 || s >= s1)) continue;
      const float v = plane[size_t(h0 + r * rows.dilation) * W + w0 + s * columns.dilation];
      if (v > best || v != v) {
        best = v;
        number = r * columns.taps + s;
      }
    }
  }
  y[window] = best;
  winner[window] = number;
}

template <int SIDE, int STEP>
__global__ void __launch_bounds__(BLOCK) max_pool_back(
    const float* __restrict__ dy, const unsigned char* __restrict__ winner, float* __restrict__ dx, unsigned pixels,
    int H, int W, int P, int Q, int R, int S, int stride_h, int stride_w, int padding_h, int padding_w, int dilation_h,
    int dilation_w) {
  const Axis rows = known<SIDE, STEP>({H, P, R, stride_h, padding_h, dilation_h});
  const Axis columns = known<SIDE, STEP>({W, Q, S, stride_w, padding_w, dilation_w});
  const unsigned pixel = blockIdx.x * BLOCK + threadIdx.x;
  if (pixel >= pixels) return;
  const int h = pixel / W % H, w = pixel % W;
  const size_t plane = size_t(pixel / W / H) * P * Q;
  const int q0 = columns.first_window(w), q1 = columns.end_window(w);
  float sum = 0.0f;
  for (int p = rows.first_window(h), p1 = rows.end_window(h); p < p1; p++) {
    const int down = h - rows.start(p);
    if (down % rows.dilation) continue;
    for (int q = q0; q < q1; q++) {
      const int across = w - columns.start(q);
      if (across % columns.dilation) continue;
      const int tap = down / rows.dilation * columns.taps + across / columns.dilation;
      if (winner[plane + size_t(p) * Q + q] == tap) sum += dy[plane + size_t(p) * Q + q];
    }
  }
  dx[pixel] = sum;
}

// INSTANCE: {max_pool|max_pool_back}<{0, 0|2, 2|3, 2}>
