"""One number per channel, from all images and pixels: the gradient of a bias.

NumPy sums over the first and last axes of an array in steps; here each plane is read once. Bytes: dy, once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .buffers import FLOAT32, flat, out
from .compiled import compiled
from .launch import launch

PIECE = 1024  # numbers added up in float32; sums of pieces are added up in float64


@compiled(no_cpython_wrapper=True, fastmath={"reassoc"})  # in any order, so that a vector of sums can be kept
def sum_of(x: Any, start: int, stop: int) -> Any:
    """Add up the numbers from start to stop of a vector."""
    total = np.float64(0)
    for p in range(start, stop, PIECE):
        piece, part = x[p : min(p + PIECE, stop)], np.float32(0)
        for i in range(piece.shape[0]):
            part += piece[i]
        total += part
    return total


@compiled
def _sums(dy: Any, db: Any, images: int, pixels: int, start: int, stop: int) -> None:
    for k in range(start, stop):
        total = np.float64(0)
        for n in range(images):
            plane = (n * db.shape[0] + k) * pixels
            total += sum_of(dy, plane, plane + pixels)
        db[k] = total


def channel_sums(dy: Any) -> Any:
    """Return Σ_np dy[n, k, p] for each channel k."""
    if dy.dtype != FLOAT32 or dy.ndim < 3 or not dy.size:
        return NotImplemented
    images, channels = dy.shape[:2]
    db = out(channels)
    launch(dy.size, channels, _sums, flat(dy), db, images, dy.size // (images * channels))
    return db
