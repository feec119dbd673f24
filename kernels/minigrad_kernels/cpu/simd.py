"""Register-blocked inner loops, written as LLVM instructions on vectors of float32.

Numba compiles plain loops well, but never keeps a whole tile of results in registers. Here a tile is spelled out:

              ┌ vectors · LANES columns ┐
        rows  │  c00  c01  c02          │   each c is one vector register; in every step k the tile gains
              │  c10  c11  c12          │       c[i][j] += a[k][i] · b[k][j]
              └  ...                    ┘   a: one number, spread over a vector;  b: a vector load

Two loads of b and one of a feed rows·vectors multiply-adds, so the arithmetic units are never waiting for memory. The
rows of b are found through a table of offsets: b[k] starts at B[offset[k]]. That makes the same tile a matrix product
and a convolution: the offsets say where tap k of the window lies.
"""

from __future__ import annotations

import os
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.extending import intrinsic


def _lanes() -> int:
    """Return how many float32 a vector register of this CPU holds; MINIGRAD_LANES overrides it."""
    asked = os.environ.get("MINIGRAD_LANES")
    if asked is not None:
        return int(asked)
    features = llvm.get_host_cpu_features()
    return 16 if features.get("avx512f") else 8 if features.get("avx2") else 4


LANES = _lanes()
FLOAT, INT32, INT64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)
VECTOR = ir.VectorType(FLOAT, LANES)
ZERO = ir.Constant(VECTOR, [0.0] * LANES)


def _pointer(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    return builder.gep(context.make_array(kind)(context, builder, array).data, [index])


def _at(builder: Any, pointer: Any, index: Any) -> Any:
    return builder.gep(pointer, [index if isinstance(index, ir.Value) else ir.Constant(INT64, index)])


def _load(builder: Any, pointer: Any) -> Any:
    return builder.load(builder.bitcast(pointer, VECTOR.as_pointer()), align=4)


def _store(builder: Any, value: Any, pointer: Any) -> None:
    builder.store(value, builder.bitcast(pointer, VECTOR.as_pointer()), align=4)


def _spread(builder: Any, number: Any) -> Any:
    """Return a vector with `number` in every lane."""
    undefined = ir.Constant(VECTOR, ir.Undefined)
    one = builder.insert_element(undefined, number, ir.Constant(INT32, 0))
    return builder.shuffle_vector(one, undefined, ir.Constant(ir.VectorType(INT32, LANES), [0] * LANES))


def _multiply_add(builder: Any) -> Any:
    kind = ir.FunctionType(VECTOR, [VECTOR, VECTOR, VECTOR])
    name = f"llvm.fma.v{LANES}f32"
    known = builder.module.globals.get(name)
    return ir.Function(builder.module, kind, name) if known is None else known


def _loop(builder: Any, count: Any, step: int, start: list[Any], body: Any) -> list[Any]:
    """Emit `for k in range(0, count, step)` that carries a list of vectors; return them as they are at the end."""
    before, function = builder.block, builder.function
    loop, done = function.append_basic_block("loop"), function.append_basic_block("done")
    builder.branch(loop)
    builder.position_at_end(loop)
    k = builder.phi(INT64)
    carried = [builder.phi(VECTOR) for _ in start]
    k.add_incoming(ir.Constant(INT64, 0), before)
    for phi, value in zip(carried, start, strict=True):
        phi.add_incoming(value, before)
    after: list[Any] = body(k, carried)
    following = builder.add(k, ir.Constant(INT64, step))
    k.add_incoming(following, builder.block)
    for phi, value in zip(carried, after, strict=True):
        phi.add_incoming(value, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, count), loop, done)
    builder.position_at_end(done)
    return after


