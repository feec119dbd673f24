"""Where a gradient dies, explodes, fades or stops being a number, on its way from the loss."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ..backend import to_numpy
from .watch import story_of

if TYPE_CHECKING:
    from ..tensor import Tensor
    from .graph import Graph

HUGE, TINY = 1e4, 1e-7  # |g| beyond and below which a gradient is called so

_SATURATED = ("sigmoid", "tanh", "logsigmoid", "softsign", "erf")
_CONSTANT = ("sign", "floor", "ceil", "trunc", "round")
_CUT_OFF = ("clamp_min", "clamp_max", "hardtanh", "where", "maximum", "minimum")


def _size(graph: Graph, x: Tensor) -> float:
    dx = graph.grads.get(id(x))
    return 0.0 if dx is None or not dx.array.size else float(abs(to_numpy(dx.array)).max())


def _at(y: Tensor) -> str:
    return f"{y.op}, {y.place}" if y.place else y.op


def zero(graph: Graph, x: Tensor, what: str) -> tuple[str, str]:
    """Return the cause and the sentences for a gradient of nothing but zeros."""
    way = graph.path(x)
    alive = next((i for i, y in enumerate(way) if _size(graph, y)), None)
    if alive is None or alive == 0:
        return "zero", f"{what} is zero: the loss has no slope."
    culprit, source = way[alive], way[alive - 1]
    cause, reason = _killer(culprit, source)
    before = f"the gradient is {_size(graph, culprit):.3g} at {_at(culprit)}, and 0 behind it: "
    return cause, f"{what} is zero: {before}{reason}."


def _killer(y: Tensor, x: Tensor) -> tuple[str, str]:
    """Return why the rule of `y` gives nothing but zeros to its input `x`."""
    values = to_numpy(x.array)
    low, high = (values.min(), values.max()) if values.size else (0.0, 0.0)
    if y.op == "relu" and high <= 0:
        return "dead relu", f"none of its {values.size} inputs is above 0 (the largest is {high:.3g}): it never fires"
    if y.op in _SATURATED:
        return "saturated", f"its inputs, {low:.3g} to {high:.3g}, are so large that its slope is 0 to the last digit"
    if y.op in _CONSTANT:
        return "piecewise constant", "it is piecewise constant, so its slope is 0 everywhere"
    if y.op in _CUT_OFF:
        return "cut off", f"it takes none of its {values.size} values, {low:.3g} to {high:.3g}"
    if y.op in ("softmax", "log_softmax") and 1 in x.shape:
        return "constant", f"of shape {x.shape}: a softmax over an axis of size 1 is constant"
    if y.op == "mul":
        return "multiplied by zero", "the other factor is 0 everywhere"
    if y.op.startswith("dropout"):
        return "dropped", "every value was dropped"
    return "zero", "its rule gives nothing but zeros there"


def huge(graph: Graph, x: Tensor) -> str:
    """Say where a gradient grows."""
    return _growth(graph, x, "grows", "gained", 1)


def tiny(graph: Graph, x: Tensor) -> str:
    """Say where a gradient fades."""
    return _growth(graph, x, "falls", "lost", -1)


def _growth(graph: Graph, x: Tensor, verb: str, change: str, sign: int) -> str:
    """Say between where and where a gradient changes its size, and which op does most of it."""
    way = graph.path(x)
    factors: dict[str, list[tuple[float, Tensor]]] = {}
    for source, y in pairwise(way):
        before, after = _size(graph, y), _size(graph, source)
        if before and after:
            factors.setdefault(y.op, []).append((after / before, y))
    ends = f"{_size(graph, way[-1]):.3g} at the loss to {_size(graph, x):.3g} here"
    start = f"it {verb} from {ends}, over {len(way) - 1} ops"
    if not factors:
        return f"{start}."
    op, found = max(factors.items(), key=lambda item: sign * sum(np.log(f) for f, _ in item[1]))
    total = float(np.prod([f for f, _ in found]))
    worst = (max if sign > 0 else min)(found, key=lambda item: item[0])[1]
    times = "once" if len(found) == 1 else f"{len(found)} times"
    where = f", the worst of them {worst.place}" if worst.place else ""
    return f"{start}. Most is {change} in {op}, met {times}{where}: a factor of {total:.3g} in all."


def not_finite(graph: Graph, x: Tensor) -> str:
    """Say which op first made a NaN or an infinity: in its value, or in its rule."""
    bad = to_numpy(graph.grads[id(x)].array)
    start = f"holds {int((~np.isfinite(bad)).sum())} of {bad.size} values that are NaN or infinite: "
    if not _finite(x):
        return f"{start}the tensor itself is not finite."
    for y in reversed(graph.nodes):
        if not _finite(y):
            inputs = _inputs(graph, y)
            given = next((x for x in inputs if not _finite(x)), None if inputs else y)
            if given is not None:
                return f"{start}{_at(given)}, shape {given.shape}, is not finite, and goes into the loss."
            return f"{start}{_at(y)}, made {_example(y)} of {_ranges(inputs)}."
    for y in graph.nodes:
        dy = graph.grads.get(id(y))
        if dy is not None and np.isfinite(to_numpy(dy.array)).all():
            spoilt = [s for s, _ in graph.edges[id(y)] if not _gradient_finite(graph, s)]
            if spoilt:
                return f"{start}the slope of {_at(y)}, is not finite for inputs of {_ranges(spoilt)}."
    return f"{start}they come with the gradient of the loss."


def _inputs(graph: Graph, y: Tensor) -> list[Tensor]:
    """Return what `y` was made of, constants too if it was watched."""
    story = story_of(y)
    return [x for x, _ in (graph.edges[id(y)] if story is None else story.edges)]


def _finite(x: Tensor) -> bool:
    return x.array.dtype.kind != "f" or bool(np.isfinite(to_numpy(x.array)).all())


def _gradient_finite(graph: Graph, x: Tensor) -> bool:
    dx = graph.grads.get(id(x))
    return dx is None or bool(np.isfinite(to_numpy(dx.array)).all())


def _example(y: Tensor) -> str:
    values = to_numpy(y.array)
    bad = values[~np.isfinite(values)]
    return f"{bad.reshape(-1)[0]} ({bad.size} of {values.size} values)"


def _ranges(inputs: list[Tensor]) -> str:
    parts = [f"{to_numpy(x.array).min():.3g} to {to_numpy(x.array).max():.3g}" for x in inputs if x.array.size]
    return " and ".join(parts) or "nothing"
