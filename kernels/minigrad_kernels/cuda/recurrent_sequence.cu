// A recurrent layer from the first step to the last in one launch, for narrow layers: W_hh stays in shared memory.
//
// A block carries R sequences through time and needs no other block, so a step takes as long as its products, some
// thousand cycles by the figures below, and not as long as a launch, which takes ten times that. Four threads share a
// cell: each multiplies a quarter of the state by the cell's rows of W_hh, its own part of the weights, which no other
// thread reads. Then they add up, and thread r does the cell of sequence r.
//
//     h (R, M) in shared memory ──▶ quarter sums ──▶ four lanes add ──▶ cell ──▶ h of the next step, in a second buffer
//
// Bound by shared memory: GATES · M² floats per step and block, 128 bytes a cycle. A float4 of weights is used for R
// sequences, so four sequences take little longer than one; while there is a processor for each, one is better still.
// Lanes read their float4s side by side, without conflicts; 8 neighbours read the same part of the state, a broadcast.
#include "recurrent_step.cuh"

constexpr int LANES = 4, CELLS = 8;  // threads that share a cell, 8 lanes from each other; cells of a warp

__device__ inline int own_cell() { return threadIdx.x / 32 * CELLS + threadIdx.x % CELLS; }
__device__ inline int own_part() { return threadIdx.x % 32 / CELLS; }

// Products with W_hh (forward) or its transpose (back): of vectors of IN · M numbers, OUT numbers per cell.
template <class Cell, int R, bool BACK>
struct Weights {
  static constexpr int OUT = BACK ? 1 : Cell::GATES, IN = BACK ? Cell::GATES : 1;
  int chunks, width;  // of 4 · LANES numbers each; width = chunks · 4 · LANES, M and zeros
  float4* own;        // for OUT, IN and chunk: 4 weights of each thread
  float* vectors;     // two times R vectors of IN · width numbers

  __device__ Weights(float* shared, const float* w_hh, int M) {
    chunks = (M + 4 * LANES - 1) / (4 * LANES);
    width = chunks * 4 * LANES;
    own = reinterpret_cast<float4*>(shared) + threadIdx.x;
    vectors = shared + 4 * Cell::GATES * chunks * blockDim.x;
    const int j = own_cell();
    for (int part = 0; part < Cell::GATES * chunks; part++) {
      const int gate = part / chunks, k = (part % chunks * LANES + own_part()) * 4;
      float w[4];
#pragma unroll
      for (int e = 0; e < 4; e++) {
        const int row = BACK ? k + e : j, column = BACK ? j : k + e;
        w[e] = row < M && column < M ? w_hh[(gate * M + row) * M + column] : 0.0f;
      }
      own[part * blockDim.x] = make_float4(w[0], w[1], w[2], w[3]);
    }
    for (int i = threadIdx.x; i < 2 * R * IN * width; i += blockDim.x) vectors[i] = 0.0f;
  }

  // Number j of block `in` of vector r, in buffer 0 or 1.
  __device__ float& at(int buffer, int r, int in, int j) const {
    return vectors[((buffer * R + r) * IN + in) * width + j];
  }

  // OUT numbers of this thread's cell, for the sequence that is its lane.
  __device__ void multiply(int buffer, float (&result)[OUT]) const {
    float sum[OUT][R] = {};
    const int lane = own_part();
    for (int in = 0; in < IN; in++) {
#pragma unroll 2
      for (int i = 0; i < chunks; i++) {
        float4 v[R];
#pragma unroll
        for (int r = 0; r < R; r++) v[r] = reinterpret_cast<const float4*>(&at(buffer, r, in, 0))[i * LANES + lane];
#pragma unroll
        for (int out = 0; out < OUT; out++) {
          const float4 w = own[((out * IN + in) * chunks + i) * blockDim.x];
#pragma unroll
          for (int r = 0; r < R; r++) sum[out][r] += w.x * v[r].x + w.y * v[r].y + w.z * v[r].z + w.w * v[r].w;
        }
      }
    }
#pragma unroll
    for (int out = 0; out < OUT; out++) result[out] = over_lanes(sum[out], lane);
  }

  // The sum over the four lanes of what they have for sequence `lane`: twice a lane gives half away and keeps half.
  static __device__ float over_lanes(const float (&sum)[R], int lane) {
    float kept, given;
    if constexpr (R == 1) {
      kept = sum[0] + __shfl_xor_sync(0xffffffffu, sum[0], CELLS);
      given = kept;
    } else {
      const bool odd = lane & 1, high = lane & 2;
      const float low_pair = (odd ? sum[1] : sum[0]) + __shfl_xor_sync(0xffffffffu, odd ? sum[0] : sum[1], CELLS);
      const float high_pair = (odd ? sum[3] : sum[2]) + __shfl_xor_sync(0xffffffffu, odd ? sum[2] : sum[3], CELLS);
      kept = high ? high_pair : low_pair;
      given = high ? low_pair : high_pair;
    }
    return kept + __shfl_xor_sync(0xffffffffu, given, 2 * CELLS);
  }
};

