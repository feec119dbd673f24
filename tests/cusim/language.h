// The words and types of CUDA C that mean nothing, or something plain, on the host.
#pragma once

#define __CUDA_ARCH__ 900
#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __align__(bytes) alignas(bytes)
#define __restrict__ __restrict
#define __grid_constant__
#define __launch_bounds__(...)  // rewrite.py turns it into a check at the kernel's first line

namespace cusim {
// What an array of T holds: float4* is a way to read an array of floats.
template <class T> struct Element { using type = T; };
}  // namespace cusim

#define CUSIM_VECTORS(T, Name)                                                        \
  struct alignas(2 * sizeof(T)) Name##2 { T x, y; };                                  \
  struct Name##3 { T x, y, z; };                                                      \
  struct alignas(sizeof(T) < 8 ? 4 * sizeof(T) : 16) Name##4 { T x, y, z, w; };       \
  inline Name##2 make_##Name##2(T x, T y) { return {x, y}; }                          \
  inline Name##3 make_##Name##3(T x, T y, T z) { return {x, y, z}; }                  \
  inline Name##4 make_##Name##4(T x, T y, T z, T w) { return {x, y, z, w}; }          \
  template <> struct cusim::Element<Name##2> { using type = T; };                     \
  template <> struct cusim::Element<Name##3> { using type = T; };                     \
  template <> struct cusim::Element<Name##4> { using type = T; };

CUSIM_VECTORS(float, float)
CUSIM_VECTORS(double, double)
CUSIM_VECTORS(int, int)
CUSIM_VECTORS(unsigned, uint)
CUSIM_VECTORS(short, short)
CUSIM_VECTORS(unsigned short, ushort)
CUSIM_VECTORS(signed char, char)
CUSIM_VECTORS(unsigned char, uchar)
CUSIM_VECTORS(long long, longlong)
CUSIM_VECTORS(unsigned long long, ulonglong)

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
