"""Convolution on the GPU: which kernel computes which face of it.

    depthwise          filters of usual sizes                                                     conv_depthwise.cu
    few sums           up to 8 filters in a group, or a small gradient: a thread per spot         conv_few.cu
    one tap            large, 1×1 taps, stride 1: the image is the matrix of windows              matmul.py
    lower precision    tiles on tensor cores, in TF32, unless the mode is "exact"                 conv_tensor.cu
    all else           tiles in float32                                                           conv.cu

A launch reads its geometry from a plan (conv_plan.py), which is made once. Where there are too few tiles for a GPU,
blocks share the terms of sums, and what they found is added in order: results are the same from run to run. Tiles and
shares depend on sizes alone and not on the GPU.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

from .arrays import MOST, blocks, covered, dense, precision, room
from .conv_depthwise import depthwise_match, depthwise_paint, depthwise_slide, is_usual_depthwise
from .conv_plan import Plan, plan_of_paint, plan_of_slide
from .conv_shares import PROCESSORS, added, shares_of
from .matmul import matmul_loop
from .program import Program

FEW, THREADS, TAPS = Program("conv_few"), 256, 9  # threads of a block and taps of a thread, as in conv_few.cu
FEW_ROWS = (1, 2, 4, 8)
FEW_NUMBERS = 512  # in the filter gradient of a group: most of a tile would be empty
ALONE, ADDED = 64, 80  # guesses: how long a thread's block waits; multiplications in the time of a number of a share
LARGE = 2**31  # multiplications, beyond which the many launches of a batched product do not count


class Tile(NamedTuple):
    """A block: its template's arguments, rows, columns, threads and bytes of shared memory."""

    text: str
    M: int
    N: int
    threads: int
    shared: int
    slowness: float  # time for each number of the tile, beside that of the largest; not measured


@dataclass(frozen=True, eq=False)
class Kernels:
    """The products in tiles of one precision."""

    program: Program
    sums: str
    match: str
    tiles: tuple[Tile, ...]


FLOAT = Kernels(Program("conv"), "conv_sums", "conv_match", (
    Tile("2, 2, 4, 2", 128, 128, 256, 0, 1.0),
    Tile("2, 2, 2, 2", 64, 128, 128, 0, 1.05),
    Tile("2, 1, 2, 2", 64, 64, 128, 0, 1.2),
    Tile("2, 1, 1, 4", 32, 128, 128, 0, 1.2),
))  # fmt: skip
TENSOR = Kernels(Program("conv_tensor"), "conv_sums_tf32", "conv_match_tf32", (
    Tile("64, 64, 2, 2", 128, 128, 128, 98816, 1.0),
    Tile("64, 32, 1, 4", 64, 128, 128, 74240, 1.2),
    Tile("32, 32, 2, 2", 64, 64, 128, 49408, 1.4),
))  # fmt: skip


class Layout(NamedTuple):
    """A tile, how many there are, in how many shares the terms are summed up, and of which length."""

    tile: Tile
    number: int
    shares: int
    chunk: int


