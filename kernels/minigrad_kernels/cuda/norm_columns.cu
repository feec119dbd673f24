// Columns shifted to mean 0 and scaled to variance 1: batch norm of features without pixels. And sums down columns.
//
//     x[r, c]: μ, σ², w and b belong to column c        the formulas are those of norm_rows.cu, with k = 1/σ per column
//
// Bytes: x is read twice forward, x and dy twice backward: 12 and 20 per element. A warp reads 32 columns of a row,
// side by side. A block takes PART rows, its warps in turn, and leaves one row of partial results to parts.cu.
#include "norm.cuh"

constexpr int WARPS = 8, BLOCK = WARPS * 32;
constexpr int OWN = 16, PART = WARPS * OWN;  // rows of a thread and of a block

// The column of a thread, and its rows: first, first + WARPS, ...
struct Place {
  int column, part, first, last, warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  bool real;
  __device__ Place(int rows, int columns) {
    const int across = (columns + 31) / 32;
    part = blockIdx.x / across;
    column = blockIdx.x % across * 32 + lane;
    real = column < columns;
    first = part * PART + warp;
    last = min(part * PART + PART, rows);
  }
};

__global__ void __launch_bounds__(BLOCK) column_statistics(
    const float* x, float* means, float* squares, int rows, int columns) {
  __shared__ Moments of_warp[WARPS][32];
  const Place p(rows, columns);
  float v[OWN];
  Moments m{};
#pragma unroll
  for (int i = 0; i < OWN; i++) {
    const int r = p.first + i * WARPS;
    const bool real = p.real && r < p.last;
    v[i] = real ? x[size_t(r) * columns + p.column] : 0.0f;
    m.n += real;
    m.mean += v[i];
  }
  m.mean = m.n > 0.0f ? m.mean / m.n : 0.0f;
#pragma unroll
  for (int i = 0; i < OWN; i++) m.squares += i < m.n ? (v[i] - m.mean) * (v[i] - m.mean) : 0.0f;
  of_warp[p.warp][p.lane] = m;
  __syncthreads();
  if (p.warp > 0 || !p.real) return;
  for (int w = 1; w < WARPS; w++) m = m.with(of_warp[w][p.lane]);
  means[size_t(p.part) * columns + p.column] = m.mean;
  squares[size_t(p.part) * columns + p.column] = m.squares;
}

__global__ void __launch_bounds__(BLOCK) columns_forward(
    const float* __restrict__ x, const float* w, const float* b, const float* mu, const float* variance, float eps,
    float* __restrict__ y, int rows, int columns) {
  const Place p(rows, columns);
  if (!p.real) return;
  const float m = mu[p.column], shift = at(b, p.column, 0.0f);
  const float scale = at(w, p.column, 1.0f) / sqrtf(variance[p.column] + eps);
#pragma unroll 4
  for (int r = p.first; r < p.last; r += WARPS) {
    const size_t i = size_t(r) * columns + p.column;
    y[i] = (x[i] - m) * scale + shift;
  }
}

// Σ dy and Σ dy x̂ of each part of a column; μ and k belong to the column, or BY_ROW to the row. μ may be null: 0.
template <bool BY_ROW>
__global__ void __launch_bounds__(BLOCK) column_sums(
    const float* dy, const float* x, const float* mu, const float* inverse, float* total, float* product, int rows,
    int columns) {
  __shared__ float totals[WARPS][32];
  __shared__ float products[WARPS][32];
  const Place p(rows, columns);
  float t = 0.0f, q = 0.0f;
#pragma unroll
  for (int i = 0; i < OWN; i++) {
    const int r = p.first + i * WARPS, s = BY_ROW ? r : p.column;
    if (!p.real || r >= p.last) continue;
    const size_t at_r = size_t(r) * columns + p.column;
    t += dy[at_r];
    q += dy[at_r] * ((x[at_r] - at(mu, s, 0.0f)) * inverse[s]);
  }
  totals[p.warp][p.lane] = t;
  products[p.warp][p.lane] = q;
  __syncthreads();
  if (p.warp > 0 || !p.real) return;
  for (int w = 1; w < WARPS; w++) {
    t += totals[w][p.lane];
    q += products[w][p.lane];
  }
  total[size_t(p.part) * columns + p.column] = t;
  product[size_t(p.part) * columns + p.column] = q;
}

__global__ void __launch_bounds__(BLOCK) columns_backward(
    const float* __restrict__ dy, const float* __restrict__ x, const float* w, const float* mu, const float* inverse,
    const float* dw, const float* db, float* __restrict__ dx, int rows, int columns) {
  const Place p(rows, columns);
  if (!p.real) return;
  const float m = mu[p.column], k = inverse[p.column], scale = at(w, p.column, 1.0f) * k;
  const float offset = db[p.column] / rows, slope = dw[p.column] / rows * k;
#pragma unroll 4
  for (int r = p.first; r < p.last; r += WARPS) {
    const size_t i = size_t(r) * columns + p.column;
    dx[i] = scale * (dy[i] - offset - (x[i] - m) * slope);
  }
}

// INSTANCE: {column_statistics|columns_forward|columns_backward}
// INSTANCE: column_sums<{false|true}>
