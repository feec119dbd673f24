// One number per channel, from all images and pixels: the gradient of a bias. Bytes: dy, once; they bound it.
//
// A team of threads adds up a piece of a plane, and parts.cu the pieces of a channel.
#include "planes.cuh"

template <int T>
__global__ void __launch_bounds__(THREADS<T>) plane_totals(
    const float* dy, float* total, int planes, int channels, int length, int pieces, int each) {
  const Layout a{planes, channels, length, pieces, each};
  const Piece<T> p(a);
  if (!p.real) return;
  float s = 0.0f;
#pragma unroll 8
  for (int l = p.lane; l < p.count; l += T) s += dy[p.start + l];
  s = over_team<Sum, T>(s);
  if (p.lane == 0) total[p.by_channel(a)] = s;
}

// INSTANCE: plane_totals<{32|256}>
