"""Philox-4x64-10 in a kernel: the same random bits, for any block of the stream, as minigrad/random.py gets from NumPy.

A block is a counter of four 64-bit words that is enciphered in ten rounds. A round multiplies two of the words by
constants, and mixes the halves of these 128-bit products with the other two words and the key:

    (c₀, c₁, c₂, c₃)  ←  (high(B c₂) ⊕ c₁ ⊕ k₀,  low(B c₂),  high(A c₀) ⊕ c₃ ⊕ k₁,  low(A c₀))

Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .compiled import compiled

WORDS = 4  # in a block
_ROUNDS = 10
_A, _B = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
_STEP_0, _STEP_1 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)  # the golden ratio, and √3 - 1
_ZERO = np.uint64(0)


def _upper_half(typing: Any, a: Any, b: Any) -> Any:
    """Compile the upper half of the product of two unsigned 64-bit numbers."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(*(builder.zext(arg, wide) for arg in args))
        return builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), generate


_high: Any = intrinsic(_upper_half)


@compiled
def blocks(seed: Any, first: Any, words: Any) -> None:
    """Fill `words` with the blocks from number `first` on."""
    for b in range(words.size // WORDS):
        c0, c1, c2, c3 = np.uint64(first + np.uint64(b)), _ZERO, _ZERO, _ZERO
        k0, k1 = seed, _ZERO
        for _ in range(_ROUNDS):
            c0, c1, c2, c3 = _high(_B, c2) ^ c1 ^ k0, _B * c2, _high(_A, c0) ^ c3 ^ k1, _A * c0
            k0 += _STEP_0
            k1 += _STEP_1
        place = b * WORDS
        words[place], words[place + 1], words[place + 2], words[place + 3] = c0, c1, c2, c3
