// What becomes of a score before it counts: scaled, masked, hidden by the triangle or the edge; and of a weight that is
// dropped. The kernels multiply as if every query saw every key, and ask here.
//
// A block of scores has queries as rows and keys as columns or, TURNED, keys as rows and queries as columns. Scores are
// in units of log2, log2(e) · (scale · q·k + mask), since what the GPU computes is 2ˣ.
#pragma once
#include "attention_tile.cuh"
#include "philox.cuh"

constexpr float LOG2_E = 1.44269504088896340736f, LN_2 = 0.69314718055994530942f;

__device__ inline float infinity() { return __int_as_float(0x7f800000); }

// Numbers to be added, or bools, True where a query sees a key. Strides are 0 where it broadcasts.
struct Mask {
  const float* bias;
  const bool* visible;
  int outer, inner, query, key;
};

// How weights are dropped. The weights of all heads are numbered in the order of memory, as the reference draws them;
// `least` is 0 if none is dropped.
struct Dice {
  unsigned long long seed, first;
  unsigned least;
  float boost;  // 1 / (1 - p), for those that stay
};

// What a launcher says. q, k and v lie as they lie; what is made here, and dy, has the lines of heads one after another
// or, with `inside`, the heads inside of lines, as the layer before and the layer after have them.
struct Call {
  int T, U, E, F, heads;
  bool inside, causal;
  float scale;
  Layout q, k, v;
  Mask mask;
  Dice dice;

  __device__ Layout layout(int count, int width) const {
    if (inside) return {count * heads * width, width, heads * width, heads};
    return {heads * count * width, count * width, width, heads};
  }
};

// The rules of one head.
struct Rules {
  int head, T, U;
  bool causal;
  float scale;
  Mask mask;
  int mask_start;

  __device__ Rules(const Call& call, int head)
      : head(head), T(call.T), U(call.U), causal(call.causal), scale(call.scale * LOG2_E), mask(call.mask),
        mask_start(head / call.heads * mask.outer + head % call.heads * mask.inner) {}

  // Whether no query up to t1 sees any key from u0 on.
  __device__ bool blind(int t1, int u0) const { return u0 >= U || (causal && u0 > t1); }

  // Whether all queries from t0 to t1 see all keys from u0 to u1, and there is no mask.
  __device__ bool plain(int t0, int t1, int u0, int u1) const {
    return !mask.bias && !mask.visible && t1 < T && u1 < U && !(causal && u1 > t0);
  }

  // Finishes a block of scores, of queries from t0 on and keys from u0 on.
  template <class Cores, bool TURNED, class Block>
  __device__ void finish(Block& scores, int t0, int u0) const {
    constexpr int QUERIES = TURNED ? Block::COLUMNS : Cores::ROWS, KEYS = TURNED ? Cores::ROWS : Block::COLUMNS;
    each_of<Cores>(scores, [&](float& score, int, int) { score *= scale; });
    if (plain(t0, t0 + QUERIES - 1, u0, u0 + KEYS - 1)) return;
    if (mask.bias) hide<Cores, TURNED>(scores, t0, u0, [&](float s, int at) { return s + mask.bias[at] * LOG2_E; });
    else if (mask.visible)
      hide<Cores, TURNED>(scores, t0, u0, [&](float s, int at) { return mask.visible[at] ? s : -infinity(); });
    else hide<Cores, TURNED>(scores, t0, u0, [](float s, int) { return s; });
  }

 private:
  // Hides what lies behind the triangle or the edge, and changes the rest by f(score, place in the mask).
  template <class Cores, bool TURNED, class Block, class F>
  __device__ void hide(Block& scores, int t0, int u0, F f) const {
    each_of<Cores>(scores, [&](float& score, int row, int column) {
      const int t = t0 + (TURNED ? column : row), u = u0 + (TURNED ? row : column);
      const bool hidden = t >= T || u >= U || (causal && u > t);
      score = hidden ? -infinity() : f(score, mask_start + t * mask.query + u * mask.key);
    });
  }
};

// The draws for a block of weights with N columns, in shared memory: a bit each. A block of random bits serves eight
// numbers and need not begin where the line of a tile does, so a line has a byte more than it has bits for.
template <class Cores, int N, bool TURNED>
struct Kept {
  static constexpr int QUERIES = TURNED ? N : Cores::ROWS, KEYS = TURNED ? Cores::ROWS : N;
  static constexpr int DRAWN = KEYS / HALVES + 1, WORDS = KEYS / 32 + 1;
  unsigned words[QUERIES][WORDS];

  static __device__ unsigned long long number(const Rules& rules, int t, int u) {
    return ((unsigned long long)rules.head * rules.T + t) * rules.U + u;
  }

  __device__ void draw(const Dice& dice, const Rules& rules, int t0, int u0) {
#pragma unroll 1  // else registers run out
    for (int i = threadIdx.x; i < QUERIES * DRAWN; i += Cores::THREADS) {
      const int query = i / DRAWN, byte = i % DRAWN;
      const unsigned long long block = dice.first + number(rules, t0 + query, u0) / HALVES + byte;
      ((unsigned char*)words[query])[byte] = kept_of_block(dice.seed, block, dice.least);
    }
  }

  // The draws of a query for 32 keys of the tile.
  __device__ unsigned word(const Rules& rules, int t0, int u0, int query, int key) const {
    const int bit = unsigned(number(rules, t0 + query, u0)) % HALVES + key;
    return __funnelshift_r(words[query][bit / 32], words[query][bit / 32 + 1], bit % 32);
  }

  // Drops from a block: what is dropped becomes 0, what stays is boosted.
  template <class Block>
  __device__ void drop(Block& weights, const Dice& dice, const Rules& rules, int t0, int u0) const {
    constexpr int TOGETHER = TURNED ? 1 : 32 / Cores::LANES;  // columns of a thread that share a word of draws
#pragma unroll
    for (int i = 0; i < Cores::HELD_ROWS; i++)
#pragma unroll
      for (int part = 0; part < Block::HELD_COLUMNS; part += TOGETHER) {
        const int query = TURNED ? Cores::column(part) : Cores::row(i);
        const int key = TURNED ? Cores::row(i) : part * Cores::LANES;
        const unsigned draws = word(rules, t0, u0, query, key / 32 * 32);
#pragma unroll
        for (int j = part; j < part + TOGETHER; j++)
          weights.at(i, j) *= draws >> (TURNED ? key : Cores::column(j)) % 32 & 1 ? dice.boost : 0.0f;
      }
  }
};
