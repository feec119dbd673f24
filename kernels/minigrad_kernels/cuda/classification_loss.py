"""Cross-entropy on the GPU: how many threads share a row of scores."""

from __future__ import annotations

from typing import Any

from .arrays import INT64, blocks, covered, dense, room
from .program import Program

PROGRAM = Program("classification_loss")
WARP, SEVERAL = 32, 256  # a block is one team, or several of a warp each
TEAMS = ((WARP, 1024), (256, 8192))  # threads for a row, and the longest that they get


def _launch(kernel: str, rows: int, n: int, *arrays: Any) -> None:
    """Launch a kernel with a team for each row of n scores."""
    threads = next((threads for threads, longest in TEAMS if n <= longest), 1024)
    block = SEVERAL if threads == WARP else threads
    PROGRAM.launch(f"{kernel}<{threads}>", (blocks(rows, block // threads),), block, *arrays, rows, n)


def cross_entropy_forward(score_nc: Any, class_n: Any) -> Any:
    """Return -ln softmax(score)[class] for each row; 0 where the class is -1."""
    if not covered(score_nc) or class_n.dtype != INT64:
        return NotImplemented
    y = room(class_n.shape)
    _launch("surprise", *score_nc.shape, dense(score_nc), dense(class_n), y)
    return y


def cross_entropy_gradient(dy_n: Any, y_n: Any, score_nc: Any, class_n: Any) -> Any:
    """Return (softmax(score) - onehot(class)) dy for each row, given the loss y; 0 where the class is -1."""
    if not covered(dy_n, y_n, score_nc) or class_n.dtype != INT64:
        return NotImplemented
    dx = room(score_nc.shape)
    _launch("excess", *score_nc.shape, *map(dense, (dy_n, y_n, score_nc, class_n)), dx)
    return dx
