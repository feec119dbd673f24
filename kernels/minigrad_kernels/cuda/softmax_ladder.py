"""Five ways to take the softmax of rows on the GPU: the same numbers, from a crawl to the speed of a copy.

Each rung says what bounds it, and the next one does something about that. The first four are in softmax_ladder.cu; the
last is what minigrad runs. `python -m minigrad_kernels.cuda.softmax_ladder` times them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cupy
import numpy as np

from .arrays import blocks, room
from .ladder import Rung, milliseconds
from .program import Program
from .softmax import softmax_forward

PROGRAM = Program("softmax_ladder")
BLOCK = 256


def thread_per_row(x: Any) -> Any:
    """Give every row a thread."""
    y, (rows, n) = room(x.shape), x.shape
    PROGRAM.launch("thread_per_row", (blocks(rows, BLOCK),), BLOCK, x, y, rows, n)
    return y


def block_per_row(kernel: str) -> Callable[[Any], Any]:
    """Return what runs a kernel that gives every row a block."""

    def run(x: Any) -> Any:
        y, (rows, n) = room(x.shape), x.shape
        PROGRAM.launch(kernel, (rows,), BLOCK, x, y, n)
        return y

    return run


RUNGS: dict[str, Rung] = {
    "a thread per row": Rung(thread_per_row, "sectors of memory: a warp fetches 32 for 32 numbers, in three passes"),
    "a block per row": Rung(block_per_row("shared_tree"), "barriers: ten per reduction, and 16 bytes per number"),
    "warp shuffles": Rung(block_per_row("warp_shuffles"), "three reads and a write per number; the cache helps"),
    "online": Rung(block_per_row("online"), "two reads and a write per number"),
    "in registers": Rung(lambda x: softmax_forward(x, 1), "one read and a write per number: the floor"),
}


def measure(rows: int, n: int, rounds: int = 10) -> dict[str, float]:
    """Return milliseconds per rung, and for a copy, which moves as many bytes as must be moved."""
    x = cupy.asarray(np.random.default_rng(0).standard_normal((rows, n), "f4"))
    times = {name: milliseconds(rung.run, x, rounds=rounds) for name, rung in RUNGS.items()}
    return {**times, "a copy": milliseconds(lambda x: x.copy(), x, rounds=rounds)}


def table(rows: int, n: int, times: dict[str, float]) -> str:
    """Return the times, GB/s of the 8 bytes per number that must be moved, percent of a copy, and bounds as text."""
    lines = [f"{rows} × {n}".ljust(20) + f"{'ms':>9}{'GB/s':>9}{'of a copy':>11}   bound by"]
    for name, time in times.items():
        speed, share = 8 * rows * n / time / 1e6, times["a copy"] / time
        bound = RUNGS[name].bound if name in RUNGS else "bytes"
        lines.append(f"{name:20s}{time:9.3f}{speed:9.0f}{share:11.1%}   {bound}")
    return "\n".join(lines)


if __name__ == "__main__":
    for shape in ((8192, 4096), (65536, 128)):
        print(table(*shape, measure(*shape)), end="\n\n")
