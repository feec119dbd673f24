"""Average pooling on the GPU, and its adjoint. Windows in volumes, but for whole ones, are left to the reference."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any

import cupy
import numpy as np

from .arrays import FLOAT32, blocks, covered, dense, room
from .program import Program
from .windows import numbers_of

PROGRAM = Program("avg_pool")
BLOCK = 256
WARP, SMALL = 32, 1024  # threads for a plane, and the most pixels that so few get


def _whole_plane(g: Any) -> bool:
    return prod(g.out) == 1 and g.kernel == g.size and not any(g.padding)


def _counts(count: Any, g: Any) -> tuple[Any, float]:
    """Return the numbers to divide by: None and the one for all windows, or an array on the device and 0."""
    first = np.asarray(count).flat[0]
    if (count == first).all():
        return None, float(first)
    return _on_device(np.ascontiguousarray(np.broadcast_to(count, g.out), FLOAT32).tobytes()), 0.0


@lru_cache(64)
def _on_device(numbers: bytes) -> Any:
    """Return numbers in float32 on the device, where they stay: the way there takes longer than a small pooling."""
    return cupy.asarray(np.frombuffer(numbers, FLOAT32))


def average_loop(x_nchw: Any, g: Any, count: Any) -> Any:
    """Add up each window and divide."""
    numbers, whole = numbers_of(g), _whole_plane(g)
    if not covered(x_nchw) or (numbers is None and not whole):
        return NotImplemented
    x, y, (counts, divisor) = dense(x_nchw), room((*x_nchw.shape[: -len(g.size)], *g.out)), _counts(count, g)
    if numbers is not None and not whole:
        PROGRAM.launch("average", (blocks(y.size, BLOCK),), BLOCK, x, y, counts, divisor, y.size, *numbers)
        return y
    length = prod(g.size)
    threads = WARP if length <= SMALL else BLOCK
    grid = (blocks(y.size, BLOCK // threads),)
    PROGRAM.launch(f"average_of_planes<{threads}>", grid, BLOCK, x, y, divisor, y.size, length)
    return y


def spread_loop(y_ncpq: Any, g: Any, count: Any) -> Any:
    """Divide and add to every pixel of the window."""
    numbers = numbers_of(g)
    if not covered(y_ncpq) or numbers is None:
        return NotImplemented
    x, (counts, divisor) = room((*y_ncpq.shape[: -len(g.size)], *g.size)), _counts(count, g)
    grid = (blocks(x.size, BLOCK),)
    PROGRAM.launch("spread", grid, BLOCK, dense(y_ncpq), x, counts, divisor, x.size, *numbers)
    return x
