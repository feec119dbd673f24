// Average pooling of images, and its adjoint.
//
//     average   y[p] = Σ_r x[stride·p + r - padding] / count[p]
//     spread    x[h] = Σ y[p] / count[p]   over the windows p that see h: a pixel asks for its shares
//
// Bytes: both images once; they bound it, for pixels that windows share come from the nearest cache. A thread has one
// window, or one pixel. Where the window is the whole plane, a team of threads adds it up. `counts` has a number for
// each window; where it is null, all have the same `count`.
#include "rows.cuh"
#include "windows.cuh"

constexpr int BLOCK = 256;
constexpr int AT_ONCE = 16;  // pixels that a thread has under way

__device__ inline float count_of(const float* counts, float count, int window) {
  return counts ? counts[window] : count;
}

__global__ void __launch_bounds__(BLOCK) average(
    const float* x, float* y, const float* counts, float count, unsigned windows,
    int H, int W, int P, int Q, int R, int S, int stride_h, int stride_w, int padding_h, int padding_w, int dilation_h,
    int dilation_w) {
  const Axis rows{H, P, R, stride_h, padding_h, dilation_h}, columns{W, Q, S, stride_w, padding_w, dilation_w};
  const unsigned window = blockIdx.x * BLOCK + threadIdx.x;
  if (window >= windows) return;
  const int h0 = rows.start(window / Q % P), w0 = columns.start(window % Q);
  const float* plane = x + size_t(window / Q / P) * H * W;
  const int r1 = rows.end_tap(h0), s0 = columns.first_tap(w0), s1 = columns.end_tap(w0);
  float sum = 0.0f;
  for (int r = rows.first_tap(h0); r < r1; r++) {
    for (int s = s0; s < s1; s++) sum += plane[size_t(h0 + r * dilation_h) * W + w0 + s * dilation_w];
  }
  y[window] = sum / count_of(counts, count, window % (P * Q));
}

template <int T>
__global__ void __launch_bounds__(THREADS<T>) average_of_planes(
    const float* x, float* y, float count, int planes, int length) {
  const Team<T> team;
  if (team.index >= planes) return;
  const float* plane = x + size_t(team.index) * length;
  float sum = 0.0f;
  for (int start = team.lane; start < length; start += AT_ONCE * T) {
    float part = 0.0f;  // the sum of a large plane may be too large for one more pixel
#pragma unroll
    for (int i = 0; i < AT_ONCE; i++) part += start + i * T < length ? plane[start + i * T] : 0.0f;
    sum += part;
  }
  sum = over_team<Sum, T>(sum);
  if (team.lane == 0) y[team.index] = sum / count;
}

__global__ void __launch_bounds__(BLOCK) spread(
    const float* y, float* x, const float* counts, float count, unsigned pixels,
    int H, int W, int P, int Q, int R, int S, int stride_h, int stride_w, int padding_h, int padding_w, int dilation_h,
    int dilation_w) {
  const Axis rows{H, P, R, stride_h, padding_h, dilation_h}, columns{W, Q, S, stride_w, padding_w, dilation_w};
  const unsigned pixel = blockIdx.x * BLOCK + threadIdx.x;
  if (pixel >= pixels) return;
  const int h = pixel / W % H, w = pixel % W, p1 = rows.end_window(h), q1 = columns.end_window(w);
  const float* plane = y + size_t(pixel / W / H) * P * Q;
  float sum = 0.0f;
  for (int p = rows.first_window(h); p < p1; p++) {
    for (int q = columns.first_window(w); q < q1; q++) {
      if ((h - rows.start(p)) % dilation_h || (w - columns.start(q)) % dilation_w) continue;
      sum += plane[p * Q + q] / count_of(counts, count, p * Q + q);
    }
  }
  x[pixel] = sum;
}

// INSTANCE: {average|spread}
// INSTANCE: average_of_planes<{32|256}>
