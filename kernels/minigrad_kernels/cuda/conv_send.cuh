// The factors of a convolution on their way into the panels of tensor_tile.cuh, by copies that no register waits for.
//
//              A: rows × depth, deep            B: depth × columns
//     slide    Filters   rows × terms           Windows   terms × spots, not deep      paint likewise
//     match    Outputs   rows × spots           Shifted   spots × terms, deep
//
// A block sends a slice of DEPTH. The threads of a warp read neighbours: spots, or pieces of a row of filters.
//
// Gathering is what these kernels spend their instructions on. So filters are packed before, in the order of the terms
// and filled up to whole slices, and copied 16 bytes at a time; so are outputs, where images have spots in fours. And
// where channels come in 32s, so do terms of one tap: one of them is checked, and the others lie a plane apart.
#pragma once
#include "conv_windows.cuh"
#include "tensor_tile.cuh"

constexpr int THREADS = 128, DEPTH = 32, PIECE = 4, PIECES = DEPTH / PIECE;

struct Packed : Tf32 {  // rounded before
  static __device__ unsigned rounded(unsigned word) { return word; }
};

// Packed rows of a part: how long they are, and where the first row of a group begins. Parts lie one after another.
__device__ __forceinline__ int packed_length(const Part& part) {
  return (part.terms + DEPTH - 1) / DEPTH * DEPTH;
}

__device__ __forceinline__ size_t packed_start(const Part& part, int group) {
  const size_t before = part.first - gridDim.y * (sizeof(Part) / sizeof(Term));  // terms of the parts before
  return (before * part.groups + size_t(group) * packed_length(part)) * part.rows;
}

// Where a thread's copies go in a deep panel. Lines that lie 8 apart have the same turn, so that is found once.
template <class To>
struct Places {
  static constexpr int LINES = THREADS / PIECES, SINGLE = THREADS / DEPTH;  // that the block fills at a time
  const int row = threadIdx.x / PIECES, along = threadIdx.x % PIECES * PIECE;  // with pieces
  const int single = threadIdx.x / DEPTH, depth = threadIdx.x % DEPTH;         // with numbers
  const int of_piece = To::of(row, along), of_number[2] = {To::of(single, depth), To::of(single + SINGLE, depth)};

  // `line` is a multiple of LINES, or of SINGLE.
  __device__ int piece(int line) const { return of_piece + line * DEPTH; }
  __device__ int number(int line) const { return of_number[line / SINGLE % 2] + line / 8 * 8 * DEPTH; }
};

// `left` rows of pieces, `pitch` numbers from one to the next.
template <class To, int SIDE>
__device__ __forceinline__ void send_pieces(
    const Places<To>& to, float* panel, const float* from, int pitch, int left) {
  from += size_t(to.row) * pitch;
#pragma unroll
  for (int line = 0; line < SIDE; line += to.LINES, from += size_t(to.LINES) * pitch)
    cp_async16(panel + to.piece(line), from, line + to.row < left);
}

template <int M>
struct Filters {
  using To = Panel<Packed, M, true>;
  const Places<To> to;
  const float* first;
  int rows, length;

  __device__ Filters(const Part& part, const float* packed, const Tile& tile)
      : rows(part.rows - tile.row), length(packed_length(part)) {
    first = packed + packed_start(part, tile.group) + size_t(tile.row) * length + to.along;
  }
  __device__ void send(float* panel, unsigned k) const { send_pieces<To, M>(to, panel, first + k, length, rows); }
};

// A thread keeps to one spot, whose window is found once. Lines that lie 4 apart have the same turn.
template <int N>
struct Windows {
  using To = Panel<Tf32, N, false>;
  static constexpr int STEP = THREADS / N, TURNS = 4 / STEP;
  const float* x;
  const Window window;
  const Bounds bounds;
  const Term* terms;
  int apart, first, to[TURNS];

