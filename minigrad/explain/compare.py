"""Which rule is wrong? Each op on the graph is called again and its own rule compared with differences.

A wrong gradient at a parameter says little about where it went wrong. So no gradient is compared along the whole way;
each op is judged by itself, on the values that it had:

    y' = op(x + h t)      the op called again, its other arguments as they were, in float64
    ⟨v, (y'(h) - y'(-h)) / 2h⟩  =  ⟨rule(v), t⟩        for a random v, and a random t per input

The verdict is sound because the call is tried first: only if op(x) gives the value that is on the tape again is it
used. An op that cannot be called again (a closure, arguments that were changed since) is left unjudged, and said to be.
Where the slopes to both sides differ, at a kink, anything between them is accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..autograd import grad
from ..backend import to_numpy
from ..grad_mode import enable_grad
from ..tensor import Tensor
from .graph import Graph, unwatched
from .watch import Story, story_of

UNJUDGED = "not judged"
_STEP, _TOLERANCE = 1e-4, 1e-5


def verdicts(result: Tensor) -> tuple[dict[int, str], Tensor | None]:
    """Return what differences say about each op behind `result`, and the first wrong one that backward meets."""
    found: dict[int, str] = {}
    first = None
    graph = Graph(result)
    with unwatched(), np.errstate(all="ignore"):
        for y in graph.nodes:
            if graph.edges[id(y)]:
                found[id(y)] = judge(y, [x for x, _ in graph.edges[id(y)]])
                if first is None and found[id(y)].startswith("WRONG"):
                    first = y
    return found, first


def judge(y: Tensor, inputs: Sequence[Tensor]) -> str:
    """Return "ok", "WRONG" with both slopes, or that `y` cannot be judged."""
    again = replay(y, inputs)
    if again is None:
        return UNJUDGED
    rng = np.random.default_rng(0)
    arrays = [to_numpy(x.array).astype(np.float64) for x in inputs]
    v = rng.normal(size=y.shape)
    xs = [Tensor(a, requires_grad=True) for a in arrays]
    try:
        with enable_grad():
            found = grad(again(xs), xs, Tensor(v), allow_unused=True)
    except Exception as error:
        return f"WRONG: {str(error).partition(chr(10))[0]}"
    for k, dx in enumerate(found):
        if dx is None:  # the call has not used it: something stood in its way
            return UNJUDGED
        t = rng.normal(size=arrays[k].shape)
        rule = float((dx.cpu().numpy() * t).sum())
        low, high = _slopes(again, arrays, k, t, v)
        slack = _TOLERANCE * max(1.0, abs(low), abs(high), abs(rule))
        if not low - slack <= rule <= high + slack:
            which = f" of input {k}" if len(found) > 1 else ""
            return f"WRONG{which}: rule {rule:.6g}, differences {(low + high) / 2:.6g}"
    return "ok"


def _slopes(again: Callable[..., Tensor], arrays: Sequence[Any], k: int, t: Any, v: Any) -> tuple[float, float]:
    """Return bounds on the slope of ⟨v, y⟩ along t: equal but at a kink, where each element may have either slope."""

    def at(h: float) -> Any:
        moved = [Tensor(a + h * t) if i == k else Tensor(a) for i, a in enumerate(arrays)]
        return v * to_numpy(again(moved).array)

    here = at(0.0)
    right, left = (at(_STEP) - here) / _STEP, (here - at(-_STEP)) / _STEP
    near_right, near_left = (at(_STEP / 2) - here) / (_STEP / 2), (here - at(-_STEP / 2)) / (_STEP / 2)
    gap, near_gap = np.abs(right - left), np.abs(near_right - near_left)
    kink = (near_gap > 1e-3 * (1 + np.abs(right))) & (near_gap > 0.75 * gap)  # a smooth op's gap shrinks with h
    smooth = (4 * (near_right + near_left) - (right + left)) / 6
    low = np.where(kink, np.minimum(near_right, near_left), smooth)
    high = np.where(kink, np.maximum(near_right, near_left), smooth)
    return float(low.sum()), float(high.sum())


def replay(y: Tensor, inputs: Sequence[Tensor]) -> Callable[[Sequence[Tensor]], Tensor] | None:
    """Return a function of `inputs` that calls the op of `y` again, or None if that does not give `y`."""
    story = story_of(y)
    if story is None or story.function is None:
        return None
    if not all(any(_holds(value, x) for value in story.arguments.values()) for x in inputs):
        return None

    def again(xs: Sequence[Tensor]) -> Tensor:
        stand_ins = list(zip(inputs, xs, strict=True))
        result = _call(story, {name: _changed(value, stand_ins) for name, value in story.arguments.items()})
        several = result if isinstance(result, tuple) else (result,)
        found: Tensor = next(z for z in several if isinstance(z, Tensor) and z.shape == y.shape)
        return found

    try:
        value = again([Tensor(to_numpy(x.array).astype(np.float64)) for x in inputs])
        close = np.allclose(to_numpy(value.array), to_numpy(y.array), 1e-3, 1e-5, equal_nan=True)
    except Exception:  # the arguments have been changed since, or are not all there
        return None
    return again if close else None


def _holds(value: Any, x: Tensor) -> bool:
    """Say whether an argument, or an item of it, is `x`, or was only cast or broadcast to become it."""
    if type(value) in (list, tuple):
        return any(_holds(item, x) for item in value)
    source: Any = x
    while value is not source:
        story = story_of(source) if isinstance(source, Tensor) else None
        if story is None or source.op not in ("broadcast_to", "to", "clone") or not story.edges:
            return False
        source = story.edges[0][0]
    return True


def _changed(value: Any, stand_ins: Sequence[tuple[Tensor, Tensor]]) -> Any:
    """Return an argument with its tensors exchanged, and all floating tensors in float64."""
    if type(value) in (list, tuple):
        return type(value)(_changed(item, stand_ins) for item in value)
    for x, other in stand_ins:
        if _holds(value, x):
            return other
    if isinstance(value, Tensor) and value.is_floating_point():
        return Tensor(to_numpy(value.array).astype(np.float64))
    return value


def _call(story: Story, arguments: dict[str, Any]) -> Any:
    code = story.function.__code__
    positional = list(code.co_varnames[: code.co_argcount])
    keywords = {name: value for name, value in arguments.items() if name not in positional and name != story.varargs}
    rest = arguments.get(story.varargs, ())
    return story.function(*(arguments[name] for name in positional), *rest, **keywords)

