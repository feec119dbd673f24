"""One number per channel, from all images and pixels: the gradient of a bias.

NumPy sums over the first and last axes of an array in steps; here each plane is read once. Bytes: dy, once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .buffers import FLOAT32, dense, out
from .compiled import compiled
from .launch import launch

PIECE = 1024  # numbers added up in float32; sums of pieces are added up in float64


@compiled(fastmath={"reassoc"})  # sums in any order, so that a vector of them can be kept
def _sums(dy: Any, db: Any, images: int, pixels: int, start: int, stop: int) -> None:
    channels = db.shape[0]
    for k in range(start, stop):
        total = np.float64(0)
        for n in range(images):
            first = (n * channels + k) * pixels
            for p in range(first, first + pixels, PIECE):
                piece, part = dy[p : min(p + PIECE, first + pixels)], np.float32(0)
                for i in range(piece.shape[0]):
                    part += piece[i]
                total += part
        db[k] = total


def channel_sums(dy: Any) -> Any:
    """Return Σ_np dy[n, k, p] for each channel k."""
    if dy.dtype != FLOAT32 or dy.ndim < 3 or not dy.size:
        return NotImplemented
    images, channels = dy.shape[:2]
    db = out(channels)
    launch(dy.size, channels, _sums, dense(dy, (dy.size,)), db, images, dy.size // (images * channels))
    return db