// The cell of this thread, if it has one: beyond the last cell or the last sequence it only takes part in products.
template <int R>
struct Own : Place {
  int lane;
  bool exists;
  __device__ Own(int T, int B, int M) : Place{T, B, M, 0, own_cell()} {
    lane = own_part();
    b = blockIdx.x * R + lane;
    exists = lane < R && b < B && j < M;
  }
};

template <class Cell, int R>
__global__ void __launch_bounds__(Cell::THREADS, 1) sequence(
    const float* asked, const float* w_hh, const float* h0, const float* b_ih, const float* b_hh,
    const long long* steps, const float* c0, float* y, float* gates, float* c, bool reverse, int T, int B, int M) {
  extern __shared__ __align__(16) float shared[];
  const Weights<Cell, R, false> weights(shared, w_hh, M);
  const Own<R> cell(T, B, M);
  const int count = cell.exists ? cell.count(steps) : 0;
  float h = cell.exists ? h0[cell.at(0)] : 0.0f, memory = 0.0f, bias_a[Cell::GATES] = {}, bias_u[Cell::GATES] = {};
  __syncthreads();  // the vectors are 0
  if (cell.exists) {
    weights.at(0, cell.lane, 0, cell.j) = h;
    add_bias(bias_a, b_ih, cell);
    add_bias(bias_u, b_hh, cell);
    if constexpr (Cell::HAS_MEMORY) memory = c0[cell.at(0)];
  }
  __syncthreads();
  for (int step = 0; step < T; step++) {
    const int t = reverse ? T - 1 - step : step;
    float a[Cell::GATES], u[Cell::GATES], kept[Cell::KEPT];
    if (cell.exists) gather(a, asked + cell.at(t, Cell::GATES), M);  // on its way during the product
    weights.multiply(step % 2, u);
    if (t < count) {
#pragma unroll
      for (int g = 0; g < Cell::GATES; g++) a[g] += bias_a[g], u[g] += bias_u[g];
      h = Cell::forward(a, u, h, memory, kept);
      if constexpr (Cell::HAS_GATES) scatter(kept, gates + cell.at(t, Cell::KEPT), M);
      if constexpr (Cell::HAS_MEMORY) c[cell.at(t)] = memory;
    }
    if (cell.exists) {
      y[cell.at(t)] = t < count ? h : 0.0f;
      weights.at(1 - step % 2, cell.lane, 0, cell.j) = h;
    }
    __syncthreads();
  }
  if (!cell.exists) return;
  y[cell.at(T)] = h;
  if constexpr (Cell::HAS_MEMORY) y[cell.at(T + 1)] = memory;
}

// dh and dc begin as the gradients of the last states and end as those of the first.
template <class Cell, int R>
__global__ void __launch_bounds__(Cell::THREADS, 1) sequence_back(
    const float* dy, const float* w_hh, const long long* steps, const float* h0, const float* c0, const float* y,
    const float* kept, const float* c, float* dh, float* dc, float* da, float* du, bool reverse, int T, int B, int M) {
  extern __shared__ __align__(16) float shared[];
  const Weights<Cell, R, true> weights(shared, w_hh, M);
  const Own<R> cell(T, B, M);
  const Saved saved = {steps, h0, c0, y, kept, c};
  const int count = cell.exists ? cell.count(steps) : 0;
  const int last = reverse ? 0 : T - 1, back = reverse ? 1 : -1;
  float d = cell.exists ? dh[cell.at(0)] : 0.0f, memory = 0.0f, arriving = 0.0f;
  Recalled<Cell::KEPT> of = {};
  auto fetch = [&](int t) {
    if (t >= count) return;
    of = saved.recall<Cell>(cell, t, t + back, count);
    arriving = dy[cell.at(t)];
  };
  if constexpr (Cell::HAS_MEMORY) memory = cell.exists ? dc[cell.at(0)] : 0.0f;
  fetch(last);
  __syncthreads();  // the vectors are 0
  for (int step = 0; step < T; step++) {
    const int t = last + step * back;
    float of_a[Cell::GATES] = {}, of_u[Cell::GATES] = {}, fed[1];
    if (cell.exists) {
      if (t < count) {
        d += arriving;
        Cell::backward(d, memory, of, of_a, of_u);
      }
      scatter(of_a, da + cell.at(t, Cell::GATES), M);
      if constexpr (Cell::APART) scatter(of_u, du + cell.at(t, Cell::GATES), M);
      scatter(Cell::APART ? of_u : of_a, &weights.at(step % 2, cell.lane, 0, cell.j), weights.width);
    }
    __syncthreads();
    if (step + 1 < T) fetch(t + back);  // on its way during the product
    weights.multiply(step % 2, fed);
    d += fed[0];
  }
  if (!cell.exists) return;
  dh[cell.at(0)] = d;
  if constexpr (Cell::HAS_MEMORY) dc[cell.at(0)] = memory;
}

// INSTANCE: {sequence|sequence_back}<{Tanh|Relu|Gru|Lstm}, {1|4}>
