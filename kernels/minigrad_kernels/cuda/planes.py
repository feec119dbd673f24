"""How planes of pixels are cut into pieces for teams of threads: the numbers of `Layout` in planes.cuh."""

from __future__ import annotations

from typing import NamedTuple

from .arrays import blocks

WARP, SEVERAL = 32, 256  # a block is one team of so many threads, or several of a warp each
TEAMS = ((32, 4), (32, 16), (256, 8), (256, 16))  # threads, values per thread: the smallest that holds a piece
LONGEST = 4096  # pixels of a piece


class Pieces(NamedTuple):
    """How planes are cut."""

    planes: int
    channels: int
    length: int
    pieces: int
    each: int

    @property
    def team(self) -> tuple[int, int]:
        """Return how many threads have a piece, and how many values each of them."""
        return next((threads, items) for threads, items in TEAMS if self.each <= threads * items)

    @property
    def grid(self) -> tuple[int]:
        """Return the blocks, of SEVERAL threads, that have a piece for each team."""
        return (blocks(self.planes * self.pieces, SEVERAL // self.team[0]),)


def pieces_of(planes: int, channels: int, length: int) -> Pieces:
    """Cut each plane into equal pieces that are short enough."""
    each = blocks(length, blocks(length, LONGEST))
    return Pieces(planes, channels, length, blocks(length, each), each)
