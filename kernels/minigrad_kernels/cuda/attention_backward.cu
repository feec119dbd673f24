// Attention backward: weights are made again, tile by tile, from the scores and the lse of their row.
//
//     weight = exp(score - lse),   dv = weightᵀ dy,   ds = weight · (dy vᵀ - D),   D = Σ dy y
//     dq = scale · ds k,   dk = scale · dsᵀ q
//
// Two kernels, so that no two blocks add to one number and results are the same from run to run:
//
//     attention_dq     a block keeps ROWS queries, keys and values pass       3 products per pair of query and key
//     attention_dkv    a block keeps ROWS keys and values, queries and dy pass       4 products
//
// Adding up dq by atomics in the second would save two products of seven. In attention_dkv scores are TURNED, keys in
// rows and queries in columns, so that weightᵀ and dsᵀ come out as left factors.
//
// Some of what passes is needed twice: first for the scores, last for the gradient. So two tiles take turns: one is in
// use while the next is on its way.
//
// Bytes: as forward, twice. Flops: 2·T·U·(2 E + F) and 4·T·U·(E + F), half if causal. Bound by what multiplies.
#include "attention_ffma.cuh"
#include "attention_mma.cuh"
#include "attention_rules.cuh"
#include "team.cuh"

constexpr int KEYS = 32;  // of a tile that passes in attention_dq: half of forward, where less is held in registers

// D of the query of a line in memory, by a warp.
template <class Element>
__device__ void dots_of(const Element* dy, const Element* y, float* dots, int lines, int T, int F, int heads,
                        bool inside) {
  const int line = blockIdx.x * 8 + threadIdx.x / 32;
  if (line >= lines) return;
  const Element *const a = dy + size_t(line) * F, *const b = y + size_t(line) * F;
  float sum = 0.0f;
  for (int f = threadIdx.x % 32; f < F; f += 32) sum += loaded(a[f]) * loaded(b[f]);
  sum = over_warp<Sum>(sum);
  const int t = line / heads % T, head = line / heads / T * heads + line % heads;  // if heads are inside of lines
  if (threadIdx.x % 32 == 0) dots[inside ? head * T + t : line] = sum;
}

__global__ void __launch_bounds__(256)
    attention_dots(const float* dy, const float* y, float* dots, int lines, int T, int F, int heads, bool inside) {
  dots_of(dy, y, dots, lines, T, F, heads, inside);
}

__global__ void __launch_bounds__(256) attention_dots_f16(
    const unsigned short* dy, const unsigned short* y, float* dots, int lines, int T, int F, int heads, bool inside) {
  dots_of(dy, y, dots, lines, T, F, heads, inside);
}

// What a tile of queries has kept to go back.
template <int QUERIES>
struct Saved {
  float lse[QUERIES], dots[QUERIES];  // lse in units of log2

  __device__ void load(const float* all_lse, const float* all_dots, int head, int t0, int T) {
    const int query = threadIdx.x;
    if (query >= QUERIES) return;
    const size_t at = size_t(head) * T + t0 + query;
    lse[query] = t0 + query < T ? all_lse[at] * LOG2_E : 0.0f;
    dots[query] = t0 + query < T ? all_dots[at] : 0.0f;
  }
};

// What goes back of a tile of weights.
template <class Cores, int N, bool TURNED>
struct Way {
  using Block = typename Cores::template Block<N>;
  Saved<TURNED ? N : Cores::ROWS> saved;
  Kept<Cores, N, TURNED> kept;

  // Turns finished scores into weights.
  __device__ void weigh(Block& scores) const {
    each_of<Cores>(scores, [&](float& s, int row, int column) { s = exp2f(s - saved.lse[TURNED ? column : row]); });
  }

