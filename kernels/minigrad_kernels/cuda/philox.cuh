// Philox-4x64-10: the same random bits, for any block of the stream, as minigrad/random.py gets from NumPy.
//
// A block is a counter of four 64-bit words that is enciphered in ten rounds. A round multiplies two of the words by
// constants, and mixes the halves of these 128-bit products with the other two words and the key:
//
//     (c₀, c₁, c₂, c₃)  ←  (high(B c₂) ⊕ c₁ ⊕ k₀,  low(B c₂),  high(A c₀) ⊕ c₃ ⊕ k₁,  low(A c₀))
//
// Number i of a draw in float32 is u = k / 2²⁴, k the upper 24 bits of half i % 8 of block i / 8; the lower half of a
// word comes first. So u ≥ p is decided among integers: k ≥ least, least = ⌈2²⁴ p⌉.
//
// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#pragma once

constexpr int HALVES = 8;  // numbers in float32 that a block serves

__device__ inline void philox(unsigned long long seed, unsigned long long block, unsigned (&half)[HALVES]) {
  constexpr unsigned long long A = 0xD2E7470EE14C6C93ull, B = 0xCA5A826395121157ull;
  constexpr unsigned long long GOLDEN_RATIO = 0x9E3779B97F4A7C15ull, ROOT_OF_3 = 0xBB67AE8584CAA73Bull;
  unsigned long long c0 = block, c1 = 0, c2 = 0, c3 = 0, k0 = seed, k1 = 0;
#pragma unroll
  for (int round = 0; round < 10; round++) {
    const unsigned long long mixed0 = __umul64hi(B, c2) ^ c1 ^ k0, mixed2 = __umul64hi(A, c0) ^ c3 ^ k1;
    c1 = B * c2;
    c3 = A * c0;
    c0 = mixed0;
    c2 = mixed2;
    k0 += GOLDEN_RATIO;
    k1 += ROOT_OF_3;
  }
  const unsigned long long words[] = {c0, c1, c2, c3};
#pragma unroll
  for (int w = 0; w < 4; w++) {
    half[2 * w] = unsigned(words[w]);
    half[2 * w + 1] = unsigned(words[w] >> 32);
  }
}

// Bit j says whether u ≥ p for number j of a block.
__device__ inline unsigned kept_of_block(unsigned long long seed, unsigned long long block, unsigned least) {
  unsigned half[HALVES], bits = 0;
  philox(seed, block, half);
#pragma unroll
  for (int j = 0; j < HALVES; j++) bits |= unsigned((half[j] >> 8) >= least) << j;
  return bits;
}
