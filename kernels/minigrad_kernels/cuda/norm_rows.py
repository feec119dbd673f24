"""Layer norm and RMS norm of rows on the GPU: how many threads share a row, and who adds up dw and db.

`mu` is None for RMS norm. w and b may be None: 1 and 0.
"""

from __future__ import annotations

from typing import Any

from .arrays import blocks, room
from .norm_columns import column_sums
from .parts import add_parts
from .program import Program

PROGRAM = Program("norm_rows")
TEAMS = ((32, 4), (128, 4), (256, 8), (256, 16))  # threads, values per thread: the smallest that holds a row
LONG = 256  # threads for a row that none of them holds
WARP, SEVERAL = 32, 256  # a block has one team, or several of a warp each
PROCESSORS, REGISTERS = 132, 32  # blocks with I values a thread, of which so many / I run on a processor at a time
LEAST = 4  # rows that a team adds up


def team_for(n: int) -> tuple[int, int] | None:
    """Return the threads that share a row of n and the values that each holds, None for a row that is too long."""
    return next(((threads, items) for threads, items in TEAMS if n <= threads * items), None)


def rows_forward(x: Any, w: Any, b: Any, eps: float, y: Any, mu: Any, kept: Any) -> None:
    """Fill y (rows, n), and for each row μ and σ², or for RMS norm k."""
    rows, n = y.shape
    given, centred = (x, w, b, eps, y, mu, kept, rows, n), str(mu is not None).lower()
    team = team_for(n)
    if team is None:
        PROGRAM.launch(f"long_rows_forward<{centred}>", (rows,), LONG, *given)
        return
    threads, items = team
    block = SEVERAL if threads == WARP else threads
    kernel = f"rows_forward<{threads}, {items}, {centred}>"
    PROGRAM.launch(kernel, (blocks(rows, block // threads),), block, *given)


def rows_backward(dy: Any, x: Any, w: Any, mu: Any, inverse: Any, dx: Any, sums: bool) -> tuple[Any, Any]:
    """Fill dx (rows, n), and return dw and db; None without `sums`, and no db for RMS norm."""
    rows, n = dx.shape
    centred, team = str(mu is not None).lower(), team_for(n)
    if team is None:
        PROGRAM.launch(f"long_rows_backward<{centred}>", (rows,), LONG, dy, x, w, mu, inverse, dx, rows, n)
        return column_sums(dy, x, mu, inverse, by_row=True) if sums else (None, None)
    threads, items = team
    block = SEVERAL if threads == WARP else threads
    count = min(blocks(rows, LEAST * block // threads), PROCESSORS * REGISTERS // items * SEVERAL // block)
    parts = count * (block // threads)
    dw = room((parts, n)) if sums else None
    db = room((parts, n)) if sums and mu is not None else None
    kernel = f"rows_backward<{threads}, {items}, {centred}>"
    PROGRAM.launch(kernel, (count,), block, dy, x, w, mu, inverse, dx, dw, db, rows, n)
    return (None if dw is None else add_parts(dw)), (None if db is None else add_parts(db))
