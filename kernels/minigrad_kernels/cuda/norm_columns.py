"""Batch norm of features on the GPU, and sums down columns: in parts of so many rows, which parts.py adds up."""

from __future__ import annotations

from typing import Any

from .arrays import blocks, room
from .parts import add_parts, merge_parts
from .program import Program

PROGRAM = Program("norm_columns")
BLOCK, ACROSS, PART = 256, 32, 128  # threads; columns and rows of a block


def _launch(kernel: str, *arguments: Any) -> None:
    """Run a kernel whose last two arguments are the rows and the columns."""
    rows, columns = arguments[-2:]
    PROGRAM.launch(kernel, (blocks(columns, ACROSS) * blocks(rows, PART),), BLOCK, *arguments)


def columns_forward(x: Any, w: Any, b: Any, eps: float, y: Any, mu: Any, variance: Any) -> None:
    """Fill y (rows, columns), and μ and σ² of each column. w and b may be None: 1 and 0."""
    rows, columns = y.shape
    means, squares = (room((blocks(rows, PART), columns)) for _ in range(2))
    _launch("column_statistics", x, means, squares, rows, columns)
    merge_parts(means, squares, PART, rows, mu, variance)
    _launch("columns_forward", x, w, b, mu, variance, eps, y, rows, columns)


def column_sums(dy: Any, x: Any, mu: Any, inverse: Any, by_row: bool) -> tuple[Any, Any]:
    """Return Σ dy x̂ and Σ dy of each column. μ and k are those of a column or, `by_row`, of a row."""
    rows, columns = x.shape
    total, product = (room((blocks(rows, PART), columns)) for _ in range(2))
    _launch(f"column_sums<{str(by_row).lower()}>", dy, x, mu, inverse, total, product, rows, columns)
    return add_parts(product), add_parts(total)


def columns_backward(dy: Any, x: Any, w: Any, mu: Any, inverse: Any, dx: Any) -> tuple[Any, Any]:
    """Fill dx, and return dw and db."""
    rows, columns = x.shape
    dw, db = column_sums(dy, x, mu, inverse, by_row=False)
    _launch("columns_backward", dy, x, w, mu, inverse, dw, db, dx, rows, columns)
    return dw, db
