// One step of a recurrent layer in one launch: the product with W_hh, and the cells that were waiting for it.
//
// For layers too wide for one processor's shared memory, but not so wide that a product fills the GPU: there a launch
// takes longer than the work, and one is half of two. Nothing of u goes to memory.
//
//                      8 cells · gates, a chunk of K
//                     ┌───────────────┐
//     16 sequences    │ rows of W_hh  │      forward    K = M           h (B, M) by rows of W_hh, one per gate
//     ┌───────────┐   └───────────────┘      back       K = gates · M   du (B, K) by columns of W_hh
//     │ h, or du  │   sums: a thread has a cell, all gates, two sequences, and a quarter of each chunk
//     └───────────┘
//
// While a chunk is multiplied the next one is on its way into registers. Lines in shared memory are 4 floats longer
// than a chunk, so that the float4s of 8 cells lie in different banks. An LSTM reads six float4s for 32 multiply-adds
// forward, three for 8 back, and waits for shared memory more than for arithmetic. A product that keeps more sums in a
// thread is faster, so large ones are left to cuBLAS; it needs larger tiles, of which a small one has too few.
#include "recurrent_step.cuh"

constexpr int CELLS = 8, EACH = 2, ROWS = 8 * EACH, PARTS = 4, BLOCK = CELLS * 8 * PARTS;
constexpr int CHUNK = 64, LINE = CHUNK + 4;

// The cell that this thread finishes, if it has one, and what it multiplies: parts 0 and 1 finish one sequence each of
// the EACH that they multiply, which are rows `row` and `row` + 8 of the tile.
struct Own : Place {
  int row, column, part;
  bool exists;
  __device__ Own(int T, int B, int M) : Place{T, B, M, 0, 0} {
    column = threadIdx.x % CELLS;
    row = threadIdx.x / CELLS % 8;
    part = threadIdx.x / (CELLS * 8);
    b = first_b() + row + 8 * part;
    j = first_j() + column;
    exists = part < EACH && b < B && j < M;
  }
  __device__ int tiles() const { return (M + CELLS - 1) / CELLS; }
  __device__ int first_b() const { return blockIdx.x / tiles() * ROWS; }
  __device__ int first_j() const { return blockIdx.x % tiles() * CELLS; }
};

// The tile of v (B, K) and of W_hh that this block multiplies, chunk by chunk, in two buffers.
template <int OUT, bool BACK>
struct Tile {
  static constexpr int ROW = ROWS * LINE, LINES = OUT * CELLS * LINE;
  static constexpr int VS = ROWS * CHUNK / BLOCK, WS = OUT * CELLS * CHUNK / BLOCK;  // numbers that a thread fetches
  const Own& cell;
  const float *v, *w_hh;
  int K;
  float *rows, *lines;  // in shared memory
  float next_v[VS], next_w[WS];

  // Neighbours in a warp read neighbours in memory: along k, or, in columns of W_hh, along the cells.
  __device__ void fetch(int start) {
    const int first_b = cell.first_b(), first_j = cell.first_j();
#pragma unroll
    for (int i = 0; i < VS; i++) {
      const int b = first_b + (i * BLOCK + threadIdx.x) / CHUNK, k = start + threadIdx.x % CHUNK;
      next_v[i] = b < cell.B && k < K ? v[size_t(b) * K + k] : 0.0f;
    }
#pragma unroll
    for (int i = 0; i < WS; i++) {
      const int number = i * BLOCK + threadIdx.x, line = number / CHUNK;
      const int j = first_j + (BACK ? number : line) % CELLS, k = start + (BACK ? number / CELLS : number % CHUNK);
      const size_t at = BACK ? size_t(k) * cell.M + j : size_t(line / CELLS * cell.M + j) * K + k;
      next_w[i] = j < cell.M && k < K ? w_hh[at] : 0.0f;
    }
  }

  __device__ void store(int buffer) {
#pragma unroll
    for (int i = 0; i < VS; i++) {
      const int number = i * BLOCK + threadIdx.x;
      rows[buffer * ROW + number / CHUNK * LINE + number % CHUNK] = next_v[i];
    }
#pragma unroll
    for (int i = 0; i < WS; i++) {
      const int number = i * BLOCK + threadIdx.x;
      const int at = BACK ? number % CELLS * LINE + number / CELLS : number / CHUNK * LINE + number % CHUNK;
      lines[buffer * LINES + at] = next_w[i];
    }
  }

