// Where the sums of a tile go. Neighbours of a row lie next to each other in memory as long as they are in one image,
// unless a part of paint writes to every s-th pixel. Where they lie together and aligned, they are stored at once.
#pragma once
#include "conv_windows.cuh"

template <int COUNT>
struct alignas(4 * COUNT) Together {
  float v[COUNT];
};

// Fills in where the first row of each column of a tile goes, -1 for a column that does not exist.
__device__ void find_targets(const Part& part, const Tile& tile, unsigned columns, int* target, int wide) {
  for (int n = threadIdx.x; n < wide; n += blockDim.x) {
    const unsigned column = tile.column + n;
    const Spot spot = part.split(min(column, columns - 1));
    target[n] = column < columns ? int(part.group_of(spot.image, tile.group)) + part.target.at(spot) : -1;
  }
  __syncthreads();
}

// Shares of the terms have images of their own, one after another. The first of them has the bias.
struct Results {
  float* y;
  const float* bias;
  const int* target;
  int rows, plane;

  __device__ Results(const Part& part, const Tile& tile, float* y, const float* b, const int* target, int N)
      : y(y + (size_t(blockIdx.z) * N * part.groups * part.rows + tile.row) * part.plane),
        bias(b && blockIdx.z == 0 ? b + tile.group * part.rows + tile.row : nullptr), target(target),
        rows(part.rows - tile.row), plane(part.plane) {}

  template <int COUNT>
  __device__ void put(int m, int n, Together<COUNT> sums) const {
    if (m >= rows) return;
    float* row = y + size_t(m) * plane;
    const int first = target[n];
    const float always = bias ? bias[m] : 0.0f;
#pragma unroll
    for (int j = 0; j < COUNT; j++) sums.v[j] += always;
    if (first >= 0 && target[n + COUNT - 1] == first + COUNT - 1 && size_t(row + first) % (4 * COUNT) == 0) {
      *reinterpret_cast<Together<COUNT>*>(row + first) = sums;
      return;
    }
#pragma unroll
    for (int j = 0; j < COUNT; j++)
      if (target[n + j] >= 0) row[target[n + j]] = sums.v[j];
  }
};

// The filters that a share of the spots makes up; the shares lie one after another. IN_ORDER says that the terms are
// in the order of the filters' numbers.
template <bool IN_ORDER>
struct Matched {
  float* w;
  const Term* order;
  int rows, terms, line;

  __device__ Matched(const Part& part, const int* plan, const Tile& tile, float* w)
      : w(w + (size_t(blockIdx.y) * part.groups + tile.group) * part.filters + size_t(tile.row) * part.terms),
        order(terms_of(plan, part) + tile.column), rows(part.rows - tile.row), terms(part.terms - tile.column),
        line(part.terms) {
    if (IN_ORDER) this->w += tile.column;
  }

  template <int COUNT>
  __device__ void put(int m, int n, Together<COUNT> sums) const {
    if (m >= rows || n >= terms) return;
    float* to = w + size_t(m) * line;
    if (IN_ORDER && line % COUNT == 0) {
      *reinterpret_cast<Together<COUNT>*>(to + n) = sums;
      return;
    }
#pragma unroll
    for (int j = 0; j < COUNT; j++)
      if (n + j < terms) to[IN_ORDER ? n + j : order[n + j].filter] = sums.v[j];
  }
};
