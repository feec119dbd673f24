// Attention that never stores its weights: flash attention, forward. attention_backward.cu goes back.
//
//     score = scale · q kᵀ + mask,   lse = ln Σ exp(score),   weight = exp(score - lse),   y = weight · v
//
//                 keys and values, tile by tile  →
//              ┌────────┬────────┬────────┐        A block of threads keeps ROWS queries and lets the keys and values
//     queries  │ scores │ scores │ scores │ …      pass. While it multiplies by a tile of keys the values are on their
//              └────────┴────────┴────────┘        way, and while by these, the next keys.
//
// The softmax is taken on the way: with the largest score m so far, a row keeps Σ exp(score - m) and
// Σ exp(score - m) v, and multiplies both by exp(m - m') when a larger m' turns up.
//
// Bytes: q, y once, k and v once per block of queries, which is T·U·(E + F) / ROWS numbers of a head, mostly from the
// second-level cache. Flops: 2·T·U·(E + F), half if causal. Bound by what multiplies. The text is one for all that do:
// CudaCores and TensorCores say which numbers a thread holds and how it multiplies them.
//
// Source: Dao et al., "FlashAttention", arXiv:2205.14135, and Dao, "FlashAttention-2", arXiv:2307.08691.
#include "attention_ffma.cuh"
#include "attention_mma.cuh"
#include "attention_rules.cuh"

constexpr int WIDE = 64;  // keys of a tile

// The softmax so far, of the rows that a thread has a part of.
template <class Cores>
struct Softmax {
  float largest[Cores::HELD_ROWS], total[Cores::HELD_ROWS];  // of all columns; of this thread's columns

  __device__ Softmax() {
#pragma unroll
    for (int i = 0; i < Cores::HELD_ROWS; i++) largest[i] = -infinity(), total[i] = 0.0f;
  }

  // Turns scores into weights relative to the largest so far, and multiplies what was summed before likewise. A row
  // that has seen nothing yet has weights of 0. The maximum passes over NaN; the weights do not.
  template <class Block>
  __device__ void weigh(Block& scores, typename Cores::Sums& sums) {
#pragma unroll
    for (int i = 0; i < Cores::HELD_ROWS; i++) {
      float m = largest[i], passed = 0.0f;
#pragma unroll
      for (int j = 0; j < Block::HELD_COLUMNS; j++) m = fmaxf(m, scores.at(i, j));
#pragma unroll
      for (int step = Cores::LANES / 2; step > 0; step /= 2) m = fmaxf(m, __shfl_xor_sync(0xffffffffu, m, step));
      const float from = m == -infinity() ? 0.0f : m, shrink = exp2f(largest[i] - from);
      largest[i] = m;
#pragma unroll
      for (int j = 0; j < Block::HELD_COLUMNS; j++) passed += scores.at(i, j) = exp2f(scores.at(i, j) - from);
      total[i] = total[i] * shrink + passed;
#pragma unroll
      for (int j = 0; j < Cores::Sums::HELD_COLUMNS; j++) sums.at(i, j) *= shrink;
    }
  }

  // Divides the sums by the total, and notes its logarithm. A query that saw nothing gets 0 and +∞.
  __device__ void finish(typename Cores::Sums& sums, float* lse, int left) {
#pragma unroll
    for (int i = 0; i < Cores::HELD_ROWS; i++) {
      float s = total[i];
#pragma unroll
      for (int step = Cores::LANES / 2; step > 0; step /= 2) s += __shfl_xor_sync(0xffffffffu, s, step);
      const bool blind = s == 0.0f;
      const float inverse = blind ? 0.0f : 1.0f / s;
#pragma unroll
      for (int j = 0; j < Cores::Sums::HELD_COLUMNS; j++) sums.at(i, j) *= inverse;
      if (Cores::column(0) == 0 && Cores::row(i) < left)
        lse[Cores::row(i)] = blind ? infinity() : (largest[i] + log2f(s)) * LN_2;
    }
  }
};

