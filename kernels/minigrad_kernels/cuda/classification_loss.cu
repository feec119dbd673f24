// Cross-entropy, forward and backward, each in one look at the scores.
//
//     y[n] = ln Σ_c exp(x[n, c] - x[n, t])        so        p[n, c] = exp((x[n, c] - x[n, t]) - y[n])
//     dx[n, c] = (p[n, c] - [c = t]) dy[n]        y and dx are 0 where the class t is -1
//
// Bytes: 4 per score forward, 8 backward; they bound it. A team of T threads takes a row. Forward, a thread keeps the
// largest score so far, and a sum of exponentials relative to it that shrinks when a larger score comes. Backward gets
// p from y. That is as exact as y is; a row with a large y, which the model has got very wrong, is summed again.
#include "rows.cuh"

constexpr float LARGE = 8.0f;  // a surprise above it is rounded by more than an exponent may be
constexpr int AT_ONCE = 8;     // scores that a thread has under way

// The score of class t. A class that there is not makes the loss undefined; somebody else complains, later.
__device__ inline float score_of(const float* row, long long t, int n) {
  return t < n ? row[t] : __int_as_float(0x7fffffff);  // NaN
}

// Σ exp(x) = s exp(m)
struct LogSum {
  float m, s;
};

// What to subtract where m is the largest: -∞ means that all are, and their exponentials are 0.
__device__ inline float finite(float m) { return m == Max::none() ? 0.0f : m; }

template <int T>
__device__ LogSum log_sum(const float* row, int n, int lane) {
  float m = Max::none(), s = 0.0f;
  for (int start = lane; start < n; start += AT_ONCE * T) {
    float v[AT_ONCE], most = m, more = 0.0f;
#pragma unroll
    for (int i = 0; i < AT_ONCE; i++) {
      v[i] = start + i * T < n ? row[start + i * T] : Max::none();
      most = Max::of(most, v[i]);
    }
#pragma unroll
    for (int i = 0; i < AT_ONCE; i++) more += expf(v[i] - finite(most));
    s = s * expf(m - finite(most)) + more;
    m = most;
  }
  const float most = over_team<Max, T>(m);
  return {most, over_team<Sum, T>(s * expf(m - finite(most)))};
}

template <int T>
__global__ void __launch_bounds__(THREADS<T>) surprise(
    const float* score, const long long* target, float* y, int rows, int n) {
  const Team<T> team;
  if (team.index >= rows) return;
  const float* row = score + size_t(team.index) * n;
  const long long t = target[team.index];
  const LogSum all = t < 0 ? LogSum{} : log_sum<T>(row, n, team.lane);
  if (team.lane == 0) y[team.index] = t < 0 ? 0.0f : (all.m - score_of(row, t, n)) + logf(all.s);
}

template <int T>
__global__ void __launch_bounds__(THREADS<T>) excess(
    const float* dy, const float* y, const float* __restrict__ score, const long long* target, float* __restrict__ dx,
    int rows, int n) {
  const Team<T> team;
  if (team.index >= rows) return;
  const size_t start = size_t(team.index) * n;
  const float* row = score + start;
  const float factor = dy[team.index];
  const long long t = target[team.index];
  if (t < 0) {
    for (int c = team.lane; c < n; c += T) dx[start + c] = 0.0f;
    return;
  }
  float shift = score_of(row, t, n), surprise = y[team.index], scale = 1.0f;
  if (!(surprise <= LARGE)) {
    const LogSum all = log_sum<T>(row, n, team.lane);
    shift = all.m;
    surprise = 0.0f;
    scale = 1.0f / all.s;
  }
#pragma unroll 4
  for (int c = team.lane; c < n; c += T) {
    const float p = expf((row[c] - shift) - surprise) * scale;
    dx[start + c] = (p - (c == t ? 1.0f : 0.0f)) * factor;
  }
}

// INSTANCE: {surprise|excess}<{32|256|1024}>
