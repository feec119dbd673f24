// Rows shifted to mean 0 and scaled to variance 1 (layer norm), or scaled to mean square 1 (RMS norm: not CENTRED).
//
//     y = w x̂ + b,   x̂ = (x - μ) k,   k = 1/√(σ² + ε)      dx = k (g - mean g - x̂ mean(g x̂)),   g = w dy
//     RMS: μ = 0, σ² = mean x², and no mean g              dw = Σ dy x̂,   db = Σ dy,   over the rows
//
// Bytes: 8 per element forward, 12 backward; they bound it. A team of T threads holds its row in registers, I values a
// thread, so that it is read once. Backward, a team takes many rows: dw and db of its columns stay in registers, too,
// and leave them at the end, as a row of partial sums for parts.cu. Rows too long for that are read again, mostly from
// the second-level cache, and leave dw and db to norm_columns.cu. w and b may be null: 1 and 0.
#include "norm.cuh"
#include "rows.cuh"

// What backward needs of a row: μ and σ², or for RMS norm k alone.
template <bool CENTRED>
__device__ void keep(int row, float m, float variance, float k, float* mu, float* kept) {
  if (CENTRED) mu[row] = m;
  kept[row] = CENTRED ? variance : k;
}

// A mean far from 0 was rounded, by `off`: the mean distance from it.
__device__ inline void correct(float off, float& m, float& variance) {
  const float left = variance - off * off;
  variance = left < 0.0f ? 0.0f : left;
  m += off;
}

template <int T, int I, bool CENTRED>
__global__ void __launch_bounds__(THREADS<T>) rows_forward(
    const float* x, const float* w, const float* b, float eps, float* y, float* mu, float* kept, int rows, int n) {
  const Team<T> team;
  if (team.index >= rows) return;
  const size_t start = size_t(team.index) * n;
  float v[I], m = 0.0f, off = 0.0f, variance = 0.0f;
#pragma unroll
  for (int i = 0; i < I; i++) {
    const int j = i * T + team.lane;
    v[i] = j < n ? x[start + j] : 0.0f;
    m += v[i];
  }
  m = CENTRED ? over_team<Sum, T>(m) / n : 0.0f;
#pragma unroll
  for (int i = 0; i < I; i++) {
    const float d = i * T + team.lane < n ? v[i] - m : 0.0f;
    off += d;
    variance += d * d;
  }
  variance = over_team<Sum, T>(variance) / n;
  if (CENTRED) correct(over_team<Sum, T>(off) / n, m, variance);
  const float k = 1.0f / sqrtf(variance + eps);
  if (team.lane == 0) keep<CENTRED>(team.index, m, variance, k, mu, kept);
#pragma unroll
  for (int i = 0; i < I; i++) {
    const int j = i * T + team.lane;
    if (j < n) y[start + j] = (v[i] - m) * k * at(w, j, 1.0f) + at(b, j, 0.0f);
  }
}

template <bool CENTRED>
__global__ void __launch_bounds__(256) long_rows_forward(
    const float* __restrict__ x, const float* w, const float* b, float eps, float* __restrict__ y, float* mu,
    float* kept, int rows, int n) {
  constexpr int T = 256;
  const Team<T> team;
  const size_t start = size_t(team.index) * n;
  float m = 0.0f, off = 0.0f, variance = 0.0f;
  for (int j = team.lane; CENTRED && j < n; j += T) m += x[start + j];
  m = CENTRED ? over_team<Sum, T>(m) / n : 0.0f;
  for (int j = team.lane; j < n; j += T) {
    const float d = x[start + j] - m;
    off += d;
    variance += d * d;
  }
  variance = over_team<Sum, T>(variance) / n;
  if (CENTRED) correct(over_team<Sum, T>(off) / n, m, variance);
  const float k = 1.0f / sqrtf(variance + eps);
  if (team.lane == 0) keep<CENTRED>(team.index, m, variance, k, mu, kept);
#pragma unroll 4
  for (int j = team.lane; j < n; j += T) y[start + j] = (x[start + j] - m) * k * at(w, j, 1.0f) + at(b, j, 0.0f);
}

template <int T, int I, bool CENTRED>
__global__ void __launch_bounds__(THREADS<T>) rows_backward(
    const float* __restrict__ dy, const float* __restrict__ x, const float* w, const float* mu, const float* inverse,
    float* __restrict__ dx, float* dw, float* db, int rows, int n) {
  const Team<T> team;
  float dw_part[I] = {}, db_part[I] = {};
  for (int row = team.index; row < rows; row += team.count()) {
    const size_t start = size_t(row) * n;
    const float m = CENTRED ? mu[row] : 0.0f, k = inverse[row];
    float g[I], x_hat[I], total = 0.0f, product = 0.0f;
#pragma unroll
    for (int i = 0; i < I; i++) {
      const int j = i * T + team.lane;
      const float up = j < n ? dy[start + j] : 0.0f;
      x_hat[i] = j < n ? (x[start + j] - m) * k : 0.0f;
      g[i] = j < n ? up * at(w, j, 1.0f) : 0.0f;
      dw_part[i] += up * x_hat[i];
      db_part[i] += up;
      total += g[i];
      product += g[i] * x_hat[i];
    }
    total = CENTRED ? over_team<Sum, T>(total) / n : 0.0f;
    product = over_team<Sum, T>(product) / n;
#pragma unroll
    for (int i = 0; i < I; i++) {
      const int j = i * T + team.lane;
      if (j < n) dx[start + j] = (g[i] - total - x_hat[i] * product) * k;
    }
  }
#pragma unroll
  for (int i = 0; i < I; i++) {
    const int j = i * T + team.lane;
    if (dw && j < n) dw[size_t(team.index) * n + j] = dw_part[i];
    if (db && j < n) db[size_t(team.index) * n + j] = db_part[i];
  }
}

template <bool CENTRED>
__global__ void __launch_bounds__(256) long_rows_backward(
    const float* __restrict__ dy, const float* __restrict__ x, const float* w, const float* mu, const float* inverse,
    float* __restrict__ dx, int rows, int n) {
  constexpr int T = 256;
  const Team<T> team;
  const size_t start = size_t(team.index) * n;
  const float m = CENTRED ? mu[team.index] : 0.0f, k = inverse[team.index];
  float total = 0.0f, product = 0.0f;
#pragma unroll 4
  for (int j = team.lane; j < n; j += T) {
    const float g = dy[start + j] * at(w, j, 1.0f);
    total += g;
    product += g * ((x[start + j] - m) * k);
  }
  total = CENTRED ? over_team<Sum, T>(total) / n : 0.0f;
  product = over_team<Sum, T>(product) / n;
#pragma unroll 4
  for (int j = team.lane; j < n; j += T) {
    const float x_hat = (x[start + j] - m) * k;
    dx[start + j] = (dy[start + j] * at(w, j, 1.0f) - total - x_hat * product) * k;
  }
}

// INSTANCE: {rows_forward|rows_backward}<{32, 4|128, 4|256, 8|256, 16}, {false|true}>
// INSTANCE: {long_rows_forward|long_rows_backward}<{false|true}>
