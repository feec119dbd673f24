"""Products of small matrices inside a kernel, C = A·B or C += A·B, from the register tile of simd.py.

            j ─▶
        ┌───┬───┬───┐     A tile of ROWS × WIDE numbers of C stays in registers while k runs over the common axis: in
      i │ ▓ │   │   │     each step a column of A (ROWS numbers, each spread over a vector) meets a row of B (vectors).
      │ ├───┼───┼───┤     The strides of A are free, so AᵀB costs no transposition.
      ▼ └───┴───┴───┘

Rows must come in multiples of ROWS and columns in multiples of WIDE: kernels pad their scratch arrays with zeros.
Large products are BLAS's business; this is for those too small to be worth a call, or whose operands are in the
nearest cache because a kernel has just made them.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

from .compiled import compiled
from .simd import LANES, REGISTERS, ZERO, at, code, int64, load, loop, multiply_add, spread, store

ROWS, VECTORS = (8, 2) if REGISTERS == 32 else (4, 2)  # 16 of 32 registers, or 8 of 16, hold results
WIDE = VECTORS * LANES  # a multiple of ROWS: a side padded for columns is padded for rows


def make_product_tile(rows: int, vectors: int, gain: bool) -> Any:
    """Return tile(A, a, row, column, B, b, ldb, K, C, c, ldc) for rows × (vectors · LANES) results, K >= 1:

    C[c + i·ldc + j] (+)= Σ_k A[a + i·row + k·column] · B[b + k·ldb + j]
    """

    @intrinsic
    def tile(
        typing: Any, A: Any, a: Any, row: Any, column: Any, B: Any, b: Any, ldb: Any, K: Any, C: Any, c: Any, ldc: Any
    ) -> Any:
        i, names = types.int64, "A a row column B b ldb K C c ldc"
        return types.void(A, i, i, i, B, i, i, i, C, i, i), code(names, emit)

    def emit(builder: Any, o: Any) -> None:
        left, right, out = (at(builder, array, n) for array, n in ((o.A, o.a), (o.B, o.b), (o.C, o.c)))
        lines = [at(builder, left, builder.mul(o.row, int64(i))) for i in range(rows)]
        places = [
            at(builder, at(builder, out, builder.mul(o.ldc, int64(i))), j * LANES)
            for i in range(rows) for j in range(vectors)
        ]  # fmt: skip

        def step(k: Any, sums: list[Any]) -> list[Any]:
            start, place = at(builder, right, builder.mul(k, o.ldb)), builder.mul(k, o.column)
            b_row = [load(builder, at(builder, start, j * LANES)) for j in range(vectors)]
            gained = []
            for i, line in enumerate(lines):
                number = spread(builder, builder.load(at(builder, line, place)))
                gained += [multiply_add(builder, number, b_row[j], sums[i * vectors + j]) for j in range(vectors)]
            return gained

        first = [load(builder, place) if gain else ZERO for place in places]
        for place, total in zip(places, loop(builder, o.K, first, step), strict=True):
            store(builder, total, place)

    return tile


set_tile, gain_tile = make_product_tile(ROWS, VECTORS, False), make_product_tile(ROWS, VECTORS, True)


@compiled
def multiply(
    A: Any, a: int, row: int, column: int, B: Any, b: int, ldb: int, C: Any, c: int, ldc: int, M: int, N: int, K: int
) -> None:
    """Set C (M, N) to A (M, K) · B (K, N), given as flat arrays with the places where the matrices begin."""
    for j in range(0, N, WIDE):  # outside: the columns of B that a tile needs stay in the nearest cache
        for i in range(0, M, ROWS):
            set_tile(A, a + i * row, row, column, B, b + j, ldb, K, C, c + i * ldc + j, ldc)


@compiled
def add_product(
    A: Any, a: int, row: int, column: int, B: Any, b: int, ldb: int, C: Any, c: int, ldc: int, M: int, N: int, K: int
) -> None:
    """Add A·B to C, as `multiply` sets it."""
    for j in range(0, N, WIDE):
        for i in range(0, M, ROWS):
            gain_tile(A, a + i * row, row, column, B, b + j, ldb, K, C, c + i * ldc + j, ldc)


def padded(n: int, multiple: int) -> int:
    """Return the next multiple."""
    return -(-n // multiple) * multiple
