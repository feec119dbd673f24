"""Matrix products on the GPU: who multiplies, in which layout, with which tiles, over how many parts of k.

    MINIGRAD_GEMM=auto      cuBLAS at full precision; the kernels of matmul_tensor.cu where less is asked for
    MINIGRAD_GEMM=own       the kernels here always
    MINIGRAD_GEMM=cublas    cuBLAS always, at full precision

cuBLAS is what CuPy calls for x @ w, the reference; CuPy has no public switch to let it round its operands. Tiles and
parts depend on sizes alone and not on the GPU, so a product has the same bits on all of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any, NamedTuple

import cupy
import numpy as np

from .arrays import FLOAT32, MOST, blocks, dense, precision, room
from .program import Program

SIMPLE, TENSOR = Program("matmul"), Program("matmul_tensor")
MODES = ("auto", "own", "cublas")
KERNELS = {"highest": "sgemm", "high": "gemm_tf32", "medium": "gemm_bf16"}
FLOAT16, BITS = np.dtype("float16"), np.dtype("uint16")
THREADS = 256  # of a block of the kernels that have no tiles
ENOUGH = 96  # tiles: three quarters of the 132 processors of an H100
WASTE = 1.3  # large tiles may cover that much more than small ones
WANTED, SHORTEST, SLICE = 264, 256, 64  # blocks, where parts of k make them; the least k, and the unit of k, of a part
BROAD = 256  # narrower products are bound by the bytes of their float32 operands: rounding to bf16 would add some


class Tiles(NamedTuple):
    """Sizes of a block: as the kernel's text has them, in numbers of C, in threads, in bytes of shared memory."""

    text: str
    M: int
    N: int
    threads: int
    shared: int = 0


LARGE, SMALL = Tiles("64, 64, 2, 4", 128, 256, 256, 147456), Tiles("32, 32, 2, 2", 64, 64, 128, 49152)
TILES: dict[str, tuple[Tiles, ...]] = {
    "sgemm": (Tiles("2, 2, 4, 2", 128, 128, 256), Tiles("2, 1, 2, 2", 64, 64, 128)),
    "gemm_tf32": (LARGE, SMALL),
    "gemm_bf16": (LARGE, SMALL),
    "gemm_f16": (LARGE,),
}


class Operand(NamedTuple):
    """Matrices one after another, or one; each transposed in memory or not; how far one is from the next."""

    array: Any
    turned: bool
    step: int

    def whole(self, n: int) -> bool:
        """Say whether every n numbers of a line lie within it, and 16 bytes are aligned."""
        return bool(self.array.shape[-1] % n == 0 and self.array.data.ptr % 16 == 0)


def checked(mode: str, where: str) -> str:
    """Return `mode` if there is such a one."""
    if mode not in MODES:
        raise ValueError(f"{where}: {mode!r} is unknown; use one of {', '.join(MODES)}")
    return mode


_mode = checked(os.environ.get("MINIGRAD_GEMM", "auto"), "MINIGRAD_GEMM")


def set_gemm(mode: str) -> None:
    """Choose who multiplies in this process: "auto", "own" or "cublas"."""
    global _mode
    _mode = checked(mode, "set_gemm")


@contextmanager
def own_products() -> Iterator[None]:
    """Let the kernels here multiply inside the block."""
    before = _mode
    set_gemm("own")
    try:
        yield
    finally:
        set_gemm(before)


def matmul_loop(x: Any, w: Any) -> Any:
    """Return x w for x (..., M, K) and w (..., K, N), leading axes broadcast."""
    kernel = kernel_for(x.dtype)
    if kernel is None or x.dtype != w.dtype or x.shape[-1] != w.shape[-2] or not (_counted(x) and _counted(w)):
        return NotImplemented
    return product(kernel, x, w)


def kernel_for(dtype: Any) -> str | None:
    """Return the kernel that multiplies arrays of a dtype, None where cuBLAS does."""
    wanted = precision()
    if wanted is None or _mode == "cublas" or (_mode == "auto" and wanted == "highest"):
        return None
    if dtype == FLOAT32:
        return KERNELS[wanted]
    return "gemm_f16" if dtype == FLOAT16 and _mode == "own" else None