  __device__ void add_to(float (&sum)[OUT][EACH], int buffer) const {
    const float4* row = reinterpret_cast<const float4*>(rows + buffer * ROW + cell.row * LINE);
    const float4* line = reinterpret_cast<const float4*>(lines + buffer * LINES + cell.column * LINE);
#pragma unroll 2
    for (int i = cell.part; i < CHUNK / 4; i += PARTS) {
      float4 x[EACH];
#pragma unroll
      for (int e = 0; e < EACH; e++) x[e] = row[e * 8 * LINE / 4 + i];
#pragma unroll
      for (int out = 0; out < OUT; out++) {
        const float4 w = line[out * CELLS * LINE / 4 + i];
#pragma unroll
        for (int e = 0; e < EACH; e++) sum[out][e] += x[e].x * w.x + x[e].y * w.y + x[e].z * w.z + x[e].w * w.w;
      }
    }
  }
};

// OUT sums over K for the cell and the sequence that this thread finishes.
template <int OUT, bool BACK>
__device__ void multiply(float (&result)[OUT], const Own& cell, const float* v, const float* w_hh, int K) {
  __shared__ __align__(16) float rows[2 * ROWS * LINE];
  __shared__ __align__(16) float lines[2 * OUT * CELLS * LINE];
  Tile<OUT, BACK> tile = {cell, v, w_hh, K, rows, lines};
  float sum[OUT][EACH] = {};
  tile.fetch(0);
  tile.store(0);
  __syncthreads();
  for (int start = 0, buffer = 0; start < K; start += CHUNK, buffer = 1 - buffer) {
    const bool last = start + CHUNK >= K;
    if (!last) tile.fetch(start + CHUNK);
    tile.add_to(sum, buffer);
    if (!last) tile.store(1 - buffer);
    __syncthreads();
  }
  static_assert(OUT * EACH * BLOCK <= 2 * ROWS * LINE, "sums take the place of rows, which no thread reads any more");
#pragma unroll
  for (int i = 0; i < OUT * EACH; i++) rows[i * BLOCK + threadIdx.x] = sum[i / EACH][i % EACH];
  __syncthreads();
  if (cell.part >= EACH) return;
#pragma unroll
  for (int out = 0; out < OUT; out++) {
    result[out] = 0.0f;
    const float* of_part = rows + (out * EACH + cell.part) * BLOCK + threadIdx.x % (BLOCK / PARTS);
#pragma unroll
    for (int part = 0; part < PARTS; part++) result[out] += of_part[part * (BLOCK / PARTS)];
  }
}

template <class Cell>
__global__ void __launch_bounds__(BLOCK, 2) fused_step(
    const float* asked, const float* w_hh, const float* h, const float* b_ih, const float* b_hh, const long long* steps,
    const float* c0, float* h_after, float* y, float* gates, float* c, int t, int before, int T, int B, int M) {
  const Own cell(T, B, M);
  float u[Cell::GATES];
  multiply<Cell::GATES, false>(u, cell, h, w_hh, M);
  if (!cell.exists) return;
  const Given given = {asked, b_ih, b_hh, steps, c0};
  h_after[cell.at(0)] = take_step<Cell>(cell, given, {y, gates, c}, u, h[cell.at(0)], t, before);
}

template <class Cell>
__global__ void __launch_bounds__(BLOCK, 2) fused_step_back(
    const float* dy, const float* w_hh, const long long* steps, const float* h0, const float* c0, const float* y,
    const float* kept, const float* c, float* dh, float* dc, float* da, float* du, int t, int before, int after, int T,
    int B, int M) {
  const Own cell(T, B, M);
  float fed[1] = {};
  const size_t step = size_t(B) * Cell::GATES * M;
  if (after >= 0) multiply<1, true>(fed, cell, (Cell::APART ? du : da) + after * step, w_hh, Cell::GATES * M);
  if (!cell.exists) return;
  const Saved saved = {steps, h0, c0, y, kept, c};
  take_step_back<Cell>(cell, dy, saved, {dh, dc, da, du}, fed[0], t, before);
}

// INSTANCE: {fused_step|fused_step_back}<{Tanh|Relu|Gru|Lstm}>
