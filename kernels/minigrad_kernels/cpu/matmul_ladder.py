"""Five ways to multiply matrices, from the definition to a library: the same flops, a factor of 100 in time.

    C (M, N) = A (M, K) · B (K, N)

Each rung says what bounds it, and what the next one does about it. None is a twin of minigrad's matmul, which calls
BLAS: the last rung cannot be beaten for large matrices. `python -m minigrad_kernels.cpu.matmul_ladder` times them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from .compiled import compiled
from .product import ROWS, WIDE, add_product, padded

DEPTH, ROWS_AT_ONCE = 256, 64  # of a block of A: 64 KB, half of a second-level cache that is small


@compiled
def loops(A: Any, B: Any, C: Any) -> None:
    """The definition. B is read down its columns: every number comes from another cache line. Bound by memory."""
    M, K = A.shape
    for i in range(M):
        for j in range(B.shape[1]):
            total = np.float32(0)
            for k in range(K):
                total += A[i, k] * B[k, j]
            C[i, j] = total


@compiled(fastmath={"contract"})
def by_rows(A: Any, B: Any, C: Any) -> None:
    """The same sums with j inside: rows are read in order, and the compiler makes vectors of them.

    For every multiplication a number of C is loaded and stored. Bound by loads and stores.
    """
    M, K = A.shape
    C[:] = np.float32(0)
    for i in range(M):
        for k in range(K):
            a = A[i, k]
            for j in range(B.shape[1]):
                C[i, j] += a * B[k, j]


@compiled(fastmath={"contract"})
def fours(A: Any, B: Any, C: Any) -> None:
    """The same with four rows of B at a time: a number of C is loaded and stored for every fourth multiplication.

    Bound by the loads of B, which are used once each.
    """
    M, K = A.shape
    C[:] = np.float32(0)
    for i in range(M):
        c = C[i]
        for k in range(0, K - 3, 4):
            a0, a1, a2, a3 = A[i, k], A[i, k + 1], A[i, k + 2], A[i, k + 3]
            b0, b1, b2, b3 = B[k], B[k + 1], B[k + 2], B[k + 3]
            for j in range(c.size):
                c[j] += a0 * b0[j] + a1 * b1[j] + a2 * b2[j] + a3 * b3[j]
        for k in range(K - K % 4, K):
            a, b = A[i, k], B[k]
            for j in range(c.size):
                c[j] += a * b[j]


@compiled
def _tiles(A: Any, B: Any, C: Any, block: Any, panel: Any) -> None:
    """Pack a block of A and a panel of B into memory without gaps, then let the register tiles run over them."""
    M, K = A.shape
    N = B.shape[1]
    for k0 in range(0, K, DEPTH):
        depth = min(DEPTH, K - k0)
        for j in range(0, N, WIDE):
            for k in range(depth):
                for n in range(WIDE):
                    panel[(j // WIDE * depth + k) * WIDE + n] = B[k0 + k, j + n]
        for i0 in range(0, M, ROWS_AT_ONCE):
            rows = min(ROWS_AT_ONCE, M - i0)
            for i in range(0, rows, ROWS):
                for k in range(depth):
                    for r in range(ROWS):
                        block[(i * depth) + k * ROWS + r] = A[i0 + i + r, k0 + k]
            for j in range(0, N, WIDE):
                for i in range(0, rows, ROWS):
                    add_product(block, i * depth, 1, ROWS, panel, j * depth, WIDE,
                                C.reshape(-1), (i0 + i) * N + j, N, ROWS, WIDE, depth)  # fmt: skip


def simd(A: Any, B: Any, C: Any) -> None:
    """A tile of C in registers (product.py): 16 multiply-adds for 10 loads, packed so that loads are in order.

    Bound by arithmetic, as BLAS is; BLAS has its inner loop written for each processor. Sides in whole tiles only.
    """
    C[:] = 0
    panel = np.empty(padded(B.shape[1], WIDE) * DEPTH, np.float32)
    _tiles(A, B, C, np.empty(ROWS_AT_ONCE * DEPTH, np.float32), panel)


def blas(A: Any, B: Any, C: Any) -> None:
    """The library that NumPy was built with."""
    np.matmul(A, B, out=C)


RUNGS: dict[str, Callable[[Any, Any, Any], None]] = {
    "loops": loops, "rows": by_rows, "four rows": fours, "packed, SIMD tile": simd, "BLAS": blas,
}  # fmt: skip


def measure(n: int, rounds: int = 5) -> dict[str, float]:
    """Return Gflop/s per rung for n × n matrices, the best of some rounds of processor time."""
    A, B = (np.random.default_rng(i).standard_normal((n, n), np.float32) for i in range(2))
    C, speeds = np.empty_like(A), {}
    for name, rung in RUNGS.items():
        rung(A, B, C)
        times = []
        for _ in range(rounds):
            start = time.process_time()
            rung(A, B, C)
            times.append(time.process_time() - start)
        speeds[name] = 2 * n**3 / min(times) / 1e9
    return speeds


if __name__ == "__main__":
    for size in (384, 768):
        print(f"{size} × {size}")
        for rung_name, speed in measure(size).items():
            print(f"  {rung_name:20s} {speed:8.1f} Gflop/s")
