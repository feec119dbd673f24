// Tiles of queries, keys and values: their way from memory into shared memory, and how they lie there.
//
// A line of a tile is one query, key or value, WIDTH numbers of it: E or F real ones, the rest 0. To every line 16
// bytes are added. So eight lines in a row, read 16 bytes each at the same column, hit all 32 banks once: what the
// products read (attention_ffma.cuh, attention_mma.cuh) is served without conflict.
//
// A tile that others follow is fetched in two steps, with a product in between that hides the way from memory:
//
//     start    asks for the numbers                                 they are under way
//     land     has this thread's share of them in shared memory     a barrier makes it everyone's
//
// CUDA cores multiply what is in memory: an asynchronous copy puts it straight into the tile. Tensor cores multiply
// rounded numbers: they come into registers, are rounded there, once, and are then stored.
#pragma once
#include "mma.cuh"

// How numbers lie in memory, and 16 bytes of them. `gather` reads up to `left` of them one by one; the rest are 0.
struct Floats {
  using Element = float;
  using Piece = float4;
  static __device__ float4 gather(const float* at, int left) {
    return make_float4(at[0], left > 1 ? at[1] : 0.0f, left > 2 ? at[2] : 0.0f, left > 3 ? at[3] : 0.0f);
  }
  static __device__ float stored(float x) { return x; }
};

struct Halves {
  using Element = unsigned short;
  using Piece = uint4;
  static __device__ uint4 gather(const unsigned short* at, int left) {
    unsigned pair[4];
#pragma unroll
    for (int i = 0; i < 4; i++) pair[i] = (2 * i < left ? at[2 * i] : 0) | (2 * i + 1 < left ? at[2 * i + 1] : 0) << 16;
    return make_uint4(pair[0], pair[1], pair[2], pair[3]);
  }
  static __device__ unsigned short stored(float x) { return pack_f16(x, 0.0f); }
};

__device__ inline float loaded(float x) { return x; }
__device__ inline float loaded(unsigned short x) {
  float low, high;
  unpack_f16(x, low, high);
  return low;
}

// Where a tile begins in shared memory, behind as many lines.
template <class Cores>
__device__ typename Cores::Value* tile(unsigned char* memory, int lines) {
  return (typename Cores::Value*)memory + lines * Cores::PITCH;
}

// The place of the tile whose first line is `first`, where two tiles of N lines take turns.
template <class Cores, int N>
__device__ typename Cores::Value* alternate(typename Cores::Value* tiles, int first) {
  return tiles + first / N % 2 * N * Cores::PITCH;
}

// How many blocks of threads share out the lines of a head.
template <class Cores>
__device__ int blocks_of(int lines) { return (lines + Cores::ROWS - 1) / Cores::ROWS; }

// Where the lines of heads lie: how far one line is from the next, and one head on each of their two axes, of which the
// inner one has `heads`.
struct Layout {
  int outer, inner, line, heads;
  __device__ size_t start(int head) const { return size_t(head / heads) * outer + size_t(head % heads) * inner; }
};

// The lines of one head in memory.
template <class Memory>
struct Lines {
  const typename Memory::Element* from;
  int count, width, pitch;
  bool aligned;  // they can be read 16 bytes at a time

  __device__ Lines(const typename Memory::Element* x, const Layout& at, int head, int count, int width)
      : from(x + at.start(head)), count(count), width(width), pitch(at.line),
        aligned((width | pitch) * sizeof(*from) % 16 == 0 && size_t(from) % 16 == 0) {}

  __device__ bool real(int line, int column) const { return line < count && column < width; }

  // 16 bytes of a line; what lies outside is 0.
  __device__ typename Memory::Piece piece(int line, int column) const {
    if (!real(line, column)) return {};
    const auto* at = from + (line * pitch + column);
    return aligned ? *(const typename Memory::Piece*)at : Memory::gather(at, width - column);
  }

  // The same as asynchronous copies, of floats.
  __device__ void copy(float* to, int line, int column) const {
    if (aligned) {
      const bool valid = real(line, column);
      cp_async16(to, valid ? from + (line * pitch + column) : from, valid);
    } else {
#pragma unroll
      for (int c = 0; c < 4; c++) {
        const bool valid = real(line, column + c);
        cp_async4(to + c, valid ? from + (line * pitch + column + c) : from, valid);
      }
    }
  }
};

// Deals N lines of a tile to the threads of a block, by pieces of 16 bytes in memory: f(turn, line, column). A thread
// has the same column in every turn.
template <class Cores, int N, class F>
__device__ void deal(F f) {
  constexpr int NUMBERS = 16 / sizeof(typename Cores::Memory::Element), PIECES = Cores::WIDTH / NUMBERS;
  constexpr int LINES = Cores::THREADS / PIECES;  // of a turn
  const int line = threadIdx.x / PIECES, column = threadIdx.x % PIECES * NUMBERS;
#pragma unroll
  for (int turn = 0; turn < N / LINES; turn++) f(turn, turn * LINES + line, column);
}

// Fills a tile that stays, with the ROWS lines from `first` on.
template <class Cores>
__device__ void fill(typename Cores::Value* tile, const Lines<typename Cores::Memory>& lines, int first) {
  deal<Cores, Cores::ROWS>([&](int, int line, int column) {
    Cores::put(&tile[line * Cores::PITCH + column], lines.piece(first + line, column));
  });
}

// The lines of one head, N at a time.
template <class Cores, int N>
struct Stream {
  using Memory = typename Cores::Memory;
  using Value = typename Cores::Value;
  Lines<Memory> lines;
  typename Memory::Piece held[N * Cores::WIDTH * sizeof(typename Memory::Element) / 16 / Cores::THREADS];  // under way

  explicit __device__ Stream(const Lines<Memory>& lines) : lines(lines) {}

  __device__ void start(Value* tile, int first) {
    deal<Cores, N>([&](int turn, int line, int column) {
      if constexpr (Cores::ROUNDS) held[turn] = lines.piece(first + line, column);
      else lines.copy(&tile[line * Cores::PITCH + column], first + line, column);
    });
    if constexpr (!Cores::ROUNDS) cp_async_commit();
  }

  __device__ void land(Value* tile) {
    if constexpr (!Cores::ROUNDS) return cp_async_wait<0>();
    deal<Cores, N>([&](int turn, int line, int column) {
      Cores::put(&tile[line * Cores::PITCH + column], held[turn]);
    });
  }
};

// Calls f(number, row, column) for what a thread holds of a block of numbers.
template <class Cores, class Block, class F>
__device__ void each_of(Block& block, F f) {
#pragma unroll
  for (int i = 0; i < Cores::HELD_ROWS; i++)
#pragma unroll
    for (int j = 0; j < Block::HELD_COLUMNS; j++) f(block.at(i, j), Cores::row(i), Cores::column(j));
}

// Stores a block of sums, times a factor, as lines of one head, from `first` on.
template <class Cores>
__device__ void store(typename Cores::Memory::Element* x, const Layout& at, int head, int first, int count, int width,
                      typename Cores::Sums& sums, float factor) {
  x += at.start(head) + size_t(first) * at.line;
  each_of<Cores>(sums, [&](float& sum, int line, int column) {
    if (first + line < count && column < width) x[line * at.line + column] = Cores::Memory::stored(sum * factor);
  });
}