// What a block does for ROWS queries of a head.
template <class Cores, class Element>
__device__ void forward(const Element* q, const Element* k, const Element* v, Element* y, float* lse,
                        const Call& call) {
  constexpr int ROWS = Cores::ROWS;
  extern __shared__ __align__(16) unsigned char memory[];
  __shared__ Kept<Cores, WIDE, false> kept;
  auto *const query_tile = tile<Cores>(memory, 0), *const key_tile = tile<Cores>(memory, ROWS);
  auto *const value_tile = tile<Cores>(memory, ROWS + WIDE), *const end = tile<Cores>(memory, ROWS + 2 * WIDE);
  const int T = call.T, U = call.U, E = call.E, F = call.F, blocks = blocks_of<Cores>(T), head = blockIdx.x / blocks;
  const int t0 = (blocks - 1 - blockIdx.x % blocks) * ROWS, t1 = t0 + ROWS - 1;  // long rows of a triangle first
  const Rules rules(call, head);
  fill<Cores>(query_tile, {q, call.q, head, T, E}, t0);
  Stream<Cores, WIDE> keys({k, call.k, head, U, E});
  Stream<Cores, WIDE> values({v, call.v, head, U, F});
  typename Cores::template Block<WIDE> weights;
  typename Cores::Sums sums;
  Softmax<Cores> softmax;
  keys.start(key_tile, 0);
  for (int u0 = 0; !rules.blind(t1, u0); u0 += WIDE) {
    const bool busy = t0 + Cores::first_row() < T && !rules.blind(t0 + Cores::last_row(), u0);
    keys.land(key_tile);
    __syncthreads();  // the keys are there, and nobody needs the last values and draws any more
    if (call.dice.least) kept.draw(call.dice, rules, t0, u0);
    values.start(value_tile, u0);
    if (busy) Cores::multiply(weights, query_tile, key_tile);
    values.land(value_tile);
    __syncthreads();  // the values and draws are there, and nobody needs the keys any more
    if (!rules.blind(t1, u0 + WIDE)) keys.start(key_tile, u0 + WIDE);
    if (!busy) continue;
    rules.finish<Cores, false>(weights, t0, u0);
    softmax.weigh(weights, sums);
    if (call.dice.least) kept.drop(weights, call.dice, rules, t0, u0);
    Cores::add_product(sums, weights, value_tile, (float*)end);
  }
  softmax.finish(sums, lse + size_t(head) * T + t0, T - t0);
  store<Cores>(y, call.layout(T, F), head, t0, T, F, sums, 1.0f);
}

// Twice, for float32 and float16: a launcher reads the types of parameters from here.
template <class Cores>
__global__ void __launch_bounds__(Cores::THREADS, Cores::AT_ONCE)
    attention_forward(const float* q, const float* k, const float* v, float* y, float* lse, int T, int U, int E,
                      int F, int heads, bool inside, bool causal, float scale, int q_outer, int q_inner, int q_line,
                      int k_outer, int k_inner, int k_line, int v_outer, int v_inner, int v_line, const float* bias,
                      const bool* visible, int mask_outer, int mask_inner, int mask_query, int mask_key,
                      unsigned long long seed, unsigned long long first, unsigned least, float boost) {
  const Call call{T, U, E, F, heads, inside, causal, scale, {q_outer, q_inner, q_line, heads},
                  {k_outer, k_inner, k_line, heads}, {v_outer, v_inner, v_line, heads},
                  {bias, visible, mask_outer, mask_inner, mask_query, mask_key}, {seed, first, least, boost}};
  forward<Cores>(q, k, v, y, lse, call);
}

template <class Cores>
__global__ void __launch_bounds__(Cores::THREADS, Cores::AT_ONCE)
    attention_forward_f16(const unsigned short* q, const unsigned short* k, const unsigned short* v,
                          unsigned short* y, float* lse, int T, int U, int E, int F, int heads, bool inside,
                          bool causal, float scale, int q_outer, int q_inner, int q_line, int k_outer, int k_inner,
                          int k_line, int v_outer, int v_inner, int v_line, const float* bias, const bool* visible,
                          int mask_outer, int mask_inner, int mask_query, int mask_key, unsigned long long seed,
                          unsigned long long first, unsigned least, float boost) {
  const Call call{T, U, E, F, heads, inside, causal, scale, {q_outer, q_inner, q_line, heads},
                  {k_outer, k_inner, k_line, heads}, {v_outer, v_inner, v_line, heads},
                  {bias, visible, mask_outer, mask_inner, mask_query, mask_key}, {seed, first, least, boost}};
  forward<Cores>(q, k, v, y, lse, call);
}

// INSTANCE: attention_forward<CudaCores<{32|64|128}>>
// INSTANCE: attention_forward<TensorCores<{Tf32|Bf16}, {64|128}>>
// INSTANCE: attention_forward_f16<TensorCores<F16, {64|128}>>
