"""Dropout in one pass: the mask is made from random bits in the nearest cache, used, and forgotten.

u ≥ p is decided among integers: u is k / 2²⁴, k the upper 24 of 32 random bits, so u ≥ p where k ≥ 2²⁴ p. Bit for bit
the mask of minigrad/random.py: backward makes the same one again, and so does the reference.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .buffers import FLOAT32, dense, out
from .compiled import compiled
from .fastmath import ONE, ZERO, f32
from .launch import launch
from .philox import WORDS, blocks

CHUNK = 2048  # elements whose random bits are made together
_HALVES = 2 * WORDS  # float32 that a block of random bits serves
_UNUSED = np.uint32(8)  # of 32 bits, so many are not part of u


@compiled
def _drop(x: Any, y: Any, seed: Any, position: Any, least: Any, scale: Any, start: int, stop: int) -> None:
    words = np.empty(CHUNK // 2, np.uint64)
    bits = words.view(np.uint32)
    for chunk in range(start, stop):
        blocks(seed, np.uint64(position + np.uint64(chunk * (CHUNK // _HALVES))), words)
        part, result = x[chunk * CHUNK : chunk * CHUNK + CHUNK], y[chunk * CHUNK : chunk * CHUNK + CHUNK]
        for i in range(part.size):
            kept = ONE if (bits[i] >> _UNUSED) >= least else ZERO
            result[i] = part[i] * kept * scale


@compiled
def keep(row: Any, first: int, dice: Any, words: Any) -> None:
    """Multiply a row by its mask over 1 - p, where its numbers are first, first + 1, ... of those of a draw."""
    seed, position, least, scale = dice
    skipped = first % _HALVES
    used = words[: (skipped + row.size + _HALVES - 1) // _HALVES * WORDS]
    blocks(seed, np.uint64(position + np.uint64(first // _HALVES)), used)
    bits = used.view(np.uint32)
    for i in range(row.size):
        row[i] *= scale if (bits[skipped + i] >> _UNUSED) >= least else ZERO


def dice_for(p: float, start: tuple[int, int]) -> tuple[Any, ...]:
    """Return what makes the mask of a draw: where its bits begin, the least that stays, and 1 / (1 - p)."""
    seed, position = start
    return np.uint64(seed), np.uint64(position), np.uint32(math.ceil(float(f32(p)) * 2**24)), f32(1 / (1 - p))


def room_for(n: int) -> int:
    """Return how many words `keep` needs for a row of n."""
    return (-(-n // _HALVES) + 1) * WORDS


def drop_loop(x: Any, p: float, start: tuple[int, int], shape: tuple[int, ...]) -> Any:
    """Multiply by the mask, then by 1/(1 - p)."""
    if x.dtype is not FLOAT32 or shape != x.shape or start[1] + x.size >= 2**64:
        return NotImplemented
    y = out(shape)
    launch(x.size, -(-x.size // CHUNK), _drop, dense(x, (x.size,)), y.reshape(-1), *dice_for(p, start))
    return y
