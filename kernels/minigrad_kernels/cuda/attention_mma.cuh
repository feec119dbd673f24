// The two products of attention on tensor cores: factors in TF32 or 16 bits, sums in float32.
//
// A block of 8 warps holds 128 × N numbers in registers, a warp 16 rows of them, as the tensor cores hold their sums:
// pieces of 16 × 8, of which lane 4 g + t has
//
//     rows      g, g + 8                   row(i),    i = 0, 1
//     columns   2 t, 2 t + 1 of a piece    column(j), j = 2 · piece + 0, 1
//
// In 16 bits two such pieces, side by side, are a left factor as they are: the weights that come out of the first
// product go into the second without leaving their lanes. For TF32 a lane should hold columns t and t + 4 instead. But
// a sum may be taken in any order: column 2 t plays the part of t and 2 t + 1 that of t + 4, and the lines of the right
// factor, read one by one, are taken in the same order.
#pragma once
#include "attention_tile.cuh"
#include "tensor_tile.cuh"

__device__ inline unsigned pair_of(Bf16, float low, float high) { return pack_bf16(low, high); }
__device__ inline unsigned pair_of(F16, float low, float high) { return pack_f16(low, high); }

// Arrays are float32, rounded on their way, or float16 as they are.
template <class Kind> struct MemoryOf { using Type = Floats; };
template <> struct MemoryOf<F16> { using Type = Halves; };

template <class Kind, int W>
struct TensorCores {
  using Memory = typename MemoryOf<Kind>::Type;
  using Value = typename Kind::Element;
  static constexpr bool ROUNDS = true, WORDS = sizeof(Value) == 4;
  static constexpr int HALF = 16 / sizeof(Value), STEP = 2 * HALF;  // numbers in 16 bytes, in one multiplication
  static constexpr int WIDTH = W, PITCH = W + HALF, THREADS = 256, ROWS = 128;
  static constexpr int AT_ONCE = 1, AT_ONCE_DQ = W <= 64 ? 2 : 1;  // blocks that have registers, forward and for dq
  static constexpr int QUERIES = W <= 64 ? 32 : 16;  // that pass in attention_dkv: registers run out at 128
  static constexpr int LANES = 4, HELD_ROWS = 2;  // lanes that share a row; rows of which a thread has a part

  template <int N>
  struct Block {
    static constexpr int COLUMNS = N, HELD_COLUMNS = N / LANES;
    float piece[N / 8][4] = {};
    __device__ float& at(int i, int j) { return piece[j / 2][2 * i + j % 2]; }
  };
  using Sums = Block<W>;

  static __device__ int lane() { return threadIdx.x % 32; }
  static __device__ int first_row() { return threadIdx.x / 32 * 16; }  // of those of this warp
  static __device__ int last_row() { return first_row() + 15; }
  static __device__ int row(int i) { return first_row() + lane() / 4 + 8 * i; }
  static __device__ int column(int j) { return j / 2 * 8 + lane() % 4 * 2 + j % 2; }

  static __device__ void put(Value* place, float4 v) {
    if constexpr (WORDS) *(uint4*)place = make_uint4(to_tf32(v.x), to_tf32(v.y), to_tf32(v.z), to_tf32(v.w));
    else *(uint2*)place = make_uint2(pair_of(Kind(), v.x, v.y), pair_of(Kind(), v.z, v.w));
  }
  static __device__ void put(Value* place, uint4 v) { *(uint4*)place = v; }

  // s = a bᵀ, with ROWS lines of a and N of b. A load brings 16 lines of a, or of b, and 32 bytes of each.
  template <int N>
  static __device__ void multiply(Block<N>& s, const Value* a, const Value* b) {
    s = Block<N>();
    a += (first_row() + lane() % 16) * PITCH + lane() / 16 * HALF;
    b += (lane() / 16 * 8 + lane() % 8) * PITCH + lane() / 8 % 2 * HALF;
#pragma unroll 2
    for (int e = 0; e < W; e += STEP) {
      unsigned left[4];
      ldmatrix_x4(left, a + e);
#pragma unroll
      for (int n = 0; n < N; n += 16) {
        unsigned right[4];
        ldmatrix_x4(right, b + n * PITCH + e);
        Kind::multiply(s.piece[n / 8], left, {right[0], right[1]});
        Kind::multiply(s.piece[n / 8 + 1], left, {right[2], right[3]});
      }
    }
  }

  // y += p x, with N lines of x.
  template <int N>
  static __device__ void add_product(Sums& y, Block<N>& p, const Value* x, float*) {
#pragma unroll
    for (int n = 0; n < N; n += STEP) {
      if constexpr (WORDS) add_words(y, p.piece[n / 8], x + n * PITCH);
      else add_pairs(y, p.piece[n / 8], p.piece[n / 8 + 1], x + n * PITCH);
    }
  }

 private:
  // Of lines 2 t and 2 t + 1, t = 0 … 3, eight neighbouring columns are read: 8 banks apart, as two lines are 8 words
  // longer than a multiple of 32.
  static __device__ void add_words(Sums& y, const float (&p)[4], const Value* x) {
    const unsigned left[4] = {to_tf32(p[0]), to_tf32(p[2]), to_tf32(p[1]), to_tf32(p[3])};
    x += lane() % 4 * 2 * PITCH + lane() / 4;
#pragma unroll
    for (int f = 0; f < W; f += 8)
      Kind::multiply(y.piece[f / 8], left, {__float_as_uint(x[f]), __float_as_uint(x[f + PITCH])});
  }

  // A transposing load brings 16 lines and 16 columns: two right factors.
  static __device__ void add_pairs(Sums& y, const float (&p)[4], const float (&next)[4], const Value* x) {
    const unsigned left[4] = {pair_of(Kind(), p[0], p[1]), pair_of(Kind(), p[2], p[3]),
                              pair_of(Kind(), next[0], next[1]), pair_of(Kind(), next[2], next[3])};
    x += lane() % 16 * PITCH + lane() / 16 * 8;
#pragma unroll
    for (int f = 0; f < W; f += 16) {
      unsigned right[4];
      ldmatrix_x4_trans(right, x + f);
      Kind::multiply(y.piece[f / 8], left, {right[0], right[1]});
      Kind::multiply(y.piece[f / 8 + 1], left, {right[2], right[3]});
    }
  }
};
