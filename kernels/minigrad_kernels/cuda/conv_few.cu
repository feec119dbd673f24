// Convolutions with few filters in a group, and gradients with few numbers: sums without tiles.
//
//     result[m] = Σ_term filter[m, term] · image[...] for up to ROWS filters         2 ROWS flops for each pixel read
//
// A tile of 32 filters would be empty where a group has four. So a thread takes a spot, with a sum for each filter, and
// reads its window through the first-level cache, where R·S neighbours find the same pixels. Terms lie beside their
// filters in shared memory. A term costs a dozen instructions beside the multiply-adds: bound by these.
//
// The filters' gradient has many spots for few sums: a block adds up a share of the spots for TAPS terms of one filter.
#include "conv_results.cuh"
#include "team.cuh"

constexpr int BLOCK = 256, CHUNK = 128, TAPS = 9;

template <int ROWS>
struct alignas(16) Weighted {
  int pixel;
  unsigned place;
  float w[ROWS];
};

// slide and paint.
template <int ROWS>
__global__ void __launch_bounds__(BLOCK)
    conv_few(const float* x, const float* w, const float* b, float* y, const int* plan, int N) {
  __shared__ Weighted<ROWS> weighted[CHUNK];
  const Part part = part_of(plan, blockIdx.y);
  const unsigned columns = unsigned(N) * part.spots;
  const Tile tile(part, columns, ROWS, BLOCK);
  if (tile.group >= part.groups) return;  // a part with fewer spots than the largest
  const unsigned column = tile.column + threadIdx.x;
  const Window window(part, tile.group, min(column, columns - 1));
  const Term* terms = terms_of(plan, part);
  const float* filters = w + size_t(tile.group) * part.filters;
  float sums[ROWS];
#pragma unroll
  for (int m = 0; m < ROWS; m++) sums[m] = b && m < part.rows ? b[tile.group * part.rows + m] : 0.0f;
  for (int start = 0; start < part.terms; start += CHUNK) {
    const int count = min(CHUNK, part.terms - start);
    __syncthreads();  // the last ones are in use
    if (threadIdx.x < count) {
      const Term term = terms[start + threadIdx.x];
      Weighted<ROWS>& to = weighted[threadIdx.x];
      to.pixel = term.pixel, to.place = term.place;
#pragma unroll
      for (int m = 0; m < ROWS; m++) to.w[m] = m < part.rows ? filters[m * part.row + term.filter] : 0.0f;
    }
    __syncthreads();
#pragma unroll 4
    for (int t = 0; t < count; t++) {
      const Weighted<ROWS> term = weighted[t];
      const float v = part.bounds.hold(window.place + term.place) ? x[window.first + term.pixel] : 0.0f;
#pragma unroll
      for (int m = 0; m < ROWS; m++) sums[m] += term.w[m] * v;
    }
  }
  if (column >= columns) return;
  const Spot spot = part.split(column);
  float* to = y + part.group_of(spot.image, tile.group) + part.target.at(spot);
#pragma unroll
  for (int m = 0; m < ROWS; m++)
    if (m < part.rows) to[size_t(m) * part.plane] = sums[m];
}

// match. A blockIdx.y is a share of `chunk` spots, with sums of its own.
__global__ void __launch_bounds__(BLOCK)
    conv_match_few(const float* x, const float* y, float* w, const int* plan, int N, int chunk) {
  const Part part = part_of(plan, 0);
  const int across = (part.terms + TAPS - 1) / TAPS, first = blockIdx.x % across * TAPS;
  const int row = blockIdx.x / across % part.rows, group = blockIdx.x / across / part.rows;
  const unsigned start = blockIdx.y * unsigned(chunk), stop = min(start + chunk, unsigned(N) * part.spots);
  int pixel[TAPS];
  unsigned place[TAPS];
  float sums[TAPS] = {};
#pragma unroll
  for (int t = 0; t < TAPS; t++) {
    const Term term = terms_of(plan, part)[min(first + t, part.terms - 1)];
    pixel[t] = term.pixel, place[t] = term.place;
  }
  for (unsigned column = start + threadIdx.x; column < stop; column += BLOCK) {
    const Window window(part, group, column);
    const float v = y[part.output(column, group) + row * part.plane];
#pragma unroll
    for (int t = 0; t < TAPS; t++)
      if (part.bounds.hold(window.place + place[t])) sums[t] += v * x[window.first + pixel[t]];
  }
  float* to = w + (size_t(blockIdx.y) * part.groups + group) * part.filters + size_t(row) * part.terms + first;
#pragma unroll
  for (int t = 0; t < TAPS; t++) {
    const float sum = over_team<Sum, BLOCK>(sums[t]);
    if (threadIdx.x == 0 && first + t < part.terms) to[t] = sum;
  }
}

// INSTANCE: conv_few<{1|2|4|8}>
// INSTANCE: conv_match_few