  // Turns dy vᵀ, the gradients of dropped weights, into those of scores.
  __device__ void differentiate(Block& slopes, Block& weights, const Rules& rules, const Dice& dice, int t0,
                                int u0) const {
    if (dice.least) kept.drop(slopes, dice, rules, t0, u0);
#pragma unroll
    for (int i = 0; i < Cores::HELD_ROWS; i++)
#pragma unroll
      for (int j = 0; j < Block::HELD_COLUMNS; j++) {
        const int query = TURNED ? Cores::column(j) : Cores::row(i);
        slopes.at(i, j) = weights.at(i, j) * (slopes.at(i, j) - saved.dots[query]);
      }
  }
};

// What a block does for ROWS queries of a head.
template <class Cores, class Element>
__device__ void queries_back(const Element* dy, const Element* q, const Element* k, const Element* v, const float* lse,
                             const float* dots, Element* dq, const Call& call) {
  constexpr int ROWS = Cores::ROWS, TILES = 2 * ROWS;
  extern __shared__ __align__(16) unsigned char memory[];
  __shared__ Way<Cores, KEYS, false> way;
  auto *const query_tile = tile<Cores>(memory, 0), *const dy_tile = tile<Cores>(memory, ROWS);
  auto *const value_tile = tile<Cores>(memory, TILES), *const key_tiles = tile<Cores>(memory, TILES + KEYS);
  auto* const end = tile<Cores>(memory, TILES + 3 * KEYS);
  const int T = call.T, U = call.U, E = call.E, F = call.F, blocks = blocks_of<Cores>(T), head = blockIdx.x / blocks;
  const int t0 = (blocks - 1 - blockIdx.x % blocks) * ROWS, t1 = t0 + ROWS - 1;  // long rows of a triangle first
  const Rules rules(call, head);
  fill<Cores>(query_tile, {q, call.q, head, T, E}, t0);
  fill<Cores>(dy_tile, {dy, call.layout(T, F), head, T, F}, t0);
  way.saved.load(lse, dots, head, t0, T);
  Stream<Cores, KEYS> keys({k, call.k, head, U, E});
  Stream<Cores, KEYS> values({v, call.v, head, U, F});
  typename Cores::template Block<KEYS> weights, slopes;
  typename Cores::Sums sums;
  keys.start(key_tiles, 0);
  for (int u0 = 0; !rules.blind(t1, u0); u0 += KEYS) {
    const bool busy = t0 + Cores::first_row() < T && !rules.blind(t0 + Cores::last_row(), u0);
    auto* const key_tile = alternate<Cores, KEYS>(key_tiles, u0);
    keys.land(key_tile);
    __syncthreads();  // the keys are there, and nobody needs the last values and draws any more
    if (call.dice.least) way.kept.draw(call.dice, rules, t0, u0);
    values.start(value_tile, u0);
    if (busy) Cores::multiply(weights, query_tile, key_tile);
    values.land(value_tile);
    __syncthreads();  // the values and draws are there
    if (!rules.blind(t1, u0 + KEYS)) keys.start(alternate<Cores, KEYS>(key_tiles, u0 + KEYS), u0 + KEYS);
    if (!busy) continue;
    rules.finish<Cores, false>(weights, t0, u0);
    way.weigh(weights);
    Cores::multiply(slopes, dy_tile, value_tile);
    way.differentiate(slopes, weights, rules, call.dice, t0, u0);
    Cores::add_product(sums, slopes, key_tile, (float*)end);
  }
  store<Cores>(dq, call.layout(T, E), head, t0, T, E, sums, call.scale);
}

