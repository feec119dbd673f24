"""Ten ways to multiply matrices on the GPU, from a thread per number to the library.

    C (M, N) = A (M, K) · B (K, N)

Each rung says what bounds it, by count, and the next one does something about that. The first seven are in
matmul_ladder.cu, for sizes in whole tiles; then come the kernels that minigrad can use, and cuBLAS, which is what
x @ w calls.

    python -m minigrad_kernels.cuda.matmul_ladder     times them on the GPU
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cupy
import numpy as np

from .arrays import room
from .ladder import Rung, milliseconds
from .matmul import product
from .program import Program

PROGRAM = Program("matmul_ladder")
TILE, SLICE = 128, 32  # M and N, and K, are multiples of these


def kernel(name: str, rows: int, columns: int, threads: int, down_first: bool = False) -> Callable[[Any, Any], Any]:
    """Return what runs a kernel of the ladder, whose blocks make rows × columns of C."""

    def run(A: Any, B: Any) -> Any:
        (M, K), N = A.shape, B.shape[1]
        if M % TILE or N % TILE or K % SLICE:
            raise ValueError(f"{name}: M and N in {TILE}s, K in {SLICE}s, got M, N, K = {M}, {N}, {K}; pad the factors")
        C, grid = room((M, N)), (N // columns, M // rows)
        PROGRAM.launch(name, grid[::-1] if down_first else grid, threads, A, B, C, M, N, K)
        return C

    return run


RUNGS: dict[str, Rung] = {
    "a thread per number": Rung(
        kernel("one_each", 32, 8, 256, down_first=True),
        "sectors of memory: a warp fetches 32 for 32 numbers of A, and uses an eighth of each",
    ),
    "coalesced": Rung(
        kernel("coalesced", 8, 32, 256), "loads: two for every multiply-add, of numbers that other threads load as well"
    ),
    "tile in shared memory": Rung(
        kernel("shared_tile", 32, 32, 1024), "reads of shared memory: still two numbers for every multiply-add"
    ),
    "column per thread": Rung(
        kernel("column_each", 64, 64, 512), "reads of shared memory: nine numbers for eight multiply-adds"
    ),
    "square per thread": Rung(
        kernel("square_each", 128, 128, 256), "waiting: 16 numbers for 64 multiply-adds, but slices come one by one"
    ),
    "by fours": Rung(
        kernel("by_fours", 128, 128, 256), "banks of shared memory: threads 32 bytes apart use half of them at a time"
    ),
    "warp tiles, prefetch": Rung(
        kernel("warp_tiles", 128, 128, 256), "registers: with one block per processor nobody works while its warps wait"
    ),
    "asynchronous copies": Rung(
        lambda A, B: product("sgemm", A, B), "multiply-adds: they are seven of eight instructions"
    ),
    "tensor cores, TF32": Rung(
        lambda A, B: product("gemm_tf32", A, B),
        "the second-level cache, and the part of a tensor core that mma.sync reaches",
    ),
    "cuBLAS": Rung(lambda A, B: A @ B, "multiply-adds: float32 too, with an inner loop for each GPU"),
}


def time_ladder(n: int, rounds: int = 10) -> dict[str, float]:
    """Return milliseconds per rung for n × n matrices."""
    A, B = (cupy.asarray(np.random.default_rng(i).standard_normal((n, n), np.float32)) for i in range(2))
    return {name: milliseconds(rung.run, A, B, rounds=rounds) for name, rung in RUNGS.items()}


def table(n: int, times: dict[str, float]) -> str:
    """Return the times, Tflop/s, percent of cuBLAS and bounds as lines of text."""
    lines = [f"{n} × {n} × {n}{'ms':>18}{'Tflop/s':>10}{'of cuBLAS':>11}   bound by"]
    for name, time in times.items():
        speed, share = 2 * n**3 / time / 1e9, times["cuBLAS"] / time
        lines.append(f"{name:24s}{time:9.3f}{speed:10.2f}{share:11.1%}   {RUNGS[name].bound}")
    return "\n".join(lines)


if __name__ == "__main__":
    for size in (1024, 4096):
        print(table(size, time_ladder(size)), end="\n\n")
