"""Five ways to attend on the GPU, from three kernels to tensor cores: the same flops, ever fewer bytes.

    y = softmax(q kᵀ / √E) v          q (heads, T, E), k (heads, U, E), v (heads, U, F)

Each rung says what bounds it, and the next one does something about that. The first two are in attention_ladder.cu; the
others are what minigrad runs. `python -m minigrad_kernels.cuda.attention_ladder` times them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cupy
import numpy as np

from .arrays import blocks, room
from .attention import attention_forward
from .ladder import Rung, at_precision, milliseconds
from .program import Program
from .softmax_ladder import BLOCK, thread_per_row

PROGRAM = Program("attention_ladder")
MOST_KEYS = 12288  # whose scores fit into the shared memory that every block may have


def three_kernels(q: Any, k: Any, v: Any) -> Any:
    """Store all scores, then all weights."""
    (heads, T, E), (U, F) = q.shape, v.shape[1:]
    scores, y = room((heads * T, U)), room((heads, T, F))
    grid = (blocks(scores.size, BLOCK),)
    PROGRAM.launch("all_scores", grid, BLOCK, q, k, scores, scores.size, T, U, E, E**-0.5)
    weights = thread_per_row(scores)
    PROGRAM.launch("weighted_sums", (blocks(y.size, BLOCK),), BLOCK, weights, v, y, y.size, T, U, F)
    return y


def row_at_once(q: Any, k: Any, v: Any) -> Any:
    """Keep the scores of one query in shared memory."""
    (heads, T, E), (U, F) = q.shape, v.shape[1:]
    if U > MOST_KEYS:
        raise ValueError(f"row_at_once: at most {MOST_KEYS} keys fit, got {U}; use tiles")
    y = room((heads, T, F))
    PROGRAM.launch("row_at_once", (heads * T,), BLOCK, q, k, v, y, T, U, E, F, E**-0.5, shared=4 * U)
    return y


def tiles(precision: str) -> Callable[[Any, Any, Any], Any]:
    """Return what runs attention.cu with factors of a precision."""

    def run(q: Any, k: Any, v: Any) -> Any:
        with at_precision(precision):
            return attention_forward(q, k, v, None, False, q.shape[-1] ** -0.5, None)[0]

    return run


RUNGS: dict[str, Rung] = {
    "three kernels": Rung(three_kernels, "bytes: 24 for each pair of query and key, and loads: two per multiply-add"),
    "a row at once": Rung(row_at_once, "the caches: each query reads all keys and values for itself"),
    "tiles, float32": Rung(tiles("highest"), "multiply-adds: 128 for 12 reads of shared memory"),
    "tensor cores, TF32": Rung(tiles("high"), "reads of shared memory, and what tensor cores do for mma.sync"),
    "tensor cores, bfloat16": Rung(tiles("medium"), "keys and values from the second-level cache, and exponentials"),
}


def measure(heads: int, T: int, E: int, rounds: int = 10) -> dict[str, float]:
    """Return milliseconds per rung, for T queries and as many keys."""
    rng = np.random.default_rng(0)
    q, k, v = (cupy.asarray(rng.standard_normal((heads, T, E), "f4")) for _ in range(3))
    return {name: milliseconds(rung.run, q, k, v, rounds=rounds) for name, rung in RUNGS.items()}


def table(heads: int, T: int, E: int, times: dict[str, float]) -> str:
    """Return the times, Tflop/s and bounds as text."""
    lines = [f"{heads} heads, T {T}, E {E}".ljust(26) + f"{'ms':>10}{'Tflop/s':>10}   bound by"]
    for name, time in times.items():
        lines.append(f"{name:26s}{time:10.3f}{4 * heads * T * T * E / time / 1e9:10.2f}   {RUNGS[name].bound}")
    return "\n".join(lines)


if __name__ == "__main__":
    for sizes in ((64, 2048, 64), (128, 256, 64)):
        print(table(*sizes, measure(*sizes)), end="\n\n")
