"""Batch norm of images, group norm and instance norm on the GPU.

Arrays are (planes, length), with so many channels in turn. A statistic belongs to `group` planes in a row; 0 for batch
norm, where it belongs to a channel. w and b may be None: 1 and 0.
"""

from __future__ import annotations

from typing import Any

from .arrays import room
from .parts import add_parts, merge_parts
from .planes import SEVERAL, Pieces, pieces_of
from .program import Program

PROGRAM = Program("norm_planes")


def _parts(cut: Pieces, group: int) -> tuple[int, int]:
    """Return how many partial results there are for each statistic, and how many statistics."""
    statistics = cut.planes // group if group else cut.channels
    return cut.planes * cut.pieces // statistics, statistics


def planes_forward(
    x: Any, w: Any, b: Any, eps: float, channels: int, group: int, y: Any, mu: Any, variance: Any
) -> None:  # fmt: skip
    """Fill y, and μ and σ² of each statistic."""
    cut = pieces_of(len(y), channels, y.shape[1])
    threads, items = cut.team
    means, squares = (room(_parts(cut, group)) for _ in range(2))
    PROGRAM.launch(f"plane_statistics<{threads}, {items}>", cut.grid, SEVERAL, x, means, squares, group, *cut)
    merge_parts(means, squares, cut.each, cut.length, mu, variance)
    PROGRAM.launch(f"planes_forward<{threads}>", cut.grid, SEVERAL, x, w, b, mu, variance, eps, y, group, *cut)


def planes_backward(
    dy: Any, x: Any, w: Any, mu: Any, inverse: Any, channels: int, group: int, dx: Any
) -> tuple[Any, Any]:  # fmt: skip
    """Fill dx, and return dw and db."""
    cut = pieces_of(len(x), channels, x.shape[1])
    given, threads = (dy, x, w, mu, inverse), cut.team[0]
    sums = [room(_parts(cut, 0)) for _ in range(2)]
    of_groups = [room(_parts(cut, group)) if group else None for _ in range(2)]
    PROGRAM.launch(f"plane_sums<{threads}>", cut.grid, SEVERAL, *given, *sums, *of_groups, group, *cut)
    db, dw = map(add_parts, sums)
    total, product = map(add_parts, of_groups) if group else (db, dw)
    size = x.size // total.size
    PROGRAM.launch(f"planes_backward<{threads}>", cut.grid, SEVERAL, *given, total, product, size, dx, group, *cut)
    return dw, db
