// Every PTX instruction that CUDA C has no word for: tensor cores, loads of their tiles, asynchronous copies. No header
// of CUDA is included, so NVRTC needs no toolkit.
#pragma once

// An operand of PTX in shared memory is a 32-bit offset.
__device__ __forceinline__ unsigned shared_offset(const void* address) {
  return static_cast<unsigned>(__cvta_generic_to_shared(address));
}

// Rounds to TF32: 10 bits of mantissa, to the nearest, ties away from zero.
__device__ __forceinline__ unsigned to_tf32(float x) {
  unsigned bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
  return bits;
}

// Two floats as 16-bit numbers, to the nearest, ties to even. `low` is the low half; PTX names the high half first.
__device__ __forceinline__ unsigned pack_bf16(float low, float high) {
  unsigned pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
}
__device__ __forceinline__ unsigned pack_f16(float low, float high) {
  unsigned pair;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
}

__device__ __forceinline__ void unpack_bf16(unsigned pair, float& low, float& high) {
  low = __uint_as_float(pair << 16);
  high = __uint_as_float(pair & 0xffff0000u);
}
__device__ __forceinline__ void unpack_f16(unsigned pair, float& low, float& high) {
  asm("{ .reg .b16 l, h; mov.b32 {l, h}, %2; cvt.f32.f16 %0, l; cvt.f32.f16 %1, h; }"
      : "=f"(low), "=f"(high) : "r"(pair));
}

// d += a b, where d is 16×8 in float32, a 16×k in rows and b k×8 in columns; k is 8 for TF32 and 16 for 16-bit numbers.
// Lane 4 g + t holds
//   d[0..3]   rows g, g, g + 8, g + 8    columns 2 t, 2 t + 1, 2 t, 2 t + 1
//   a[0..3]   rows g, g + 8, g, g + 8    columns t, t, t + 4, t + 4    (16 bit: pairs from 2 t, 2 t, 2 t + 8, 2 t + 8)
//   b[0..1]   rows t, t + 4              column g                      (16 bit: pairs from 2 t, 2 t + 8)
#define MMA_16X8(name, shape, type)                                                                              \
  __device__ __forceinline__ void name(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {          \
    asm volatile("mma.sync.aligned." shape ".row.col.f32." type "." type                                         \
                 ".f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"                          \
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])                                                \
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));                            \
  }
MMA_16X8(mma_16x8x8_tf32, "m16n8k8", "tf32")
MMA_16X8(mma_16x8x16_bf16, "m16n8k16", "bf16")
MMA_16X8(mma_16x8x16_f16, "m16n8k16", "f16")

// Four tiles of 8×8 16-bit numbers from shared memory. Lane l gives the address of row l % 8 of tile l / 8, aligned to
// 16 bytes; it gets of tile i, in out[i], columns 2 (l % 4) and 2 (l % 4) + 1 of row l / 4, or of the transposed tile.
#define LDMATRIX_X4(name, trans)                                                                \
  __device__ __forceinline__ void name(unsigned (&out)[4], const void* row) {                   \
    asm volatile("ldmatrix.sync.aligned.m8n8.x4" trans ".shared.b16 {%0, %1, %2, %3}, [%4];"    \
                 : "=r"(out[0]), "=r"(out[1]), "=r"(out[2]), "=r"(out[3])                       \
                 : "r"(shared_offset(row))                                                      \
                 : "memory");                                                                   \
  }
LDMATRIX_X4(ldmatrix_x4, "")
LDMATRIX_X4(ldmatrix_x4_trans, ".trans")

// Copies from global to shared memory that a thread does not wait for; zeros are written where the source is not valid.
// 16 bytes pass by the L1 cache, 4 bytes through it.
__device__ __forceinline__ void cp_async16(void* shared, const void* global, bool valid = true) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
               :: "r"(shared_offset(shared)), "l"(global), "r"(valid ? 16 : 0) : "memory");
}
__device__ __forceinline__ void cp_async4(void* shared, const void* global, bool valid = true) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;"
               :: "r"(shared_offset(shared)), "l"(global), "r"(valid ? 4 : 0) : "memory");
}
__device__ __forceinline__ void cp_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
// Waits until at most `groups` of this thread's committed groups are under way.
template <int groups> __device__ __forceinline__ void cp_async_wait() {
  asm volatile("cp.async.wait_group %0;" :: "n"(groups) : "memory");
}
