"""What the page may compute anew in the browser, and the settings that each op there needs.

The page knows a few dozen ops (engine.js). A graph of only these, whose inputs were all recorded and are small, can be
edited: `why_not` is "" for it, and says what is in the way for any other.
"""

from __future__ import annotations

from typing import Any

from .. import ops
from ..ops.reduce import reduced
from ..shapes import normalize_axes, normalize_axis
from .reading import Reading, Value

MOST = 256  # elements of a value that the page holds

_PLAIN = {
    "add": 2, "sub": 2, "mul": 2, "div": 2, "maximum": 2, "minimum": 2, "matmul": 2, "neg": 1, "square": 1,
    "reciprocal": 1, "exp": 1, "log": 1, "sqrt": 1, "tanh": 1, "sigmoid": 1, "relu": 1, "abs": 1, "sin": 1, "cos": 1,
    "broadcast_to": 1, "reshape": 1, "clone": 1,
}  # fmt: skip
_REDUCTIONS = ("sum", "mean", "amax", "amin", "max", "min")


def why_not(reading: Reading) -> str:
    """Return why the page cannot recompute a graph; "" if it can."""
    if not reading.recorded:
        return "it was computed outside viz.recording(), or overwritten since, so its constants are not known"
    for i, value in enumerate(reading.values):
        if value.array.size > MOST:
            return f"a value has {value.array.size} elements, more than {MOST}"
        if value.array.dtype == "float16" or value.array.dtype.kind not in "fiub":  # JavaScript cannot round to it
            return f"a value is of type {value.array.dtype}"
        if value.kind in ("op", "loss") and settings(value, [reading.values[j] for j in reading.inputs_of(i)]) is None:
            return f"the page does not know how to compute this {value.x.op}"
    return ""


def settings(value: Value, inputs: list[Value]) -> dict[str, Any] | None:
    """Return what the page needs to know to compute a value from its inputs; None if it does not know the op."""
    story, op, y = value.story, value.x.op, value.array
    if story is None or not inputs:
        return None
    shape, given = inputs[0].array.shape, story.arguments
    own = story.function is not None and story.function is getattr(ops, op, None)
    if op in _PLAIN and own and len(inputs) == _PLAIN[op]:
        return {} if op != "matmul" or len(shape) == inputs[1].array.ndim == 2 else None
    if op == "pow":
        return {} if len(inputs) == 2 else {"n": float(given["n"])} if "n" in given else None
    if op in _REDUCTIONS and "dim" in given:
        return {"kept": list(reduced(op, given["dim"], shape)[1])}
    if op in ("softmax", "log_softmax") and own:
        return {"axis": normalize_axis(op, given["dim"], len(shape))} if y.ndim else None
    if op in ("permute", "transpose") and own:
        return {"axes": _axes(op, given, len(shape))}
    if op == "linear" and own and len(shape) == 2 and inputs[1].array.ndim == 2:
        return {}
    if op == "cross_entropy" and "classes" in given and len(shape) == 2:
        return {"classes": given["classes"].tolist()}
    return None


def _axes(op: str, given: dict[str, Any], ndim: int) -> list[int]:
    """Return which axis of the input each axis of the result is."""
    if op == "permute":
        dims = given["dims"]
        return list(normalize_axes(op, dims[0] if dims and isinstance(dims[0], (tuple, list)) else dims, ndim))
    axes = list(range(ndim))
    a, b = (normalize_axis(op, given[name], ndim) for name in ("dim0", "dim1"))
    axes[a], axes[b] = b, a
    return axes