  __device__ Windows(const Part& part, const int* plan, const float* x, const Tile& tile, unsigned columns)
      : x(x), window(part, tile.group, min(tile.column + threadIdx.x % N, columns - 1)), bounds(part.bounds),
        terms(terms_of(plan, part)), apart(part.apart), first(STEP == 1 ? 0 : threadIdx.x / N) {
#pragma unroll
    for (int t = 0; t < TURNS; t++) to[t] = To::of(threadIdx.x % N, first + t * STEP);
  }
  __device__ void send(float* panel, unsigned k) const {
    if (apart) {
      const Term term = terms[k];
      const float* from = x + (window.first + term.pixel + first * apart);
      const bool real = bounds.hold(window.place + term.place);
#pragma unroll
      for (int i = 0; i < DEPTH / STEP; i++, from += STEP * apart) cp_async4(panel + at(i), from, real);
    } else {
#pragma unroll 4
      for (int i = 0; i < DEPTH / STEP; i++) {
        const Term term = terms[k + first + i * STEP];
        const bool real = bounds.hold(window.place + term.place) && term.filter >= 0;
        cp_async4(panel + at(i), x + (window.first + term.pixel), real);
      }
    }
  }
  __device__ int at(int i) const { return to[i % TURNS] + i / TURNS * 4 * N; }
};

template <int M>
struct Outputs {
  using To = Panel<Tf32, M, true>;
  const Places<To> to;
  const Part& part;
  const float* y;
  int group, rows;
  unsigned stop;
  bool whole;  // every four spots lie together, and aligned

  __device__ Outputs(const Part& part, const float* y, const Tile& tile, unsigned stop)
      : part(part), y(y + size_t(tile.row) * part.plane), group(tile.group), rows(part.rows - tile.row), stop(stop),
        whole(part.plane % PIECE == 0 && size_t(y) % (4 * PIECE) == 0) {}
  __device__ void send(float* panel, unsigned k) const {
    const unsigned column = k + (whole ? to.along : to.depth);
    const int left = column < stop ? rows : 0;
    const float* from = y + part.output(column, group);
    if (whole) return send_pieces<To, M>(to, panel, from, part.plane, left);
    from += size_t(to.single) * part.plane;
#pragma unroll 8
    for (int line = 0; line < M; line += to.SINGLE, from += size_t(to.SINGLE) * part.plane)
      cp_async4(panel + to.number(line), from, line + to.single < left);
  }
};

template <int N>
struct Shifted {
  using To = Panel<Tf32, N, true>;
  const Places<To> to;
  const Part& part;
  const float* x;
  const Term* terms;
  int group, count;
  unsigned stop;

  __device__ Shifted(const Part& part, const int* plan, const float* x, const Tile& tile, unsigned stop)
      : part(part), x(x), terms(terms_of(plan, part) + tile.column), group(tile.group), count(part.terms - tile.column),
        stop(stop) {}
  __device__ void send(float* panel, unsigned k) const {
    const unsigned column = k + to.depth;
    const Window window(part, group, column);
    const int left = column < stop ? count : 0;
    if (part.apart) {
#pragma unroll
      for (int run = 0; run < N; run += DEPTH) {
        const Term term = terms[min(run, count - 1)];
        const float* from = x + (window.first + term.pixel + to.single * part.apart);
        const bool real = run < left && part.bounds.hold(window.place + term.place);
#pragma unroll
        for (int c = 0; c < DEPTH; c += to.SINGLE, from += to.SINGLE * part.apart)
          cp_async4(panel + to.number(run + c), from, real);
      }
    } else {
#pragma unroll 4
      for (int line = 0; line < N; line += to.SINGLE) {
        const Term term = terms[min(line + to.single, count - 1)];
        const bool real = line + to.single < left && part.bounds.hold(window.place + term.place);
        cp_async4(panel + to.number(line), x + (window.first + term.pixel), real);
      }
    }
  }
};
