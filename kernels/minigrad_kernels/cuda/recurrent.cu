// One step of a recurrent layer after its product: all cells of all sequences at once, forward and back through time.
//
//     forward     u = h W_hhᵀ by cuBLAS, then   step         gates, memory and output from a = x W_ihᵀ and u
//     backward    fed = du W_hh by cuBLAS, then step_back    da and du, and what flows back beside W_hh
//
// A cell needs its own numbers only, and no two threads meet. Forward an LSTM moves 10 floats in and 9 out per cell,
// mostly from and to the second-level cache. Neighbours in memory are neighbours in a warp; one cell a thread, for
// there are few: B · M = 64 · 1024 cells are 256 blocks.
#include "recurrent_step.cuh"

constexpr int BLOCK = 256;

// Cell number blockIdx · BLOCK + threadIdx; there may be none.
struct Own : Place {
  bool exists;
  __device__ Own(int T, int B, int M) : Place{T, B, M, 0, 0} {
    const long long number = blockIdx.x * (long long)BLOCK + threadIdx.x;
    exists = number < (long long)B * M;
    b = number / M;
    j = number % M;
  }
};

template <class Cell>
__global__ void __launch_bounds__(BLOCK) step(
    const float* asked, const float* recurrent, const float* h, const float* b_ih, const float* b_hh,
    const long long* steps, const float* c0, float* h_after, float* y, float* gates, float* c, int t, int before, int T,
    int B, int M) {
  const Own cell(T, B, M);
  if (!cell.exists) return;
  float u[Cell::GATES];
  gather(u, recurrent + cell.at(0, Cell::GATES), M);
  const Given given = {asked, b_ih, b_hh, steps, c0};
  h_after[cell.at(0)] = take_step<Cell>(cell, given, {y, gates, c}, u, h[cell.at(0)], t, before);
}

// `before` and `after` are the neighbours of t in time; -1: there is none.
template <class Cell>
__global__ void __launch_bounds__(BLOCK) step_back(
    const float* dy, const float* fed, const long long* steps, const float* h0, const float* c0, const float* y,
    const float* kept, const float* c, float* dh, float* dc, float* da, float* du, int t, int before, int after, int T,
    int B, int M) {
  const Own cell(T, B, M);
  if (!cell.exists) return;
  const Saved saved = {steps, h0, c0, y, kept, c};
  take_step_back<Cell>(cell, dy, saved, {dh, dc, da, du}, after < 0 ? 0.0f : fed[cell.at(0)], t, before);
}

// INSTANCE: {step|step_back}<{Tanh|Relu|Gru|Lstm}>
