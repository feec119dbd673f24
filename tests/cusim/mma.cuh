// The functions of the kernels' mma.cuh, lane by lane on the host: the layouts that a kernel assumes are checked
// without a GPU. Source: PTX ISA, the sections on mma.m16n8k8, mma.m16n8k16, ldmatrix, cp.async and cvt.
#pragma once

// Adds half a unit of the last place that is kept: ties go away from zero. NaN and the infinities stay.
inline unsigned to_tf32(float x) {
  const unsigned bits = __float_as_uint(x);
  return (bits & 0x7f800000u) == 0x7f800000u ? bits : (bits + 0x1000u) & ~0x1fffu;
}

namespace cusim {

inline unsigned to_bf16(float x) {
  const unsigned bits = __float_as_uint(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fff;
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}
inline float from_bf16(unsigned bits) { return __uint_as_float(bits << 16); }

// The processor's own conversions round as PTX does, but obey the mode that flushes subnormal numbers; these do not.
inline unsigned to_f16(float x) {
  const unsigned bits = __float_as_uint(x), sign = bits >> 16 & 0x8000u, size = bits & 0x7fffffffu;
  if (size > 0x7f800000u) return 0x7fff;
  if (size >= 0x477ff000u) return sign | 0x7c00u;  // 65520 and above round to infinity
  const unsigned exponent = size >> 23;
  if (exponent < 102) return sign;  // below half of the smallest subnormal number
  const unsigned shift = exponent < 113 ? 126 - exponent : 13;
  const unsigned mantissa = exponent < 113 ? (size & 0x7fffffu) | 0x800000u : size - (112u << 23);
  const unsigned half = (1u << (shift - 1)) - 1 + (mantissa >> shift & 1);
  return sign | (mantissa + half) >> shift;
}
inline float from_f16(unsigned bits) {
  const unsigned sign = (bits & 0x8000u) << 16, exponent = bits >> 10 & 31, mantissa = bits & 0x3ffu;
  if (exponent == 31) return __uint_as_float(sign | 0x7f800000u | mantissa << 13);
  if (exponent) return __uint_as_float(sign | (exponent + 112) << 23 | mantissa << 13);
  const float size = static_cast<float>(mantissa) * 5.9604644775390625e-8f;  // 2^-24
  return sign ? -size : size;
}

struct Fragments {
  float d[4];
  unsigned a[4], b[2];
};

// Gathers the warp's fragments into matrices, multiplies, and hands each lane its part of d: once for the whole warp.
// `numbers` per 32-bit register; `number` decodes one of them.
template <int k, int numbers, class Decode> void multiply(Slot* lanes, Decode number) {
  float a[16][k], b[k][8], d[16][8];
  constexpr int half = k / 2;
  for (int lane = 0; lane < 32; lane++) {
    const Fragments held = unpack<Fragments>(lanes[lane]);
    const int g = lane / 4, t = lane % 4;
    for (int i = 0; i < numbers; i++) {
      for (int r = 0; r < 4; r++) a[g + 8 * (r % 2)][numbers * t + i + half * (r / 2)] = number(held.a[r], i);
      for (int r = 0; r < 2; r++) b[numbers * t + i + half * r][g] = number(held.b[r], i);
    }
    for (int i = 0; i < 4; i++) d[g + 8 * (i / 2)][2 * t + i % 2] = held.d[i];
  }
  for (int row = 0; row < 16; row++)
    for (int i = 0; i < k; i++)
      for (int column = 0; column < 8; column++) d[row][column] += a[row][i] * b[i][column];
  for (int lane = 0; lane < 32; lane++) {
    const int g = lane / 4, t = lane % 4;
    const float part[4] = {d[g][2 * t], d[g][2 * t + 1], d[g + 8][2 * t], d[g + 8][2 * t + 1]};
    __builtin_memcpy(lanes[lane].bytes, part, sizeof part);
  }
}

inline void mma(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], Combine combine, const char* operation,
                int line) {
  const Fragments mine{{d[0], d[1], d[2], d[3]}, {a[0], a[1], a[2], a[3]}, {b[0], b[1]}};
  const Slot* exchange = warp_exchange(~0u, operation, line, pack(mine), combine);
  const Fragments result = unpack<Fragments>(peek(exchange, now.lane));
  for (int i = 0; i < 4; i++) d[i] = result.d[i];
}

// Tensor cores read the upper 19 bits of a TF32 register.
inline void multiply_tf32(Slot* lanes) {
  multiply<8, 1>(lanes, [](unsigned bits, int) { return __uint_as_float(bits & ~0x1fffu); });
}
inline void multiply_bf16(Slot* lanes) {
  multiply<16, 2>(lanes, [](unsigned pair, int i) { return from_bf16(pair >> (16 * i) & 0xffff); });
}
inline void multiply_f16(Slot* lanes) {
  multiply<16, 2>(lanes, [](unsigned pair, int i) { return from_f16(pair >> (16 * i) & 0xffff); });
}

struct alignas(16) Row {
  unsigned short numbers[8];
};
// Every lane's address of a row of a tile.
inline const Slot* row_addresses(const void* row, const char* operation, int line) {
  if (reinterpret_cast<size_t>(row) % 16)
    fail("%s at line %d: the address of a row is not aligned to 16 bytes", operation, line);
  return warp_exchange(~0u, operation, line, pack(row));
}
inline unsigned number_at(const Slot* exchange, int lane, int column) {
  return unpack<const unsigned short*>(peek(exchange, lane))[column];
}

template <class Word> void land(const Copy& copy) {
  const Word* from = static_cast<const Word*>(copy.from);
  Word* to = static_cast<Word*>(copy.to);
  *to = copy.valid ? *from : Word{};
}
inline void land(const Copy& copy) { copy.bytes == 16 ? land<uint4>(copy) : land<unsigned>(copy); }

inline void copy_async(void* shared, const void* global, unsigned bytes, bool valid, int line) {
  const size_t addresses = reinterpret_cast<size_t>(shared) | (valid ? reinterpret_cast<size_t>(global) : 0);
  if (addresses % bytes) fail("cp.async of %u bytes at line %d: an address is not aligned to them", bytes, line);
  const Copy copy{shared, global, bytes, valid ? bytes : 0};
  if (begin_copy(copy)) land(copy);
}

}  // namespace cusim

