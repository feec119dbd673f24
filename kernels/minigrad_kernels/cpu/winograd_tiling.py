"""How Winograd's algorithm cuts images into tiles, and how the numbers of the tiles lie in memory.

An output plane is cut into tiles of 4×4. A tile looks at 6×6 pixels, so neighbours share two rows or columns. A row of
tiles is a strip. Tiles are worked on a block at a time, so that their numbers stay in the second cache: a block is a
few parts, and a part is an image, or some strips of a large one. Each channel of a part is laid on a canvas, with its
padding, where every tile is whole:

    part 0      .------.------.------.      strips of tiles, and two rows and columns more for what the last ones see
    part 1      .------.------.------.

A transform turns each tile into 36 numbers, which go to 36 matrices. These are kept in panels as wide as the tiles of
registers that multiply them, so that every product reads its operands in one stream:

    panel[r // wide][k][r % wide]  =  matrix[k][r]
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from .buffers import FLOAT32, out
from .simd import LANES
from .tiles import VECTORS

ROWS = 8 if 8 in VECTORS else 4  # of a tile of registers
UNIT = max(ROWS, LANES)  # rows of a panel
APART = 16  # numbers between matrices, so that the same place of all 36 does not fall on the same lines of the cache
SLOWNESS = {3: 1.0, 2: 1.07, 1: 1.6}  # the time per result of a tile with so many columns of registers


class Side(NamedTuple):
    """The pixels that tiles look at, or the outputs that they are: a plane and its canvas."""

    height: int
    width: int
    top: int  # padding
    left: int
    rows: int  # of the canvas of a part
    columns: int
    corners: Any  # where the tiles of a block begin on the canvas; behind the last, where it does not matter

    def canvas(self, planes: int) -> Any:
        """Return canvases for so many planes, and one more for tiles beyond the last."""
        return np.zeros((planes + 1) * self.rows * self.columns, FLOAT32)


class Tiling(NamedTuple):
    """The tiles of a convolution."""

    strips: int  # of a part
    parts: int  # of an image
    block: int  # parts worked on at a time
    tiles: int  # of a part
    pixels: Side
    outputs: Side


@lru_cache(256)
def tiling(
    size: tuple[int, ...], outputs: tuple[int, ...], padding: tuple[int, ...], images: int, most: int, summed: bool
) -> Tiling:
    """Return the tiles for planes of `size`, with about `most` in a block. If tiles are summed over, any number will
    do; if not, few lanes and registers should be left over.
    """
    high, wide = (-(-n // 4) for n in outputs)
    strips = -(-high // -(-high * wide // most))
    parts, tiles = -(-high // strips), strips * wide
    count = images * parts
    alike = -(-count // -(-count // max(1, most // tiles)))
    block = alike if summed else _parts_at_once(count, tiles, most)
    pixels = _side(size, padding, strips, wide, block, 2)
    return Tiling(strips, parts, block, tiles, pixels, _side(outputs, (0, 0), strips, wide, block, 0))


def _side(size: tuple[int, ...], padding: tuple[int, ...], strips: int, wide: int, block: int, extra: int) -> Side:
    rows, columns = 4 * strips + extra, 4 * wide + extra
    y, x = np.divmod(np.arange(strips * wide), wide)
    tiles = (np.arange(block)[:, None] * rows * columns + 4 * (y * columns + x)).reshape(-1)
    corners = np.full(-(-len(tiles) // LANES) * LANES, block * rows * columns)
    corners[: len(tiles)] = tiles
    return Side(size[0], size[1], padding[0], padding[1], rows, columns, corners)


def _parts_at_once(count: int, tiles: int, most: int) -> int:
    """Return how many parts make a block: each costs its products, and about one vector's more to begin."""

    def cost(parts: int) -> float:
        vectors = -(-parts * tiles // LANES)
        return -(-count // parts) * (1 + _time(vectors, columns_for(vectors))) * (1 + vectors * LANES / 250)

    return min(range(1, max(1, min(count, most // tiles)) + 1), key=cost)


def columns_for(vectors: int) -> int:
    """Return how many columns of registers a tile should have for a matrix of so many vectors."""
    return min(SLOWNESS, key=lambda columns: _time(vectors, columns))


def _time(vectors: int, columns: int) -> float:
    return -(-vectors // columns) * columns * SLOWNESS[columns]


class Panels(NamedTuple):
    """One operand of 36 matrix products, in panels."""

    width: int  # of a matrix, a multiple of LANES
    wide: int  # of a panel
    depth: int
    numbers: Any  # of all matrices
    apart: int  # numbers from one matrix to the next
    places: Any  # where each vector of the first row begins
    spots: Any  # where each vector of a row would begin if there were one panel
    rows: Any  # where each row of a panel begins


@lru_cache(256)
def _tables_of_panels(width: int, depth: int, wide: int) -> tuple[Any, Any, Any]:
    spots = np.arange(0, width, LANES)
    return spots // wide * wide * depth + spots % wide, spots, np.arange(depth) * wide


def panels(width: int, depth: int, wide: int) -> Panels:
    """Return 36 matrices of depth × width whose numbers are undefined."""
    apart = -(-width // wide) * wide * depth + APART
    return Panels(width, wide, depth, out(36 * apart), apart, *_tables_of_panels(width, depth, wide))


class Products(NamedTuple):
    """The results of 36 matrix products, row by row."""

    numbers: Any
    width: int
    apart: int


def products(rows: int, width: int) -> Products:
    """Return 36 matrices of rows × width whose numbers are undefined."""
    apart = rows * width + APART
    return Products(out(36 * apart), width, apart)
