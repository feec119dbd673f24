"""softmax and log_softmax on the GPU: how many threads share a row, and how much of it each keeps in registers."""

from __future__ import annotations

from math import prod
from typing import Any

from .arrays import blocks, covered, dense, room
from .program import Program

PROGRAM = Program("softmax")
BLOCK = 256
TEAMS = ((32, 1), (32, 4), (32, 16), (256, 8), (256, 32))  # threads, values per thread: the smallest that holds a row


def team_for(n: int) -> tuple[int, int] | None:
    """Return the threads that share a row of n and the values that each holds, None for a row that is too long."""
    return next(((threads, items) for threads, items in TEAMS if n <= threads * items), None)


def _along(axis: int, arrays: tuple[Any, ...], direction: str, logs: bool) -> Any:
    """Launch the kernel for rows, or for columns, on arrays of one shape."""
    shape = arrays[0].shape
    if not shape or not covered(*arrays):
        return NotImplemented
    given, result, n, choice = [dense(x) for x in arrays], room(shape), shape[axis], str(logs).lower()
    outer, inner = prod(shape[:axis]), prod(shape[axis + 1 :])
    if inner > 1:
        kernel = f"softmax_columns{direction}<{choice}>"
        PROGRAM.launch(kernel, (blocks(outer * inner, BLOCK),), BLOCK, *given, result, outer, n, inner)
        return result
    team = team_for(n)
    if team is None:
        PROGRAM.launch(f"softmax_long_rows{direction}<{choice}>", (outer,), BLOCK, *given, result, outer, n)
        return result
    threads, items = team
    kernel = f"softmax_rows{direction}<{threads}, {items}, {choice}>"
    PROGRAM.launch(kernel, (blocks(outer, BLOCK // threads),), BLOCK, *given, result, outer, n)
    return result


def softmax_forward(x: Any, axis: int) -> Any:
    """Return exp(x - m) / Σ exp(x - m) along `axis`."""
    return _along(axis, (x,), "", False)


def softmax_backward(dy: Any, y: Any, axis: int) -> Any:
    """Return y (dy - Σ dy y)."""
    return _along(axis, (dy, y), "_back", False)


def log_softmax_forward(x: Any, axis: int) -> Any:
    """Return x - m - ln Σ exp(x - m) along `axis`."""
    return _along(axis, (x,), "", True)


def log_softmax_backward(dy: Any, y: Any, axis: int) -> Any:
    """Return dy - exp(y) Σ dy."""
    return _along(axis, (dy, y), "_back", True)
