"""The second pass of sums that many blocks work on: the columns of a matrix with a row of partial results from each."""

from __future__ import annotations

from typing import Any

from .arrays import blocks, room
from .program import Program

PROGRAM = Program("parts")
SIDE = 32


def add_parts(parts: Any) -> Any:
    """Return the sums of the columns."""
    rows, columns = parts.shape
    sums = room((columns,))
    PROGRAM.launch("add_parts", (blocks(columns, SIDE),), SIDE * SIDE, parts, sums, rows, columns)
    return sums


def merge_parts(means: Any, squares: Any, each: int, length: int, mean: Any, variance: Any) -> None:
    """Fill mean and variance of each column, given mean, and sum of squares about it, of the numbers behind each row.

    The rows come in lots. Each row of a lot stands for `each` numbers, the last one for what is left of `length`.
    """
    rows, columns = means.shape
    arrays = means, squares, mean, variance
    PROGRAM.launch("merge_parts", (blocks(columns, SIDE),), SIDE * SIDE, *arrays, rows, columns, each, length)
