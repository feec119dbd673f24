"""One number per channel on the GPU, from all images and pixels: the gradient of a bias."""

from __future__ import annotations

from typing import Any

from .arrays import covered, dense, room
from .parts import add_parts
from .planes import SEVERAL, pieces_of
from .program import Program

PROGRAM = Program("channels")


def channel_sums(dy: Any) -> Any:
    """Return Σ_np dy[n, k, p] for each channel k."""
    if dy.ndim < 3 or not covered(dy):
        return NotImplemented
    images, channels = dy.shape[:2]
    cut = pieces_of(images * channels, channels, dy.size // (images * channels))
    total = room((images * cut.pieces, channels))
    PROGRAM.launch(f"plane_totals<{cut.team[0]}>", cut.grid, SEVERAL, dense(dy), total, *cut)
    return add_parts(total)
