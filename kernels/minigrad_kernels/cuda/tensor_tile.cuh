// A warp's tile of C = A B on tensor cores: the panels of A and B in shared memory, and the fragments read from them.
//
// A panel is what a block holds of A or B: 128 bytes of k for each of SIDE rows of A, or columns of B. It keeps the
// order of memory. In a DEEP panel a line runs along k, one line for each row or column; else a line runs along the
// rows or columns, one line for each k.
//
//                 A (M, K) as it is, B transposed: deep            A transposed, B (K, N) as it is: not deep
//     line 0      k0 k1 k2 ...            of row 0                 row 0, row 1, row 2 ...    at k0
//     line 1      k0 k1 k2 ...            of row 1                 row 0, row 1, row 2 ...    at k1
//
// A line is made of pieces of 16 bytes, and piece p of line l stands at place p ^ turn(l). Reads of one piece of 8
// lines in a row, as fragments need them, would hit the same 4 of the 32 banks each time; turned, they hit them all
// once. Writes of whole lines hit all banks once either way.
#pragma once
#include "mma.cuh"

// What tensor cores multiply: elements, of which a step of k takes 32 bytes; how a word of them is rounded.
struct Tf32 {
  using Element = float;
  static __device__ unsigned rounded(unsigned word) { return to_tf32(__uint_as_float(word)); }
  static __device__ void multiply(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    mma_16x8x8_tf32(c, a, b);
  }
};

struct Bf16 {
  using Element = unsigned short;
  static __device__ unsigned rounded(unsigned word) { return word; }
  static __device__ void multiply(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    mma_16x8x16_bf16(c, a, b);
  }
};

struct F16 {
  using Element = unsigned short;
  static __device__ unsigned rounded(unsigned word) { return word; }
  static __device__ void multiply(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    mma_16x8x16_f16(c, a, b);
  }
};

template <class Kind, int SIDE, bool DEEP>
struct Panel {
  using Element = typename Kind::Element;
  static constexpr bool WORDS = sizeof(Element) == 4;
  static constexpr int PIECE = 16 / sizeof(Element), DEPTH = 8 * PIECE, STEP = 2 * PIECE, SIZE = SIDE * DEPTH;
  static constexpr int LINES = DEEP ? SIDE : DEPTH, PIECES = (DEEP ? DEPTH : SIDE) / PIECE;
  static_assert(PIECES % 8 == 0, "a turn stays within eight pieces");

  // The index of the first element of a piece. ldmatrix reads one piece of 8 lines: 8 turns. Single words are read
  // from 4 lines, 8 neighbours of each, which is 2 pieces: 4 turns, by 2 pieces.
  static __device__ int at(int line, int piece) {
    const int turn = DEEP || !WORDS ? line % 8 : line % 4 * 2;
    return (line * PIECES + (piece ^ turn)) * PIECE;
  }

  // The index of the element of row or column i at k.
  static __device__ int of(int i, int k) {
    return DEEP ? at(i, k / PIECE) + k % PIECE : at(k, i / PIECE) + i % PIECE;
  }

  // Rows i .. i + 15 of A at the step-th 32 bytes of k. Lane 4g + t gets words of k t and t + 4 of rows g and g + 8.
  static __device__ void left(unsigned (&a)[4], const Element* panel, int i, int step) {
    const int lane = threadIdx.x % 32;
    if constexpr (DEEP) {
      ldmatrix_x4(a, &panel[at(i + lane % 16, 2 * step + lane / 16)]);
    } else if constexpr (!WORDS) {
      ldmatrix_x4_trans(a, &panel[at(STEP * step + lane / 16 * 8 + lane % 8, i / 8 + lane / 8 % 2)]);
    } else {
#pragma unroll
      for (int r = 0; r < 4; r++)
        a[r] = __float_as_uint(panel[of(i + r % 2 * 8 + lane / 4, STEP * step + r / 2 * 4 + lane % 4)]);
    }
#pragma unroll
    for (int r = 0; r < 4; r++) a[r] = Kind::rounded(a[r]);
  }

  // Columns i .. i + 15 of B: two fragments of 8 columns, b[0 .. 1] and b[2 .. 3].
  static __device__ void right(unsigned (&b)[4], const Element* panel, int i, int step) {
    const int lane = threadIdx.x % 32;
    if constexpr (DEEP) {
      ldmatrix_x4(b, &panel[at(i + lane / 16 * 8 + lane % 8, 2 * step + lane / 8 % 2)]);
    } else if constexpr (!WORDS) {
      ldmatrix_x4_trans(b, &panel[at(STEP * step + lane % 16, i / 8 + lane / 16)]);
    } else {
#pragma unroll
      for (int r = 0; r < 4; r++)
        b[r] = __float_as_uint(panel[of(i + r / 2 * 8 + lane / 4, STEP * step + r % 2 * 4 + lane % 4)]);
    }
#pragma unroll
    for (int r = 0; r < 4; r++) b[r] = Kind::rounded(b[r]);
  }
};

// The warp's tile: WM rows × WN columns of sums, multiples of 16.
//
//     TensorTile<Tf32, 64, 64> tile;
//     tile.add<Panel<Tf32, 128, true>, Panel<Tf32, 256, false>>(a, b, m, n);     m, n: where it starts in the panels
//     tile.each([&](int m, int n, float c0, float c1) { ... });                  c[m][n], c[m][n + 1], relative to that
template <class Kind, int WM, int WN>
struct TensorTile {
  float sum[WM / 16][WN / 8][4] = {};

  template <class A, class B>
  __device__ void add(const typename Kind::Element* a, const typename Kind::Element* b, int m, int n) {
#pragma unroll
    for (int step = 0; step < 4; step++) {
      unsigned left[WM / 16][4];
#pragma unroll
      for (int i = 0; i < WM / 16; i++) A::left(left[i], a, m + 16 * i, step);
#pragma unroll
      for (int j = 0; j < WN / 16; j++) {
        unsigned right[4];
        B::right(right, b, n + 16 * j, step);
        const unsigned low[2] = {right[0], right[1]}, high[2] = {right[2], right[3]};
#pragma unroll
        for (int i = 0; i < WM / 16; i++) {
          Kind::multiply(sum[i][2 * j], left[i], low);
          Kind::multiply(sum[i][2 * j + 1], left[i], high);
        }
      }
    }
  }

  template <class F>
  __device__ void each(F f) const {
    const int row = threadIdx.x % 32 / 4, column = threadIdx.x % 4 * 2;
#pragma unroll
    for (int i = 0; i < WM / 16; i++)
#pragma unroll
      for (int j = 0; j < WN / 8; j++)
#pragma unroll
        for (int half = 0; half < 2; half++)
          f(16 * i + 8 * half + row, 8 * j + column, sum[i][j][2 * half], sum[i][j][2 * half + 1]);
  }
};
