// C = A B on tensor cores: as matmul.cu, in fewer bits. Factors are rounded, products are exact, sums are in float32.
//
//     tf32    8 bits of exponent, 10 of mantissa     float32 in and out
//     bf16    8 bits of exponent,  7 of mantissa     float32 that round_lines has rounded in, float32 out
//     f16     5 bits of exponent, 10 of mantissa     float16 in and out
//
// With one instruction a warp multiplies 16 × 8 numbers over k of 8 (16 bits: 16). Tensor cores are so much faster
// than the multipliers of matmul.cu that all is made larger to feed them: 64 × 64 sums per warp, tiles of 128 × 256,
// slices of 128 bytes of k, three stages.
//
// By count, what remains is bound by the second-level cache: in tiles of 128 × 256, 4096³ reads 3.2 GB of float32
// from it. That is why bf16 is rounded beforehand, in a kernel of its own, and not on the way into shared memory:
// each number is rounded once and not once per tile, and half as many bytes are read. Rounded lines are filled up to
// whole 16 bytes, so that any size takes the fast way.
#include "matmul_block.cuh"
#include "tensor_tile.cuh"

constexpr int STAGES = 3;

// Copies slices of A or B into panels, in pieces of 16 bytes, or number by number where pieces are not aligned.
template <class Kind, int SIDE, bool DEEP, int THREADS>
struct Filler {
  using To = Panel<Kind, SIDE, DEEP>;
  using Element = typename Kind::Element;
  static constexpr int LINES = THREADS / To::PIECES, ROUNDS = To::LINES / LINES;
  static constexpr int APART = LINES * To::PIECES * To::PIECE;
  static_assert(LINES % 8 == 0 || (To::WORDS && LINES % 4 == 0), "lines of one thread have the same turn");
  const Element* from;
  int to, along, across;  // numbers left in a line, lines left
  size_t length;
  bool whole;

  __device__ Filler(const Element* x, int first, int sides, int start, int K, int length, bool whole)
      : length(length), whole(whole) {
    const int line = threadIdx.x / To::PIECES, piece = threadIdx.x % To::PIECES;
    const int up = line + (DEEP ? first : start), right = piece * To::PIECE + (DEEP ? start : first);
    from = x + up * this->length + right;
    to = To::at(line, piece);
    along = length - right;
    across = (DEEP ? sides : K) - up;
  }

  __device__ void copy(Element* panel) {
    panel += to;
    if (!To::WORDS || whole) {
#pragma unroll
      for (int r = 0; r < ROUNDS; r++)
        cp_async16(&panel[r * APART], from + r * LINES * length, along > 0 && across > r * LINES);
    } else {
#pragma unroll
      for (int r = 0; r < ROUNDS; r++)
#pragma unroll
        for (int e = 0; e < To::PIECE; e++)
          cp_async4(&panel[r * APART + e], from + r * LINES * length + e, along > e && across > r * LINES);
    }
    from += DEEP ? To::DEPTH : To::DEPTH * length;
    (DEEP ? along : across) -= To::DEPTH;
  }
};

// A factor: where it starts, how long its lines are, the step to that of the next product, whether pieces are
// aligned.
template <class Element>
struct Operand {
  const Element* x;
  int length;
  long long step;
  bool whole;
};

// The product, whose numbers go to put(m, n, c[m][n], c[m][n + 1]).
template <class Kind, int WM, int WN, int DOWN, int ACROSS, bool DEEP_A, bool DEEP_B, class Put>
__device__ void product(const Operand<typename Kind::Element>& a, const Operand<typename Kind::Element>& b, int M,
                        int N, int K, const Place<DOWN * WM, ACROSS * WN>& place, Put put) {
  constexpr int THREADS = 32 * DOWN * ACROSS;
  using A = Filler<Kind, DOWN * WM, DEEP_A, THREADS>;
  using B = Filler<Kind, ACROSS * WN, DEEP_B, THREADS>;
  using ToA = typename A::To;
  using ToB = typename B::To;
  extern __shared__ __align__(16) unsigned char shared[];
  auto left = [&](int stage) { return (typename Kind::Element*)shared + stage * ToA::SIZE; };
  auto right = [&](int stage) { return left(STAGES) + stage * ToB::SIZE; };
  const int warp = threadIdx.x / 32, m = warp / ACROSS * WM, n = warp % ACROSS * WN;
  A from_a(a.x + place.batch * a.step, place.m, M, place.start, K, a.length, a.whole);
  B from_b(b.x + place.batch * b.step, place.n, N, place.start, K, b.length, b.whole);
  TensorTile<Kind, WM, WN> tile;
  stream<STAGES>((place.length - 1) / ToA::DEPTH + 1, [&](int s) { from_a.copy(left(s)), from_b.copy(right(s)); },
                 [&](int s) { tile.template add<ToA, ToB>(left(s), right(s), m, n); });
  tile.each([&](int i, int j, float c0, float c1) { put(place.m + m + i, place.n + n + j, c0, c1); });
}

