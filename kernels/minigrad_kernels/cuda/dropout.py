"""Dropout on the GPU: in one pass, without a mask in memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .arrays import blocks, covered, dense, room
from .program import Program

PROGRAM = Program("dropout")
BLOCK = 256
CHUNK = 2048  # elements per block


def dice_for(p: float, start: tuple[int, int]) -> tuple[int, int, int, float]:
    """Return what makes the mask of a draw: where its bits begin, the least that stays, and 1 / (1 - p)."""
    return *start, math.ceil(float(np.float32(p)) * 2**24), 1 / (1 - p)


def drop_loop(x: Any, p: float, start: tuple[int, int], shape: tuple[int, ...]) -> Any:
    """Multiply by the mask, then by 1/(1 - p)."""
    if not covered(x) or shape != x.shape or start[1] + x.size >= 2**64:
        return NotImplemented
    y = room(shape)
    PROGRAM.launch("drop", (blocks(x.size, CHUNK),), BLOCK, dense(x), y, x.size, *dice_for(p, start))
    return y