inline unsigned pack_bf16(float low, float high) { return cusim::to_bf16(low) | cusim::to_bf16(high) << 16; }
inline unsigned pack_f16(float low, float high) { return cusim::to_f16(low) | cusim::to_f16(high) << 16; }
inline void unpack_bf16(unsigned pair, float& low, float& high) {
  low = cusim::from_bf16(pair & 0xffff), high = cusim::from_bf16(pair >> 16);
}
inline void unpack_f16(unsigned pair, float& low, float& high) {
  low = cusim::from_f16(pair & 0xffff), high = cusim::from_f16(pair >> 16);
}

#define MMA_16X8(name, combine)                                                                                  \
  inline void name(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], int line = __builtin_LINE()) { \
    cusim::mma(d, a, b, combine, #name, line);                                                                   \
  }
MMA_16X8(mma_16x8x8_tf32, cusim::multiply_tf32)
MMA_16X8(mma_16x8x16_bf16, cusim::multiply_bf16)
MMA_16X8(mma_16x8x16_f16, cusim::multiply_f16)

inline void ldmatrix_x4(unsigned (&out)[4], const void* row, int line = __builtin_LINE()) {
  const cusim::Slot* rows = cusim::row_addresses(row, "ldmatrix_x4", line);
  const int g = cusim::now.lane / 4, t = cusim::now.lane % 4;
  for (int i = 0; i < 4; i++)
    out[i] = cusim::number_at(rows, 8 * i + g, 2 * t) | cusim::number_at(rows, 8 * i + g, 2 * t + 1) << 16;
}
inline void ldmatrix_x4_trans(unsigned (&out)[4], const void* row, int line = __builtin_LINE()) {
  const cusim::Slot* rows = cusim::row_addresses(row, "ldmatrix_x4_trans", line);
  const int g = cusim::now.lane / 4, t = cusim::now.lane % 4;
  for (int i = 0; i < 4; i++)
    out[i] = cusim::number_at(rows, 8 * i + 2 * t, g) | cusim::number_at(rows, 8 * i + 2 * t + 1, g) << 16;
}

inline void cp_async16(void* shared, const void* global, bool valid = true, int line = __builtin_LINE()) {
  cusim::copy_async(shared, global, 16, valid, line);
}
inline void cp_async4(void* shared, const void* global, bool valid = true, int line = __builtin_LINE()) {
  cusim::copy_async(shared, global, 4, valid, line);
}
inline void cp_async_commit() { cusim::close_copy_group(); }
template <int groups> void cp_async_wait() {
  for (cusim::Copy copy; cusim::next_copy_to_land(groups, copy);) cusim::land(copy);
}
