// The device's arithmetic under its CUDA names. The fast functions are exact here: the tolerance of a test must allow
// for those of a GPU.
#pragma once
#include <math.h>
#include <stdlib.h>

#include <cstdint>

#include "machine.h"

template <class T> T __ldg(const T* address) { return *address; }

namespace cusim {
template <class T> constexpr T smaller(T a, T b) { return b < a ? b : a; }
template <class T> constexpr T larger(T a, T b) { return a < b ? b : a; }
}  // namespace cusim

// The pairs of types that the device knows; others are ambiguous there, and here.
#define CUSIM_MIN_MAX(A, B, Result)                                       \
  constexpr Result min(A a, B b) { return cusim::smaller<Result>(a, b); } \
  constexpr Result max(A a, B b) { return cusim::larger<Result>(a, b); }
CUSIM_MIN_MAX(int, int, int)
CUSIM_MIN_MAX(unsigned, unsigned, unsigned)
CUSIM_MIN_MAX(int, unsigned, unsigned)
CUSIM_MIN_MAX(unsigned, int, unsigned)
CUSIM_MIN_MAX(long, long, long)
CUSIM_MIN_MAX(unsigned long, unsigned long, unsigned long)
CUSIM_MIN_MAX(long, unsigned long, unsigned long)
CUSIM_MIN_MAX(unsigned long, long, unsigned long)
CUSIM_MIN_MAX(long long, long long, long long)
CUSIM_MIN_MAX(unsigned long long, unsigned long long, unsigned long long)
CUSIM_MIN_MAX(long long, unsigned long long, unsigned long long)
CUSIM_MIN_MAX(unsigned long long, long long, unsigned long long)
CUSIM_MIN_MAX(float, float, float)
CUSIM_MIN_MAX(double, double, double)
CUSIM_MIN_MAX(float, double, double)
CUSIM_MIN_MAX(double, float, double)

#define CUSIM_SAME_BITS(name, From, To)      \
  inline To name(From from) {                \
    To to;                                   \
    __builtin_memcpy(&to, &from, sizeof to); \
    return to;                               \
  }
CUSIM_SAME_BITS(__float_as_int, float, int)
CUSIM_SAME_BITS(__float_as_uint, float, unsigned)
CUSIM_SAME_BITS(__int_as_float, int, float)
CUSIM_SAME_BITS(__uint_as_float, unsigned, float)
CUSIM_SAME_BITS(__double_as_longlong, double, long long)
CUSIM_SAME_BITS(__longlong_as_double, long long, double)

inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
inline double rsqrt(double x) { return 1.0 / sqrt(x); }
inline float normcdff(float x) { return 0.5f * erfcf(-x * 0.70710678f); }
inline float sinpif(float x) { return static_cast<float>(sin(3.14159265358979323846 * x)); }
inline float cospif(float x) { return static_cast<float>(cos(3.14159265358979323846 * x)); }

inline float __expf(float x) { return expf(x); }
inline float __exp10f(float x) { return powf(10.0f, x); }
inline float __logf(float x) { return logf(x); }
inline float __log2f(float x) { return log2f(x); }
inline float __log10f(float x) { return log10f(x); }
inline float __powf(float x, float y) { return powf(x, y); }
inline float __sinf(float x) { return sinf(x); }
inline float __cosf(float x) { return cosf(x); }
inline float __tanf(float x) { return tanf(x); }
inline void __sincosf(float x, float* sine, float* cosine) { *sine = sinf(x), *cosine = cosf(x); }
inline float __fdividef(float x, float y) { return x / y; }
inline float __saturatef(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }

inline float __fadd_rn(float x, float y) { return x + y; }
inline float __fsub_rn(float x, float y) { return x - y; }
inline float __fmul_rn(float x, float y) { return x * y; }
inline float __fdiv_rn(float x, float y) { return x / y; }
inline float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }
inline float __frcp_rn(float x) { return 1.0f / x; }
inline float __fsqrt_rn(float x) { return sqrtf(x); }
inline float __frsqrt_rn(float x) { return 1.0f / sqrtf(x); }

inline int __float2int_rn(float x) { return static_cast<int>(rintf(x)); }
inline int __float2int_rz(float x) { return static_cast<int>(x); }
inline int __float2int_rd(float x) { return static_cast<int>(floorf(x)); }
inline int __float2int_ru(float x) { return static_cast<int>(ceilf(x)); }
inline unsigned __float2uint_rn(float x) { return static_cast<unsigned>(rintf(x)); }
inline float __int2float_rn(int x) { return static_cast<float>(x); }
inline float __uint2float_rn(unsigned x) { return static_cast<float>(x); }
inline float __double2float_rn(double x) { return static_cast<float>(x); }

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline int __clz(int x) { return x ? __builtin_clz(static_cast<unsigned>(x)) : 32; }
inline int __clzll(long long x) { return x ? __builtin_clzll(static_cast<unsigned long long>(x)) : 64; }
inline unsigned __brev(unsigned x) {
  x = (x >> 1 & 0x55555555u) | (x & 0x55555555u) << 1;
  x = (x >> 2 & 0x33333333u) | (x & 0x33333333u) << 2;
  x = (x >> 4 & 0x0f0f0f0fu) | (x & 0x0f0f0f0fu) << 4;
  return __builtin_bswap32(x);
}
inline unsigned __umulhi(unsigned x, unsigned y) { return static_cast<unsigned>(static_cast<uint64_t>(x) * y >> 32); }
inline int __mulhi(int x, int y) { return static_cast<int>(static_cast<int64_t>(x) * y >> 32); }
inline unsigned long long __umul64hi(unsigned long long x, unsigned long long y) {
  return static_cast<unsigned long long>(static_cast<unsigned __int128>(x) * y >> 64);
}
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) {
  return static_cast<unsigned>((static_cast<uint64_t>(high) << 32 | low) << (shift & 31) >> 32);
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
  return static_cast<unsigned>((static_cast<uint64_t>(high) << 32 | low) >> (shift & 31));
}