@lru_cache(1024)
def layout_for(kernels: Kernels, rows: int, columns: int, count: int, terms: int) -> Layout:
    """Return the layout of `count` matrices of sums in which the processor with most to do is done first."""
    layouts = []
    for tile in kernels.tiles:
        number = count * blocks(rows, tile.M) * blocks(columns, tile.N)
        layouts += [Layout(tile, number, *shares_of(terms, most)) for most in (1, 4 * PROCESSORS // number)]
    return min(layouts, key=lambda layout: _time(layout, terms))


def _time(layout: Layout, terms: int) -> float:
    """Return the time of a layout, in multiplications of a processor. A block that is alone waits for memory."""
    tile, number, shares, chunk = layout
    multiplying = blocks(number * shares, PROCESSORS) + ALONE / tile.threads
    adding = ADDED * number * shares / PROCESSORS if shares > 1 else 0
    return (multiplying * min(chunk, terms) * tile.slowness + adding) * tile.M * tile.N


def kernels() -> Kernels:
    """Return the products in the precision that is asked for."""
    return FLOAT if precision() in (None, "highest") else TENSOR


def slide_loop(x_nchw: Any, w_kcrs: Any, g: Any, b_k: Any = None) -> Any:
    """Slide the filters over the image; the bias comes in where sums are stored, so it costs nothing."""
    if not covered(x_nchw, w_kcrs, b_k):
        return NotImplemented
    N, C, K = len(x_nchw), x_nchw.shape[1], len(w_kcrs)
    shape = (N, K, *g.out)
    if prod(shape) > MOST:
        return NotImplemented
    if is_usual_depthwise(g, C, K):
        return depthwise_slide(x_nchw, w_kcrs, b_k, g)
    if b_k is None and one_tap(g, C * prod(shape)):
        return _product(w_kcrs.reshape(K, C), x_nchw.reshape(N, C, -1)).reshape(shape)
    return _sums(plan_of_slide(g, C, K, kernels() is TENSOR), x_nchw, w_kcrs, b_k, shape)


def paint_loop(y_nkpq: Any, w_kcrs: Any, g: Any) -> Any:
    """Paint every filter back where it looked."""
    if not covered(y_nkpq, w_kcrs):
        return NotImplemented
    N, K, C = len(y_nkpq), len(w_kcrs), w_kcrs.shape[1] * g.groups
    shape = (N, C, *g.size)
    if prod(shape) > MOST:
        return NotImplemented
    if is_usual_depthwise(g, C, K) and g.stride[0] == 1:
        return depthwise_paint(y_nkpq, w_kcrs, g)
    if one_tap(g, K * prod(shape)):
        return _product(w_kcrs.reshape(K, C).T, y_nkpq.reshape(N, K, -1)).reshape(shape)
    return _sums(plan_of_paint(g, C, K, kernels() is TENSOR), y_nkpq, w_kcrs, None, shape)


def match_loop(x_nchw: Any, y_nkpq: Any, g: Any) -> Any:
    """Match the image with the output, tap by tap."""
    if not covered(x_nchw, y_nkpq):
        return NotImplemented
    N, C, K, own = len(x_nchw), x_nchw.shape[1], y_nkpq.shape[1], kernels()
    if is_usual_depthwise(g, C, K):
        return depthwise_match(x_nchw, y_nkpq, g)
    plan = plan_of_slide(g, C, K, own is TENSOR)
    if plan is None:
        return NotImplemented
    spots, x, y, shape = N * plan.spots, dense(x_nchw), dense(y_nkpq), (K, C // g.groups, *g.kernel)
    if plan.rows * plan.terms <= FEW_NUMBERS:
        number = plan.groups * plan.rows * blocks(plan.terms, TAPS)
        shares, chunk = shares_of(spots, 4 * PROCESSORS // number)
        w = room((shares, *shape))
        FEW.launch("conv_match_few", (number, shares), THREADS, x, y, w, plan.numbers, N, chunk)
        return added(w)
    tile, number, shares, chunk = layout_for(own, plan.rows, plan.terms, plan.groups, spots)
    w, kernel = room((shares, *shape)), f"{own.match}<{tile.text}>"
    own.program.launch(kernel, (number, shares), tile.threads, x, y, w, plan.numbers, N, chunk, shared=tile.shared)
    return added(w)


def _sums(plan: Plan | None, x: Any, w: Any, b: Any, shape: tuple[int, ...]) -> Any:
    """Return products of filters and windows, as a plan has them: slide or paint."""
    if plan is None:
        return NotImplemented
    own, N, x, w, b = kernels(), len(x), dense(x), dense(w), dense(b)
    columns = N * plan.spots
    if plan.rows <= FEW_ROWS[-1]:
        y, rows = room(shape), next(rows for rows in FEW_ROWS if plan.rows <= rows)
        tiles = blocks(columns, THREADS) * plan.groups
        FEW.launch(f"conv_few<{rows}>", (tiles, plan.parts), THREADS, x, w, b, y, plan.numbers, N)
        return y
    tile, number, shares, chunk = layout_for(own, plan.rows, columns, plan.groups * plan.parts, plan.terms)
    if own is TENSOR:
        w = packed(plan, w)
    y, grid = room((shares, *shape)), (number // plan.parts, plan.parts, shares)
    kernel = f"{own.sums}<{tile.text}>"
    own.program.launch(kernel, grid, tile.threads, x, w, b, y, plan.numbers, N, chunk, shared=tile.shared)
    return added(y)


def packed(plan: Plan, w: Any) -> Any:
    """Return filters in the order of the plan's terms, rounded to TF32."""
    rows = plan.groups * plan.rows
    result, grid = room((plan.filled * rows,)), (blocks(plan.longest * rows, THREADS), plan.parts)
    TENSOR.program.launch("pack_filters", grid, THREADS, w, result, plan.numbers)
    return result


def one_tap(g: Any, multiplications: int) -> bool:
    """Say whether windows are single pixels, all of them, and so many that cuBLAS pays."""
    plain = g.groups == 1 and set(g.kernel) == set(g.stride) == {1} and not any(g.padding)
    return plain and g.size == g.out and multiplications >= LARGE


def _product(w: Any, x: Any) -> Any:
    y = matmul_loop(w, x)
    return w @ x if y is NotImplemented else y