// What a block does for ROWS keys and values of a head.
template <class Cores, class Element>
__device__ void keys_back(const Element* dy, const Element* q, const Element* k, const Element* v, const float* lse,
                          const float* dots, Element* dk, Element* dv, const Call& call) {
  constexpr int ROWS = Cores::ROWS, TILES = 2 * ROWS, QUERIES = Cores::QUERIES;
  extern __shared__ __align__(16) unsigned char memory[];
  __shared__ Way<Cores, QUERIES, true> way;
  auto *const key_tile = tile<Cores>(memory, 0), *const value_tile = tile<Cores>(memory, ROWS);
  auto *const dy_tile = tile<Cores>(memory, TILES), *const query_tiles = tile<Cores>(memory, TILES + QUERIES);
  auto* const end = tile<Cores>(memory, TILES + 3 * QUERIES);
  const int T = call.T, U = call.U, E = call.E, F = call.F, blocks = blocks_of<Cores>(U), head = blockIdx.x / blocks;
  const int u0 = blockIdx.x % blocks * ROWS;
  const Rules rules(call, head);
  fill<Cores>(key_tile, {k, call.k, head, U, E}, u0);
  fill<Cores>(value_tile, {v, call.v, head, U, F}, u0);
  Stream<Cores, QUERIES> queries({q, call.q, head, T, E});
  Stream<Cores, QUERIES> dys({dy, call.layout(T, F), head, T, F});
  typename Cores::template Block<QUERIES> weights, slopes;
  typename Cores::Sums dk_sums, dv_sums;
  const int begin = call.causal ? u0 / QUERIES * QUERIES : 0;  // earlier queries see none of these keys
  if (begin < T) queries.start(alternate<Cores, QUERIES>(query_tiles, begin), begin);
  for (int t0 = begin; t0 < T; t0 += QUERIES) {
    const bool busy = !rules.blind(t0 + QUERIES - 1, u0 + Cores::first_row());
    auto* const query_tile = alternate<Cores, QUERIES>(query_tiles, t0);
    queries.land(query_tile);
    __syncthreads();  // the queries are there, and nobody needs the last dy, lse and draws any more
    way.saved.load(lse, dots, head, t0, T);
    if (call.dice.least) way.kept.draw(call.dice, rules, t0, u0);
    dys.start(dy_tile, t0);
    if (busy) Cores::multiply(weights, key_tile, query_tile);
    dys.land(dy_tile);
    __syncthreads();  // dy, lse and draws are there
    if (t0 + QUERIES < T) queries.start(alternate<Cores, QUERIES>(query_tiles, t0 + QUERIES), t0 + QUERIES);
    if (!busy) continue;
    rules.finish<Cores, true>(weights, t0, u0);
    way.weigh(weights);
    auto dropped = weights;
    if (call.dice.least) way.kept.drop(dropped, call.dice, rules, t0, u0);
    Cores::add_product(dv_sums, dropped, dy_tile, (float*)end);
    Cores::multiply(slopes, value_tile, dy_tile);
    way.differentiate(slopes, weights, rules, call.dice, t0, u0);
    Cores::add_product(dk_sums, slopes, query_tile, (float*)end);
  }
  store<Cores>(dk, call.layout(U, E), head, u0, U, E, dk_sums, call.scale);
  store<Cores>(dv, call.layout(U, F), head, u0, U, F, dv_sums, 1.0f);
}

// Each twice, for float32 and float16: a launcher reads the types of parameters from here.
template <class Cores>
__global__ void __launch_bounds__(Cores::THREADS, Cores::AT_ONCE_DQ)
    attention_dq(const float* dy, const float* q, const float* k, const float* v, const float* lse, const float* dots,
                 float* dq, int T, int U, int E, int F, int heads, bool inside, bool causal, float scale, int q_outer,
                 int q_inner, int q_line, int k_outer, int k_inner, int k_line, int v_outer, int v_inner, int v_line,
                 const float* bias, const bool* visible, int mask_outer, int mask_inner, int mask_query, int mask_key,
                 unsigned long long seed, unsigned long long first, unsigned least, float boost) {
  const Call call{T, U, E, F, heads, inside, causal, scale, {q_outer, q_inner, q_line, heads},
                  {k_outer, k_inner, k_line, heads}, {v_outer, v_inner, v_line, heads},
                  {bias, visible, mask_outer, mask_inner, mask_query, mask_key}, {seed, first, least, boost}};
  queries_back<Cores>(dy, q, k, v, lse, dots, dq, call);
}

