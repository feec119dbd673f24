// What a step does for one cell once the product with W_hh is known: where its numbers lie, and how it treats padding.
//
// A sequence that has ended, or, in reverse, not yet begun, keeps its state and gives 0; on the way back it adds
// nothing and hands on what it got.
#pragma once
#include "recurrent_cells.cuh"

// Cell j of sequence b, in arrays of time, sequences, and blocks of M cells, one block per gate.
struct Place {
  int T, B, M, b, j;
  __device__ size_t at(int t, int blocks = 1) const { return (size_t(t) * B + b) * blocks * M + j; }
  __device__ int count(const long long* steps) const { return steps ? min(steps[b], (long long)T) : T; }
};

template <int N>
__device__ void gather(float (&v)[N], const float* from, int M) {
#pragma unroll
  for (int g = 0; g < N; g++) v[g] = from[g * M];
}

template <int N>
__device__ void scatter(const float (&v)[N], float* to, int M) {
#pragma unroll
  for (int g = 0; g < N; g++) to[g * M] = v[g];
}

template <int N>
__device__ void add_bias(float (&v)[N], const float* bias, const Place& cell) {
  if (bias == nullptr) return;
#pragma unroll
  for (int g = 0; g < N; g++) v[g] += bias[g * cell.M + cell.j];
}

// What is given forward: a without biases, the biases or null, the lengths or null, the first memory.
struct Given {
  const float *asked, *b_ih, *b_hh;
  const long long* steps;
  const float* c0;
};

// What is made forward, and kept: y[T] becomes the last state and y[T + 1] the last memory.
struct Made {
  float *y, *gates, *c;
};

// Takes step t of a cell with state h, and returns the state after it. u comes without its bias; `before` is the step
// before, outside 0 to T - 1 if there is none.
template <class Cell>
__device__ float take_step(
    const Place& cell, const Given& given, const Made& made, float (&u)[Cell::GATES], float h, int t, int before) {
  const int count = cell.count(given.steps);
  if (t >= count) {
    made.y[cell.at(t)] = 0.0f;
    return h;
  }
  float a[Cell::GATES], kept[Cell::KEPT], memory = 0.0f;
  gather(a, given.asked + cell.at(t, Cell::GATES), cell.M);
  add_bias(a, given.b_ih, cell);
  add_bias(u, given.b_hh, cell);
  if constexpr (Cell::HAS_MEMORY) {
    const bool is_first = before < 0 || before >= count;
    memory = is_first ? given.c0[cell.at(0)] : made.c[cell.at(before)];
  }
  h = Cell::forward(a, u, h, memory, kept);
  made.y[cell.at(t)] = made.y[cell.at(cell.T)] = h;
  if constexpr (Cell::HAS_GATES) scatter(kept, made.gates + cell.at(t, Cell::KEPT), cell.M);
  if constexpr (Cell::HAS_MEMORY) made.c[cell.at(t)] = made.y[cell.at(cell.T + 1)] = memory;
  return h;
}

// The arrays of the forward pass. For a plain network `kept` is y.
struct Saved {
  const long long* steps;
  const float *h0, *c0, *y, *kept, *c;
  template <class Cell>
  __device__ Recalled<Cell::KEPT> recall(const Place& cell, int t, int before, int count) const {
    const bool is_first = before < 0 || before >= count;
    Recalled<Cell::KEPT> of = {};
    gather(of.kept, kept + cell.at(t, Cell::KEPT), cell.M);
    if constexpr (Cell::APART) of.h = is_first ? h0[cell.at(0)] : y[cell.at(before)];
    if constexpr (Cell::HAS_MEMORY) {
      of.c = is_first ? c0[cell.at(0)] : c[cell.at(before)];
      of.c_after = c[cell.at(t)];
    }
    return of;
  }
};

// Gradients on their way back: of the state and the memory, in place, and of a and u for all steps. Only a GRU has du.
struct Back {
  float *dh, *dc, *da, *du;
};

// Takes step t of a cell back; `fed` is what the step after sent through W_hh.
template <class Cell>
__device__ void take_step_back(
    const Place& cell, const float* dy, const Saved& saved, const Back& back, float fed, int t, int before) {
  const size_t here = cell.at(0);
  const int count = cell.count(saved.steps);
  float d = back.dh[here] + fed, da[Cell::GATES] = {}, du[Cell::GATES] = {};
  if (t < count) {
    float memory = 0.0f;
    if constexpr (Cell::HAS_MEMORY) memory = back.dc[here];
    d += dy[cell.at(t)];
    Cell::backward(d, memory, saved.recall<Cell>(cell, t, before, count), da, du);
    if constexpr (Cell::HAS_MEMORY) back.dc[here] = memory;
  }
  back.dh[here] = d;
  scatter(da, back.da + cell.at(t, Cell::GATES), cell.M);
  if constexpr (Cell::APART) scatter(du, back.du + cell.at(t, Cell::GATES), cell.M);
}
