// Planes shifted to mean 0 and scaled to variance 1: batch norm of images, group norm, instance norm.
//
//     x[n, c, l]: w and b belong to channel c; μ and σ² to it, too, or to a `group` of that many planes in a row
//     y = (x - μ) w k + b,   k = 1/√(σ² + ε)        dx = k (w dy - mean w dy - x̂ mean(w dy x̂))
//
// Bytes: x is read twice forward, x and dy twice backward: 12 and 20 per element, for what a channel has in common is
// known only when all of its planes, far apart in memory, were seen. Each team leaves what it found in its piece as a
// partial result; parts.cu puts those together. w and b may be null: 1 and 0.
#include "norm.cuh"
#include "planes.cuh"

// Mean, and sum of squares about it, of each piece, which stays in registers.
template <int T, int I>
__global__ void __launch_bounds__(THREADS<T>) plane_statistics(
    const float* x, float* means, float* squares, int group, int planes, int channels, int length, int pieces,
    int each) {
  const Layout a{planes, channels, length, pieces, each};
  const Piece<T> p(a);
  if (!p.real) return;
  float v[I], m = 0.0f, off = 0.0f, s = 0.0f;
#pragma unroll
  for (int i = 0; i < I; i++) {
    const int l = i * T + p.lane;
    v[i] = l < p.count ? x[p.start + l] : 0.0f;
    m += v[i];
  }
  m = over_team<Sum, T>(m) / p.count;
#pragma unroll
  for (int i = 0; i < I; i++) {
    const float d = i * T + p.lane < p.count ? v[i] - m : 0.0f;
    off += d;
    s += d * d;
  }
  s = over_team<Sum, T>(s);
  off = over_team<Sum, T>(off) / p.count;  // a mean far from 0 was rounded
  if (p.lane > 0) return;
  const size_t to = group ? p.by_group(a, group) : p.by_channel(a);
  s -= off * off * p.count;
  means[to] = m + off;
  squares[to] = s < 0.0f ? 0.0f : s;
}

template <int T>
__global__ void __launch_bounds__(THREADS<T>) planes_forward(
    const float* __restrict__ x, const float* w, const float* b, const float* mu, const float* variance, float eps,
    float* __restrict__ y, int group, int planes, int channels, int length, int pieces, int each) {
  const Piece<T> p({planes, channels, length, pieces, each});
  if (!p.real) return;
  const int s = group ? p.plane / group : p.channel;
  const float m = mu[s], scale = at(w, p.channel, 1.0f) / sqrtf(variance[s] + eps), shift = at(b, p.channel, 0.0f);
#pragma unroll 4
  for (int l = p.lane; l < p.count; l += T) y[p.start + l] = (x[p.start + l] - m) * scale + shift;
}

// Σ dy and Σ dy x̂ of each piece, and for groups, whose channels have a w each, w times them.
template <int T>
__global__ void __launch_bounds__(THREADS<T>) plane_sums(
    const float* dy, const float* x, const float* w, const float* mu, const float* inverse, float* total,
    float* product, float* group_total, float* group_product, int group, int planes, int channels, int length,
    int pieces, int each) {
  const Layout a{planes, channels, length, pieces, each};
  const Piece<T> p(a);
  if (!p.real) return;
  const int s = group ? p.plane / group : p.channel;
  const float m = mu[s];
  float t = 0.0f, q = 0.0f;
#pragma unroll 4
  for (int l = p.lane; l < p.count; l += T) {
    t += dy[p.start + l];
    q += dy[p.start + l] * (x[p.start + l] - m);
  }
  t = over_team<Sum, T>(t);
  q = over_team<Sum, T>(q) * inverse[s];
  if (p.lane > 0) return;
  total[p.by_channel(a)] = t;
  product[p.by_channel(a)] = q;
  if (group) {
    group_total[p.by_group(a, group)] = at(w, p.channel, 1.0f) * t;
    group_product[p.by_group(a, group)] = at(w, p.channel, 1.0f) * q;
  }
}

// `total` and `product` are sums per channel, or per group, of `size` elements.
template <int T>
__global__ void __launch_bounds__(THREADS<T>) planes_backward(
    const float* __restrict__ dy, const float* __restrict__ x, const float* w, const float* mu, const float* inverse,
    const float* total, const float* product, int size, float* __restrict__ dx, int group, int planes, int channels,
    int length, int pieces, int each) {
  const Piece<T> p({planes, channels, length, pieces, each});
  if (!p.real) return;
  const int s = group ? p.plane / group : p.channel;
  const float m = mu[s], k = inverse[s], factor = at(w, p.channel, 1.0f), weight = group ? 1.0f : factor;
  const float scale = factor * k, offset = weight * total[s] / size * k, slope = weight * product[s] / size * k * k;
#pragma unroll 4
  for (int l = p.lane; l < p.count; l += T) {
    dx[p.start + l] = dy[p.start + l] * scale - offset - (x[p.start + l] - m) * slope;
  }
}

// INSTANCE: plane_statistics<{32, 4|32, 16|256, 8|256, 16}>
// INSTANCE: {planes_forward|plane_sums|planes_backward}<{32|256}>