def _counted(x: Any) -> bool:
    return bool(0 < x.size <= MOST)


def product(kernel: str, x: Any, w: Any) -> Any:
    """Multiply with a kernel, NotImplemented where it does not cover the layout."""
    lead = x.shape[:-2] if x.shape[:-2] == w.shape[:-2] else np.broadcast_shapes(x.shape[:-2], w.shape[:-2])
    (M, K), N = x.shape[-2:], w.shape[-1]
    a, b = operand(x, lead), operand(w, lead)
    if a.turned and b.turned:
        a = operand(dense(x), lead)
    if kernel == "gemm_bf16" and min(M, N) < BROAD:
        kernel = "gemm_tf32"
    if kernel == "gemm_f16" and not (a.whole(8) and b.whole(8) and N % 8 == 0):
        return NotImplemented
    if kernel == "gemm_bf16":
        a, b = rounded(a), rounded(b)
    result = room((*lead, M, N), x.dtype)
    _launch(kernel, a, b, result, (prod(lead), M, N, K))
    return result


def operand(x: Any, lead: tuple[int, ...]) -> Operand:
    """Return x as a kernel takes it: without the axes that it repeats, as it lies in memory, copied if it must be."""
    one = x
    while one.ndim > 2 and (one.shape[0] == 1 or one.strides[0] == 0):
        one = one[0]
    if one.ndim > 2 and prod(one.shape[:-2]) != prod(lead):
        one = cupy.broadcast_to(x, (*lead, *x.shape[-2:]))
    transposed = one.swapaxes(-1, -2)
    turned = bool(transposed.flags.c_contiguous and not one.flags.c_contiguous)
    array = transposed if turned else dense(one)
    return Operand(array, turned, array.shape[-2] * array.shape[-1] if array.ndim > 2 else 0)


def rounded(x: Operand) -> Operand:
    """Return the operand in bf16, its lines filled up to eights."""
    *shape, n = x.array.shape
    y = room((*shape, 8 * blocks(n, 8)), BITS)
    size = y.size // 8
    TENSOR.launch("round_lines", (blocks(size, THREADS),), THREADS, x.array, y, size, n, x.whole(4))
    return Operand(y, x.turned, y.shape[-2] * y.shape[-1] if x.step else 0)


def tiling(kernel: str, count: int, M: int, N: int, K: int) -> tuple[Tiles, int, int]:
    """Return the tiles for `count` products, how many there are, and the length of k for each part.

    Large tiles if these fill a GPU and the matrices fill them, else small ones; where these are few, parts of k
    multiply them. Sums of parts of float16 would need float32: none.
    """
    large, small = TILES[kernel][0], TILES[kernel][-1]
    many, more = (blocks(M, size.M) * blocks(N, size.N) * count for size in (large, small))
    if many >= ENOUGH and many * large.M * large.N <= WASTE * more * small.M * small.N:
        return large, many, K
    parts = 1 if kernel == "gemm_f16" else max(1, min(K // SHORTEST, WANTED // more))
    return small, more, K if parts == 1 else blocks(blocks(K, parts), SLICE) * SLICE


def _launch(kernel: str, a: Operand, b: Operand, result: Any, sizes: tuple[int, int, int, int]) -> None:
    """Run the kernel on whole k, or on its parts, and add these."""
    tiles, number, depth = tiling(kernel, *sizes)
    _, M, N, K = sizes
    parts = blocks(K, depth)
    sums = room((parts, *result.shape)) if parts > 1 else result
    layout = "false, false" if a.turned else "true, true" if b.turned else "true, false"
    ways: tuple[Any, ...] = (depth, a.step, b.step)
    if kernel in ("sgemm", "gemm_tf32"):
        ways += (a.whole(4), b.whole(4))
    program = SIMPLE if kernel == "sgemm" else TENSOR
    program.launch(
        f"{kernel}<{tiles.text}, {layout}>", (number, parts), tiles.threads, a.array, b.array, sums, M, N, K, *ways,
        shared=tiles.shared,
    )  # fmt: skip
    if parts > 1:
        grid = (blocks(result.size, THREADS),)
        SIMPLE.launch("sum_of_parts", grid, THREADS, sums, result, result.size, parts)
