"""Laws of functions on sequences: no look into the future, and none into the padding.

B sequences of T steps; the axis of steps is 1 unless told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import ArgumentError, LawError
from ...ops import as_tensor, from_numpy
from ...tensor import Tensor
from .common import Function, along, changed, compare, differ, refuse_vacuous, title, value

MOST = 32  # steps that are changed in turn; of longer sequences, as many, evenly spread


def check_causality(f: Function, x: Any, *rest: Any, axis: int = 1, seed: int = 0) -> None:
    """Check that no output sees a later input: changing x at step u leaves y before u as it was.

    Shapes    x (B, T, ...)  ->  y (B, T, ...)
    Raises    LawError naming the earliest output that moved, and the input that moved it
    """
    x, law, moved = as_tensor(x).detach(), title("causality", f), False
    y, T = value(f, x, *rest), x.shape[axis]
    if y.ndim <= axis or y.shape[axis] != T:
        raise LawError(f"{law}: the output needs the {T} steps of the input on axis {axis}, got shape {y.shape}")
    for u in sorted({int(n) for n in np.linspace(T - 1, 0, min(T, MOST))}, reverse=True):
        z = value(f, changed(x, along(axis, u), seed), *rest)
        for t in range(u):
            a, b = y[along(axis, t)], z[along(axis, t)]
            if differ(a, b):
                raise LawError(
                    f"{law}: the output at step {t} changes by {np.abs(a - b).max():.3g} when the input at step {u} "
                    f"changes\n  input {x.shape}, output {y.shape}, steps on axis {axis}\n"
                    "Hint: mask the scores of later steps before the softmax, or shift the target by one"
                )
        moved = moved or differ(y[along(axis, slice(u, None))], z[along(axis, slice(u, None))])
    refuse_vacuous(law, moved)


def check_padding_invariance(
    f: Function, x: Any, lengths: Sequence[int], *rest: Any, axis: int = 1, extra: int = 2, seed: int = 0
) -> None:
    """Check that what lies behind the end of a sequence has no influence: neither its values nor its amount.

    f(x, lengths, *rest) is called with other values in the padding, and with `extra` more steps of it. If the output
    has the steps on the same axis, those before each length must stay; if not, all of it.

    Shapes    x (B, T, ...), lengths (B)  ->  y (B, T, ...) or (B, ...)
    Raises    LawError naming the sequence
    """
    x, law, ends = as_tensor(x).detach(), title("padding invariance", f), np.asarray(lengths, int)
    if ends.shape != x.shape[:1] or (ends > x.shape[axis]).any():
        raise ArgumentError(f"{law}: {len(ends)} lengths up to {ends.max(initial=0)} for an input of {x.shape}")
    y, T = value(f, x, lengths, *rest), x.shape[axis]
    per_step = y.ndim > axis and y.shape[axis] == T
    others = [_filled(x, ends, axis, seed), _lengthened(_filled(x, ends, axis, seed + 1), axis, extra)]
    for what, z in zip(("other values in the padding", f"{extra} more steps of padding"), others, strict=True):
        result = value(f, z, lengths, *rest)
        for b, end in enumerate(ends):
            seen = along(axis - 1, slice(None, end)) if per_step else ...
            compare(
                f"{law} with {what}", f"the output for sequence {b} of length {end}", result[b][seen], y[b][seen],
                "mask the padding in every sum, mean and softmax over steps, and stop recurrences at the length",
            )  # fmt: skip
    first = changed(x, along(axis, slice(None, 1)), seed)
    refuse_vacuous(law, differ(value(f, first, lengths, *rest), y))


def _filled(x: Tensor, ends: np.ndarray[Any, Any], axis: int, seed: int) -> Tensor:
    """Return x with other values behind each end."""
    for b, end in enumerate(ends):
        x = changed(x, (b, *along(axis - 1, slice(end, None))), seed + b)
    return x


def _lengthened(x: Tensor, axis: int, extra: int) -> Tensor:
    """Return x with `extra` copies of its last step behind it."""
    array = x.numpy()
    last = np.repeat(array[along(axis, slice(-1, None))], extra, axis)
    return from_numpy(np.concatenate([array, last], axis))
