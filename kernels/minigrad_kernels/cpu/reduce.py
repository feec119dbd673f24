"""The gradient of a sum or a mean, when it is small: one array, filled at once, instead of three ops on tensors."""

from __future__ import annotations

from math import prod
from typing import Any

from .buffers import FLOAT32, out

SMALL = 2**14  # elements; a larger array is better made by repeating dy without copying it


def spread(dy: Any, kept: tuple[int, ...], source: tuple[int, ...], factor: float) -> Any:
    """Return factor · dy, read in the shape `kept` and repeated to the shape `source`."""
    if dy.dtype is not FLOAT32 or prod(source) > SMALL:
        return NotImplemented
    dx = out(source)
    dx[...] = (dy if factor == 1 else dy * FLOAT32.type(factor)).reshape(kept)
    return dx
