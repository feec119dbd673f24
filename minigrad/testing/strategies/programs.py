"""Whole random programs: graphs of ops with reuse, broadcasting, indexing and detached parts.

A step reads the latest value or any before it, so diamonds, dead ends, inputs used twice and inputs not used at all
come by themselves. Values stay small, so that a difference between two gradients is an error and not rounding.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..compare import NumpyArray
from ..optional import st
from ..program import OPS, Program, Step
from .cotangents import cotangents
from .indices import axes, indices
from .shapes import broadcastable
from .tensors import mixed

LARGEST, MOST = 16.0, 64  # of the values, and elements of one value
PAIRS = ("add", "sub", "mul", "div", "matmul", "stack")


@st.composite
def programs(
    draw: st.DrawFn, max_inputs: int = 3, max_steps: int = 8, max_dims: int = 2, max_side: int = 3,
    names: tuple[str, ...] = tuple(OPS),
) -> Program:  # fmt: skip
    """Draw a program. `names` are those of the ops it may use, keys of `minigrad.testing.program.OPS`."""
    shapes = draw(broadcastable(draw(st.integers(1, max_inputs)), max_dims, max_side))
    inputs = tuple(draw(mixed(shape)) for shape in shapes)
    values, steps = list(inputs), []
    for _ in range(draw(st.integers(1, max_steps))):
        step, value = draw(_step(values, names))
        values.append(value)
        steps.append(step)
    return Program(inputs, tuple(steps), draw(cotangents(values[-1].shape)).numpy())


@st.composite
def _step(draw: st.DrawFn, values: list[NumpyArray], names: tuple[str, ...]) -> tuple[Step, NumpyArray]:
    """Draw a step that fits the values so far; where nothing fits or the result would be large, a tanh."""
    name, latest = draw(st.sampled_from(names)), len(values) - 1
    first = latest - draw(st.integers(0, latest))
    step = Step("tanh", (first,))
    if name in PAIRS:
        partners = [j for j in range(latest, -1, -1) if _fit(name, values[first], values[j])]
        if partners:
            step = Step(name, (first, draw(st.sampled_from(partners))))
    elif _takes(name, values[first]):
        step = Step(name, (first,), draw(_option(name, values[first].shape)))
    value = np.asarray(step.compute(np, values))
    if value.size > MOST or np.abs(value).max(initial=0.0) > LARGEST:
        step = Step("tanh", (first,))
        value = np.asarray(step.compute(np, values))
    return step, value


def _takes(name: str, x: NumpyArray) -> bool:
    """Say whether the op has a value: a mean needs elements, a running sum an axis."""
    return bool(x.size) if name == "mean" else x.ndim > 0 or name != "cumsum"


def _fit(name: str, x: NumpyArray, y: NumpyArray) -> bool:
    if name == "stack":
        return bool(x.shape == y.shape)
    if name == "matmul":
        return bool(0 < x.ndim < 3 > y.ndim > 0 and x.shape[-1] == y.shape[0])
    return all(n == m or 1 in (n, m) for n, m in zip(x.shape[::-1], y.shape[::-1], strict=False))


@st.composite
def _option(draw: st.DrawFn, name: str, shape: tuple[int, ...]) -> Any:
    """Draw what a step of this name takes beside its operand."""
    if name in ("sum", "mean"):
        return draw(axes(shape))
    if name == "cumsum":
        return draw(st.integers(-len(shape), len(shape) - 1))
    if name == "index":
        return draw(indices(shape))
    if name == "broadcast":
        return (draw(st.integers(1, 2)), *shape)
    if name == "reshape":
        n = prod(shape)
        return draw(st.sampled_from([(n,), (1, n), (n, 1), tuple(reversed(shape)), (*shape, 1)]))
    return None
