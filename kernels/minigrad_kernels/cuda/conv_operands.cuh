// The factors of a convolution as matrices, gathered a tile at a time from where they are: nothing is stored between.
//
//              A: rows × depth                  B: depth × columns
//     slide    Filters   rows × terms           Windows   terms × spots         paint likewise, with its own terms
//     match    Outputs   rows × spots           Shifted   spots × terms
//
// THREADS threads share the SIDE × DEPTH numbers of a tile. Each has COUNT of them: the i-th is at side(i), depth(i),
// and comes from source(i). The threads of a warp read neighbours in memory: along spots, or along a row of filters.
#pragma once
#include "conv_windows.cuh"

struct Source {
  const float* from;
  bool real;  // else the number is zero, and `from` points anywhere
};

template <int THREADS, int SIDE, int DEPTH>
struct AlongDepth {
  static constexpr int COUNT = SIDE * DEPTH / THREADS;
  static __device__ int side(int i) { return threadIdx.x / DEPTH + i * (THREADS / DEPTH); }
  static __device__ int depth(int) { return threadIdx.x % DEPTH; }
};

template <int THREADS, int SIDE, int DEPTH>
struct AlongSide {
  static constexpr int COUNT = SIDE * DEPTH / THREADS;
  static __device__ int side(int) { return threadIdx.x % SIDE; }
  static __device__ int depth(int i) { return threadIdx.x / SIDE + i * (THREADS / SIDE); }
};

template <int THREADS, int SIDE, int DEPTH>
struct Filters : AlongDepth<THREADS, SIDE, DEPTH> {
  using Along = AlongDepth<THREADS, SIDE, DEPTH>;
  const float* first;
  const Term* terms;
  int rows, row, filter;

  __device__ Filters(const Part& part, const int* plan, const float* w, const Tile& tile)
      : first(w + size_t(tile.group) * part.filters + size_t(tile.row) * part.row), terms(terms_of(plan, part)),
        rows(part.rows - tile.row), row(part.row) {}
  __device__ void step(unsigned start) { filter = terms[start + Along::depth(0)].filter; }
  __device__ Source source(int i) const {
    const int side = Along::side(i);
    return {first + size_t(side) * row + filter, side < rows && filter >= 0};
  }
};

// A thread keeps to one spot, whose window is found once.
template <int THREADS, int SIDE, int DEPTH>
struct Windows : AlongSide<THREADS, SIDE, DEPTH> {
  using Along = AlongSide<THREADS, SIDE, DEPTH>;
  const float* x;
  const Window window;
  const Bounds bounds;
  const Term *terms, *now;

  __device__ Windows(const Part& part, const int* plan, const float* x, const Tile& tile, unsigned columns)
      : x(x), window(part, tile.group, min(tile.column + Along::side(0), columns - 1)), bounds(part.bounds),
        terms(terms_of(plan, part)) {}
  __device__ void step(unsigned start) { now = terms + start; }
  __device__ Source source(int i) const {
    const Term term = now[Along::depth(i)];
    return {x + (window.first + term.pixel), bounds.hold(window.place + term.place) && term.filter >= 0};
  }
};

// Both factors of `match` at one spot per thread and step.
template <int THREADS, int SIDE, int DEPTH>
struct Outputs : AlongDepth<THREADS, SIDE, DEPTH> {
  using Along = AlongDepth<THREADS, SIDE, DEPTH>;
  const Part& part;
  const float *y, *now;
  int group, rows;
  unsigned stop;
  bool real;

  __device__ Outputs(const Part& part, const float* y, const Tile& tile, unsigned stop)
      : part(part), y(y + size_t(tile.row) * part.plane), group(tile.group), rows(part.rows - tile.row), stop(stop) {}
  __device__ void step(unsigned start) {
    const unsigned column = start + Along::depth(0);
    real = column < stop;
    now = y + part.output(column, group);
  }
  __device__ Source source(int i) const {
    const int side = Along::side(i);
    return {now + size_t(side) * part.plane, real && side < rows};
  }
};

template <int THREADS, int SIDE, int DEPTH>
struct Shifted : AlongDepth<THREADS, SIDE, DEPTH> {
  using Along = AlongDepth<THREADS, SIDE, DEPTH>;
  const Part& part;
  const float* x;
  const Term* terms;
  int group, count, first;
  unsigned stop, place;
  bool real;

  __device__ Shifted(const Part& part, const int* plan, const float* x, const Tile& tile, unsigned stop)
      : part(part), x(x), terms(terms_of(plan, part) + tile.column), group(tile.group), count(part.terms - tile.column),
        stop(stop) {}
  __device__ void step(unsigned start) {
    const unsigned column = start + Along::depth(0);
    const Window window(part, group, column);
    real = column < stop;
    first = window.first, place = window.place;
  }
  __device__ Source source(int i) const {
    const int side = Along::side(i);
    const Term term = terms[min(side, count - 1)];
    return {x + (first + term.pixel), real && side < count && part.bounds.hold(place + term.place)};
  }
};
