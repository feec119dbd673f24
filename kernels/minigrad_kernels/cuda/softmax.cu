// softmax and log_softmax along the last axis or another, forward and backward.
//
//     y = exp(x - m) / s,   m = max x,   s = Σ exp(x - m)          dx = y (dy - Σ dy y)
//     y = x - m - ln s                                             dx = dy - exp(y) Σ dy
//
// Bound by memory: 2 floats moved per element forward, 3 backward, and a handful of operations. So what counts is that
// a row is read once. A team of T threads holds it in registers, I values a thread; a longer row is read again, mostly
// from the second-level cache.
#include "team.cuh"

constexpr int BLOCK = 256;

// The row of this team, of `rows`; a team beyond the last works on it again and stores nothing.
template <int T>
struct Row {
  int lane;
  bool real;
  size_t start;
  __device__ Row(int rows, int n) {
    const int team = blockIdx.x * (BLOCK / T) + threadIdx.x / T;
    lane = threadIdx.x % T;
    real = team < rows;
    start = size_t(real ? team : rows - 1) * n;
  }
};

template <int T, int I, bool LOGS>
__global__ void __launch_bounds__(BLOCK) softmax_rows(const float* x, float* y, int rows, int n) {
  const Row<T> row(rows, n);
  float v[I], m = Max::none(), s = 0.0f;
#pragma unroll
  for (int i = 0; i < I; i++) {
    const int j = i * T + row.lane;
    v[i] = j < n ? x[row.start + j] : Max::none();
    m = Max::of(m, v[i]);
  }
  m = over_team<Max, T>(m);
#pragma unroll
  for (int i = 0; i < I; i++) {
    const float e = i * T + row.lane < n ? expf(v[i] - m) : 0.0f;
    s += e;
    v[i] = LOGS ? v[i] - m : e;
  }
  s = over_team<Sum, T>(s);
  const float last = LOGS ? logf(s) : 1.0f / s;
#pragma unroll
  for (int i = 0; i < I; i++) {
    const int j = i * T + row.lane;
    if (row.real && j < n) y[row.start + j] = LOGS ? v[i] - last : v[i] * last;
  }
}

// A row of any length: read three times.
template <bool LOGS>
__global__ void __launch_bounds__(BLOCK) softmax_long_rows(
    const float* __restrict__ x, float* __restrict__ y, int rows, int n) {
  const Row<BLOCK> row(rows, n);
  const float* from = x + row.start;
  float m = Max::none(), s = 0.0f;
  for (int j = row.lane; j < n; j += BLOCK) m = Max::of(m, from[j]);
  m = over_team<Max, BLOCK>(m);
  for (int j = row.lane; j < n; j += BLOCK) s += expf(from[j] - m);
  s = over_team<Sum, BLOCK>(s);
  const float last = LOGS ? logf(s) : 1.0f / s;
  for (int j = row.lane; j < n; j += BLOCK) y[row.start + j] = LOGS ? from[j] - m - last : expf(from[j] - m) * last;
}

template <int T, int I, bool LOGS>
__global__ void __launch_bounds__(BLOCK) softmax_rows_back(
    const float* dy, const float* y, float* dx, int rows, int n) {
  const Row<T> row(rows, n);
  float d[I], p[I], s = 0.0f;
#pragma unroll
  for (int i = 0; i < I; i++) {
    const int j = i * T + row.lane;
    d[i] = j < n ? dy[row.start + j] : 0.0f;
    p[i] = j < n ? y[row.start + j] : 0.0f;
    s += LOGS ? d[i] : d[i] * p[i];
  }
  s = over_team<Sum, T>(s);
#pragma unroll
  for (int i = 0; i < I; i++) {
    const int j = i * T + row.lane;
    if (row.real && j < n) dx[row.start + j] = LOGS ? d[i] - expf(p[i]) * s : p[i] * (d[i] - s);
  }
}

template <bool LOGS>
__global__ void __launch_bounds__(BLOCK) softmax_long_rows_back(
    const float* __restrict__ dy, const float* __restrict__ y, float* __restrict__ dx, int rows, int n) {
  const Row<BLOCK> row(rows, n);
  const float *d = dy + row.start, *p = y + row.start;
  float s = 0.0f;
  for (int j = row.lane; j < n; j += BLOCK) s += LOGS ? d[j] : d[j] * p[j];
  s = over_team<Sum, BLOCK>(s);
  for (int j = row.lane; j < n; j += BLOCK) dx[row.start + j] = LOGS ? d[j] - expf(p[j]) * s : p[j] * (d[j] - s);
}

// Along an axis that is not the last, slices stand side by side: x[outer, k, inner]. A thread takes one slice, and
// neighbours in a warp read neighbours in memory.
template <bool LOGS>
__global__ void __launch_bounds__(BLOCK) softmax_columns(
    const float* __restrict__ x, float* __restrict__ y, int outer, int n, int inner) {
  const unsigned slice = blockIdx.x * BLOCK + threadIdx.x;
  if (slice >= unsigned(outer) * inner) return;
  const size_t start = size_t(slice / inner) * n * inner + slice % inner;
  const float* from = x + start;
  float m = Max::none(), s = 0.0f;
  for (int k = 0; k < n; k++) m = Max::of(m, from[size_t(k) * inner]);
  for (int k = 0; k < n; k++) s += expf(from[size_t(k) * inner] - m);
  const float last = LOGS ? logf(s) : 1.0f / s;
  for (int k = 0; k < n; k++) {
    const float v = from[size_t(k) * inner] - m;
    y[start + size_t(k) * inner] = LOGS ? v - last : expf(v) * last;
  }
}

template <bool LOGS>
__global__ void __launch_bounds__(BLOCK) softmax_columns_back(
    const float* __restrict__ dy, const float* __restrict__ y, float* __restrict__ dx, int outer, int n, int inner) {
  const unsigned slice = blockIdx.x * BLOCK + threadIdx.x;
  if (slice >= unsigned(outer) * inner) return;
  const size_t start = size_t(slice / inner) * n * inner + slice % inner;
  const float *d = dy + start, *p = y + start;
  float s = 0.0f;
  for (int k = 0; k < n; k++) s += LOGS ? d[size_t(k) * inner] : d[size_t(k) * inner] * p[size_t(k) * inner];
  for (int k = 0; k < n; k++) {
    const size_t at = size_t(k) * inner;
    dx[start + at] = LOGS ? d[at] - expf(p[at]) * s : p[at] * (d[at] - s);
  }
}

// INSTANCE: softmax_rows<{32, 1|32, 4|32, 16|256, 8|256, 32}, {false|true}>
// INSTANCE: softmax_rows_back<{32, 1|32, 4|32, 16|256, 8|256, 32}, {false|true}>
// INSTANCE: {softmax_long_rows|softmax_long_rows_back|softmax_columns|softmax_columns_back}<{false|true}>