template <class Cores>
__global__ void __launch_bounds__(Cores::THREADS, Cores::AT_ONCE_DQ)
    attention_dq_f16(const unsigned short* dy, const unsigned short* q, const unsigned short* k,
                     const unsigned short* v, const float* lse, const float* dots, unsigned short* dq, int T, int U,
                     int E, int F, int heads, bool inside, bool causal, float scale, int q_outer, int q_inner,
                     int q_line, int k_outer, int k_inner, int k_line, int v_outer, int v_inner, int v_line,
                     const float* bias, const bool* visible, int mask_outer, int mask_inner, int mask_query,
                     int mask_key, unsigned long long seed, unsigned long long first, unsigned least, float boost) {
  const Call call{T, U, E, F, heads, inside, causal, scale, {q_outer, q_inner, q_line, heads},
                  {k_outer, k_inner, k_line, heads}, {v_outer, v_inner, v_line, heads},
                  {bias, visible, mask_outer, mask_inner, mask_query, mask_key}, {seed, first, least, boost}};
  queries_back<Cores>(dy, q, k, v, lse, dots, dq, call);
}

template <class Cores>
__global__ void __launch_bounds__(Cores::THREADS, 256 / Cores::THREADS)
    attention_dkv(const float* dy, const float* q, const float* k, const float* v, const float* lse,
                  const float* dots, float* dk, float* dv, int T, int U, int E, int F, int heads, bool inside,
                  bool causal, float scale, int q_outer, int q_inner, int q_line, int k_outer, int k_inner,
                  int k_line, int v_outer, int v_inner, int v_line, const float* bias, const bool* visible,
                  int mask_outer, int mask_inner, int mask_query, int mask_key, unsigned long long seed,
                  unsigned long long first, unsigned least, float boost) {
  const Call call{T, U, E, F, heads, inside, causal, scale, {q_outer, q_inner, q_line, heads},
                  {k_outer, k_inner, k_line, heads}, {v_outer, v_inner, v_line, heads},
                  {bias, visible, mask_outer, mask_inner, mask_query, mask_key}, {seed, first, least, boost}};
  keys_back<Cores>(dy, q, k, v, lse, dots, dk, dv, call);
}

template <class Cores>
__global__ void __launch_bounds__(Cores::THREADS, 256 / Cores::THREADS)
    attention_dkv_f16(const unsigned short* dy, const unsigned short* q, const unsigned short* k,
                      const unsigned short* v, const float* lse, const float* dots, unsigned short* dk,
                      unsigned short* dv, int T, int U, int E, int F, int heads, bool inside, bool causal,
                      float scale, int q_outer, int q_inner, int q_line, int k_outer, int k_inner, int k_line,
                      int v_outer, int v_inner, int v_line, const float* bias, const bool* visible, int mask_outer,
                      int mask_inner, int mask_query, int mask_key, unsigned long long seed, unsigned long long first,
                      unsigned least, float boost) {
  const Call call{T, U, E, F, heads, inside, causal, scale, {q_outer, q_inner, q_line, heads},
                  {k_outer, k_inner, k_line, heads}, {v_outer, v_inner, v_line, heads},
                  {bias, visible, mask_outer, mask_inner, mask_query, mask_key}, {seed, first, least, boost}};
  keys_back<Cores>(dy, q, k, v, lse, dots, dk, dv, call);
}

// INSTANCE: {attention_dots|attention_dots_f16}
// INSTANCE: {attention_dq|attention_dkv}<CudaCores<{32|64|128}>>
// INSTANCE: {attention_dq|attention_dkv}<TensorCores<{Tf32|Bf16}, {64|128}>>
// INSTANCE: {attention_dq_f16|attention_dkv_f16}<TensorCores<F16, {64|128}>>