def make_tile(rows: int, vectors: int) -> Any:
    """Return tile(A, a, B, b, offset, K, C, c, stride), which computes rows × (vectors · LANES) results:

    C[c + i·stride + j] = Σ_k A[a + k·rows + i] · B[b + offset[k] + j],   K >= 1
    """

    @intrinsic
    def tile(typing: Any, A: Any, a: Any, B: Any, b: Any, offset: Any, K: Any, C: Any, c: Any, stride: Any) -> Any:
        signature = types.void(A, types.int64, B, types.int64, offset, types.int64, C, types.int64, types.int64)

        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            A_, a_, B_, b_, offset_, K_, C_, c_, stride_ = args
            left = _pointer(context, builder, sig.args[0], A_, a_)
            right = _pointer(context, builder, sig.args[2], B_, b_)
            table = _pointer(context, builder, sig.args[4], offset_, ir.Constant(INT64, 0))
            out = _pointer(context, builder, sig.args[6], C_, c_)
            fma = _multiply_add(builder)

            def step(k: Any, sums: list[Any]) -> list[Any]:
                row = _at(builder, right, builder.load(_at(builder, table, k)))
                taps = [_load(builder, _at(builder, row, j * LANES)) for j in range(vectors)]
                column = _at(builder, left, builder.mul(k, ir.Constant(INT64, rows)))
                gained = []
                for i in range(rows):
                    number = _spread(builder, builder.load(_at(builder, column, i)))
                    for j in range(vectors):
                        gained.append(builder.call(fma, [number, taps[j], sums[i * vectors + j]]))
                return gained

            sums = _loop(builder, K_, 1, [ZERO] * (rows * vectors), step)
            for i in range(rows):
                line = _at(builder, out, builder.mul(stride_, ir.Constant(INT64, i)))
                for j in range(vectors):
                    _store(builder, sums[i * vectors + j], _at(builder, line, j * LANES))
            return context.get_dummy_value()

        return signature, generate

    return tile


def make_dots(rows: int, columns: int) -> Any:
    """Return dots(A, a, lda, B, b, offset, k, P, C, c, stride), which adds rows × columns dot products of length P:

    C[c + i·stride + j] += Σ_p A[a + i·lda + p] · B[b + offset[k + j] + p],   P a multiple of LANES
    """

    @intrinsic
    def dots(
        typing: Any, A: Any, a: Any, lda: Any, B: Any, b: Any, offset: Any, k: Any, P: Any, C: Any, c: Any, stride: Any
    ) -> Any:
        signature = types.void(
            A, types.int64, types.int64, B, types.int64, offset, types.int64, types.int64, C, types.int64, types.int64
        )

        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            A_, a_, lda_, B_, b_, offset_, k_, P_, C_, c_, stride_ = args
            left = _pointer(context, builder, sig.args[0], A_, a_)
            right = _pointer(context, builder, sig.args[3], B_, b_)
            table = _pointer(context, builder, sig.args[5], offset_, k_)
            out = _pointer(context, builder, sig.args[8], C_, c_)
            fma = _multiply_add(builder)
            lines = [_at(builder, left, builder.mul(lda_, ir.Constant(INT64, i))) for i in range(rows)]
            taps = [_at(builder, right, builder.load(_at(builder, table, j))) for j in range(columns)]

            def step(p: Any, sums: list[Any]) -> list[Any]:
                b_row = [_load(builder, _at(builder, tap, p)) for tap in taps]
                gained = []
                for i in range(rows):
                    a_row = _load(builder, _at(builder, lines[i], p))
                    for j in range(columns):
                        gained.append(builder.call(fma, [a_row, b_row[j], sums[i * columns + j]]))
                return gained

            sums = _loop(builder, P_, LANES, [ZERO] * (rows * columns), step)
            for i in range(rows):
                line = _at(builder, out, builder.mul(stride_, ir.Constant(INT64, i)))
                for j in range(columns):
                    place = _at(builder, line, j)
                    builder.store(builder.fadd(builder.load(place), _sum(builder, sums[i * columns + j])), place)
            return context.get_dummy_value()

        return signature, generate

    return dots


def _sum(builder: Any, vector: Any) -> Any:
    """Add up the lanes of a vector: halve it until one is left."""
    width = LANES
    while width > 1:
        width //= 2
        undefined = ir.Constant(vector.type, ir.Undefined)
        low = ir.Constant(ir.VectorType(INT32, width), list(range(width)))
        high = ir.Constant(ir.VectorType(INT32, width), list(range(width, 2 * width)))
        halves = [builder.shuffle_vector(vector, undefined, half) for half in (low, high)]
        vector = builder.fadd(*halves)
    return builder.extract_element(vector, ir.Constant(INT32, 0))
