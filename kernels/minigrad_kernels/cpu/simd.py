"""Vectors of float32 as LLVM instructions: the vocabulary in which tiles.py, rows.py and winograd_transform.py write.

Numba compiles plain loops well, but it never keeps a whole block of results in registers. An `@intrinsic` says exactly
what it wants: it is a function that runs once, at compile time, and emits instructions through `builder`. What
`builder.load(...)` returns stands for the number that will be in a register when the kernel runs.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import extending, types

intrinsic: Any = extending.intrinsic  # a kernel does not pass the first parameter, `typing`; type checkers cannot know


def _lanes(features: Any) -> int:
    """Return how many float32 a vector register of this CPU holds; MINIGRAD_LANES overrides it."""
    asked = os.environ.get("MINIGRAD_LANES")
    if asked is not None:
        return int(asked)
    return 16 if features.get("avx512f") else 8 if features.get("avx2") else 4


_CPU, _FEATURES = llvm.get_host_cpu_name(), llvm.get_host_cpu_features()
LANES = _lanes(_FEATURES)
AT_ONCE = min(LANES, 8) if _CPU == "znver4" else LANES  # a Zen 4 computes with half of its registers at a time
REGISTERS = 32 if LANES == 16 or platform.machine() in ("aarch64", "arm64") else 16

FLOAT, INT32, INT64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)
VECTOR = ir.VectorType(FLOAT, LANES)
ZERO = ir.Constant(VECTOR, [0.0] * LANES)


def code(names: str, emit: Callable[[Any, Any], None]) -> Callable[..., Any]:
    """Return what Numba needs to compile an intrinsic that returns nothing: emit(builder, o) emits its instructions.

    o has the arguments under the given names: arrays as pointers to their first element, all others as they are.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Sequence[Any]) -> Any:
        values = [
            context.make_array(kind)(context, builder, arg).data if isinstance(kind, types.Array) else arg
            for kind, arg in zip(signature.args, args, strict=True)
        ]
        emit(builder, SimpleNamespace(**dict(zip(names.split(), values, strict=True))))
        return context.get_dummy_value()

    return generate


def int64(number: int) -> Any:
    """Return a constant."""
    return ir.Constant(INT64, number)


def at(builder: Any, pointer: Any, index: Any) -> Any:
    """Return a pointer to the element `index` (a number, or a value) places further."""
    return builder.gep(pointer, [index if isinstance(index, ir.Value) else int64(index)])


def load(builder: Any, pointer: Any, lanes: int = LANES) -> Any:
    """Load the vector that begins at `pointer`."""
    return builder.load(builder.bitcast(pointer, ir.VectorType(FLOAT, lanes).as_pointer()), align=4)


def store(builder: Any, value: Any, pointer: Any) -> None:
    """Store a vector, of any width, from `pointer` on."""
    builder.store(value, builder.bitcast(pointer, value.type.as_pointer()), align=4)


def shuffle(builder: Any, a: Any, b: Any, lanes: Sequence[int]) -> Any:
    """Return the vector of the given lanes of a and b, where b's are numbered after a's."""
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(INT32, len(lanes)), list(lanes)))


def spread(builder: Any, number: Any, lanes: int = LANES) -> Any:
    """Return a vector with `number` in every lane."""
    undefined = ir.Constant(ir.VectorType(FLOAT, lanes), ir.Undefined)
    one = builder.insert_element(undefined, number, ir.Constant(INT32, 0))
    return shuffle(builder, one, undefined, [0] * lanes)


def multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a·b + c: in one step where the CPU can, otherwise in two."""
    name = f"llvm.fmuladd.v{a.type.count}f32"
    function = builder.module.globals.get(name)
    if function is None:
        function = ir.Function(builder.module, ir.FunctionType(a.type, [a.type] * 3), name)
    return builder.call(function, [a, b, c])


def total(builder: Any, vector: Any) -> Any:
    """Add up the lanes of a vector: halve it until one is left."""
    width = vector.type.count
    while width > 1:
        width //= 2
        low, high = (shuffle(builder, vector, vector, range(i, i + width)) for i in (0, width))
        vector = builder.fadd(low, high)
    return builder.extract_element(vector, ir.Constant(INT32, 0))


def loop(builder: Any, count: Any, start: Sequence[Any], body: Callable[[Any, list[Any]], list[Any]]) -> list[Any]:
    """Emit `for k in range(count)`, count >= 1, that carries values along; return them as they are at the end."""
    before, function = builder.block, builder.function
    again, done = function.append_basic_block("again"), function.append_basic_block("done")
    builder.branch(again)
    builder.position_at_end(again)
    k, *carried = [builder.phi(kind) for kind in (INT64, *[value.type for value in start])]
    after = body(k, carried)
    following = builder.add(k, int64(1))
    for phi, first, later in zip([k, *carried], [int64(0), *start], [following, *after], strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(later, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, count), again, done)
    builder.position_at_end(done)
    return after


def either(builder: Any, condition: Any, values: Callable[[], list[Any]], others: list[Any]) -> list[Any]:
    """Return values() if the condition holds when the kernel runs, the others if not."""
    before = builder.block
    with builder.if_then(condition):
        found, inside = values(), builder.block
    chosen = [builder.phi(value.type) for value in others]
    for phi, value, other in zip(chosen, found, others, strict=True):
        phi.add_incoming(value, inside)
        phi.add_incoming(other, before)
    return chosen
