// Connectionist temporal classification by its two passes; the lattice is that of minigrad/ops/ctc.py.
//
//     α_t(s)   ln of the probability of all ways to be in row s after frame t, frame t included
//     β_t(s)   ln of the probability of all ways to go on from there, frame t not included
//
//     P(row s at frame t | labels) = exp(α_t(s) + β_t(s) - ln P(labels))
//
// What takes time is the way through T frames, one after the other. A block has a sequence, and a thread a row, so that
// a frame costs three exponentials, a logarithm and a barrier; rows pass their values on in shared memory, in two
// buffers by turns, and what the next frame needs from memory is under way before it is needed. What is left, to add up
// rows of the same symbol, frames do side by side, in a kernel of its own.
//
// Source: Graves et al., "Connectionist temporal classification", ICML 2006, section 4.1
#include "team.cuh"

constexpr int MOST = 1024;  // rows, a thread each

__device__ inline float log_sum(float a, float b, float c) {
  float m = b > a ? b : a;
  m = c > m ? c : m;
  m = m == Max::none() ? 0.0f : m;
  return m + logf(expf(a - m) + expf(b - m) + expf(c - m));
}

// The lattice of a sequence, and the row of a thread: blanks are rows 0, 2, ..., labels rows 1, 3, ...
struct Lattice {
  int b = blockIdx.x, s = threadIdx.x, frames, rows, symbol;
  bool real, to_here, from_here;  // whether a path may skip a blank on its way to this row, and from it
  __device__ Lattice(
      const long long* frame_counts, const long long* labels, const long long* counts, int blank, int T, int V, int U) {
    frames = min(frame_counts[b], (long long)T);
    const int u = s / 2, count = min(counts[b], (long long)U);
    const long long* label = labels + size_t(b) * U;
    rows = 2 * count + 1;
    real = s < rows;
    symbol = s % 2 && real ? min(max(label[u], 0ll), V - 1ll) : blank;
    to_here = s % 2 && real && u > 0 && label[u] != label[u - 1];
    from_here = s % 2 && real && u + 1 < count && label[u] != label[u + 1];
  }
};

__global__ void __launch_bounds__(MOST) ctc_alpha(
    const float* x, const long long* frames, const long long* labels, const long long* counts, int blank, float* alpha,
    float* total, int T, int B, int V, int U) {
  __shared__ float lines[2][2 + MOST];  // two rows that nothing comes from, then the lattice's
  const Lattice l(frames, labels, counts, blank, T, V, U);
  const float* emitted = x + size_t(l.b) * V + l.symbol;
  const size_t frame = size_t(B) * V, start = size_t(l.b) * T * (2 * U + 1) + l.s;
  lines[0][2 + l.s] = l.s == 0 ? 0.0f : Max::none();  // as if in row 0 before the first frame
  if (l.s < 2) lines[0][l.s] = lines[1][l.s] = Max::none();
  float e = l.real && l.frames > 0 ? emitted[0] : 0.0f;
  __syncthreads();
  for (int t = 0; t < l.frames; t++) {
    const float* before = lines[t % 2];
    const float next = l.real && t + 1 < l.frames ? emitted[(t + 1) * frame] : 0.0f;
    float a = Max::none();
    if (l.real) {
      a = log_sum(before[2 + l.s], before[1 + l.s], l.to_here ? before[l.s] : Max::none()) + e;
      alpha[start + size_t(t) * (2 * U + 1)] = a;
    }
    lines[(t + 1) % 2][2 + l.s] = a;
    e = next;
    __syncthreads();
  }
  const float* last = lines[l.frames % 2] + 2;
  if (l.s == 0) total[l.b] = log_sum(last[l.rows - 1], l.rows > 1 ? last[l.rows - 2] : Max::none(), Max::none());
}

// share[b, t, s] = P(row s at frame t | labels)
__global__ void __launch_bounds__(MOST) ctc_shares(
    const float* total, const float* x, const long long* frames, const long long* labels, const long long* counts,
    int blank, const float* __restrict__ alpha, float* __restrict__ share, int T, int B, int V, int U) {
  __shared__ float lines[2][MOST + 2];  // β of the next frame with that frame's probability, then two dead rows
  const Lattice l(frames, labels, counts, blank, T, V, U);
  if (total[l.b] == Max::none()) return;
  const float* emitted = x + size_t(l.b) * V + l.symbol;
  const size_t frame = size_t(B) * V, start = size_t(l.b) * T * (2 * U + 1) + l.s;
  for (int i = l.s; i < MOST + 2; i += blockDim.x) lines[0][i] = lines[1][i] = Max::none();
  const float probability = total[l.b];
  float e = 0.0f, a = 0.0f;
  if (l.real && l.frames > 0) {
    e = emitted[(l.frames - 1) * frame];
    a = alpha[start + size_t(l.frames - 1) * (2 * U + 1)];
  }
  __syncthreads();
  for (int t = l.frames - 1; t >= 0; t--) {
    const float* after = lines[t % 2];
    const bool more = l.real && t > 0;
    const float next_e = more ? emitted[(t - 1) * frame] : 0.0f;
    const float next_a = more ? alpha[start + size_t(t - 1) * (2 * U + 1)] : 0.0f;
    if (l.real) {
      float beta = log_sum(after[l.s], after[l.s + 1], l.from_here ? after[l.s + 2] : Max::none());
      if (t == l.frames - 1) beta = l.s >= l.rows - 2 ? 0.0f : Max::none();
      share[start + size_t(t) * (2 * U + 1)] = expf(a + beta - probability);
      lines[(t + 1) % 2][l.s] = beta + e;
    }
    e = next_e;
    a = next_a;
    __syncthreads();
  }
}

// dx[t, b, v] = dy[b] Σ share[b, t, s] over the rows s of symbol v. dx is 0 before. Of equal labels the first adds up.
__global__ void __launch_bounds__(MOST) ctc_collect(
    const float* dy, const float* total, const float* share, const long long* frames, const long long* labels,
    const long long* counts, int blank, float* dx, int T, int B, int V, int U) {
  __shared__ float line[MOST];
  const int b = blockIdx.x % B, t = blockIdx.x / B, s = threadIdx.x, count = min(counts[b], (long long)U);
  if (t >= frames[b] || total[b] == Max::none()) return;
  const long long* label = labels + size_t(b) * U;
  float* result = dx + (size_t(t) * B + b) * V;
  line[s] = s < 2 * count + 1 ? share[(size_t(b) * T + t) * (2 * U + 1) + s] : 0.0f;
  __syncthreads();
  float sum = 0.0f;
  if (s < 32) {
    for (int i = 2 * s; i < blockDim.x; i += 64) sum += line[i];
    sum = over_warp<Sum>(sum);
    if (s == 0) result[blank] = dy[b] * sum;
  }
  const int own = s / 2;
  if (s % 2 == 0 || own >= count) return;
  sum = 0.0f;
  for (int u = 0; u < count; u++) {
    if (label[u] != label[own]) continue;
    if (u < own) return;
    sum += line[2 * u + 1];
  }
  if (label[own] >= 0 && label[own] < V) result[label[own]] = dy[b] * sum;
}

// INSTANCE: {ctc_alpha|ctc_shares|ctc_collect}