__device__ int eights(int n) { return (n + 7) / 8 * 8; }

// Stores two neighbours of a line.
__device__ void put_two(float* c, int m, int n, int M, int N, float c0, float c1) {
  if (m >= M || n >= N) return;
  float* y = c + size_t(m) * N + n;
  if (N % 2 == 0) {
    *(float2*)y = make_float2(c0, c1);
    return;
  }
  y[0] = c0;
  if (n + 1 < N) y[1] = c1;
}

template <int WM, int WN, int DOWN, int ACROSS, bool DEEP_A, bool DEEP_B>
__global__ void __launch_bounds__(32 * DOWN * ACROSS, 8 / (DOWN * ACROSS))
    gemm_tf32(const float* a, const float* b, float* c, int M, int N, int K, int depth, long long a_step,
              long long b_step, bool a_whole, bool b_whole) {
  const Place<DOWN * WM, ACROSS * WN> place(M, N, K, depth);
  const Operand<float> left{a, DEEP_A ? K : M, a_step, a_whole}, right{b, DEEP_B ? K : N, b_step, b_whole};
  c += place.result;
  auto put = [&](int m, int n, float c0, float c1) { put_two(c, m, n, M, N, c0, c1); };
  product<Tf32, WM, WN, DOWN, ACROSS, DEEP_A, DEEP_B>(left, right, M, N, K, place, put);
}

template <int WM, int WN, int DOWN, int ACROSS, bool DEEP_A, bool DEEP_B>
__global__ void __launch_bounds__(32 * DOWN * ACROSS, 8 / (DOWN * ACROSS))
    gemm_bf16(const unsigned short* a, const unsigned short* b, float* c, int M, int N, int K, int depth,
              long long a_step, long long b_step) {
  const Place<DOWN * WM, ACROSS * WN> place(M, N, K, depth);
  const Operand<unsigned short> left{a, eights(DEEP_A ? K : M), a_step, true};
  const Operand<unsigned short> right{b, eights(DEEP_B ? K : N), b_step, true};
  c += place.result;
  auto put = [&](int m, int n, float c0, float c1) { put_two(c, m, n, M, N, c0, c1); };
  product<Bf16, WM, WN, DOWN, ACROSS, DEEP_A, DEEP_B>(left, right, M, N, K, place, put);
}

// Lines in eights only, and depth is K: sums of parts would need float32.
template <int WM, int WN, int DOWN, int ACROSS, bool DEEP_A, bool DEEP_B>
__global__ void __launch_bounds__(32 * DOWN * ACROSS, 8 / (DOWN * ACROSS))
    gemm_f16(const unsigned short* a, const unsigned short* b, unsigned short* c, int M, int N, int K, int depth,
             long long a_step, long long b_step) {
  const Place<DOWN * WM, ACROSS * WN> place(M, N, K, depth);
  const Operand<unsigned short> left{a, DEEP_A ? K : M, a_step, true}, right{b, DEEP_B ? K : N, b_step, true};
  c += place.result;
  auto put = [&](int m, int n, float c0, float c1) {
    if (m < M && n < N) *(unsigned*)&c[size_t(m) * N + n] = pack_f16(c0, c1);
  };
  product<F16, WM, WN, DOWN, ACROSS, DEEP_A, DEEP_B>(left, right, M, N, K, place, put);
}

// Rounds lines of n to bf16 and fills them up with zeros to eights. A thread makes eight: 32 bytes in, 16 out.
__global__ void round_lines(const float* x, unsigned short* y, long long size, int n, bool whole) {
  const long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x;
  const int across = eights(n) / 8;
  if (i >= size) return;
  const int at = i % across * 8;
  const float* from = x + i / across * n + at;
  __align__(16) float v[8];
  if (whole && at + 8 <= n) {
    *(float4*)&v[0] = *(const float4*)&from[0];
    *(float4*)&v[4] = *(const float4*)&from[4];
  } else {
#pragma unroll
    for (int e = 0; e < 8; e++) v[e] = at + e < n ? from[e] : 0.0f;
  }
  const unsigned low = pack_bf16(v[0], v[1]), next = pack_bf16(v[2], v[3]);
  ((uint4*)y)[i] = make_uint4(low, next, pack_bf16(v[4], v[5]), pack_bf16(v[6], v[7]));
}

// INSTANCE: {gemm_tf32|gemm_bf16}<{64, 64, 2, 4|32, 32, 2, 2}, {true, false|true, true|false, false}>
// INSTANCE: gemm_f16<64, 64, 2, 4, {true, false|true, true|false, false}>
// INSTANCE: round_lines
