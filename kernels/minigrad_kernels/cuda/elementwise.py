"""One pass over memory: y_i = f(x_i), or f(dy_i, x_i), whatever the shape. The kernels stand on elementwise.cuh."""

from __future__ import annotations

from typing import Any

from .arrays import blocks, covered, dense, room
from .program import Program

BLOCK = 256
CHUNK = 2048  # elements per block


def elementwise(program: Program, kernel: str, *arrays: Any, settings: tuple[Any, ...] = ()) -> Any:
    """Return y, as kernel(*arrays, y, n, *settings) fills it. The arrays have one shape."""
    if not covered(*arrays):
        return NotImplemented
    y = room(arrays[0].shape)
    program.launch(kernel, (blocks(y.size, CHUNK),), BLOCK, *map(dense, arrays), y, y.size, *settings)
    return y
