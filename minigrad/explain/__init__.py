"""Why is this gradient None, 0, huge or NaN? And what is on the way?

    explain(loss)                      every value behind the loss, with its gradient, in a table
    explain(loss, compare="numeric")   the same, each op's rule compared with differences
    explain(parameter, loss=loss)      in a sentence or two: why its gradient is what it is

With `with watching():` around the forward pass, lines are known, and so is what backward has freed since.
Nothing is changed: no graph, no `.grad`, no hook runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .watch import watching

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["explain", "watching"]


def explain(x: Tensor, *, loss: Tensor | None = None, compare: str | None = None) -> Any:
    """Explain a result, as a `Report` of all values behind it, or the gradient of a leaf, as an `Explanation`.

    With `loss`, `x` may be any value that the loss was, or was meant to be, computed from. `compare="numeric"` adds
    what differences say about each op, and names the first wrong rule that backward meets; it needs `watching()`.

    >>> from minigrad import tensor
    >>> from minigrad.explain import explain
    >>> explain(tensor([1.0, 2.0])).cause
    'not required'
    """
    from ..errors import ArgumentError
    from ..ops.operands import tensor_of

    x = tensor_of("explain", x)
    if compare not in (None, "numeric"):
        raise ArgumentError(f'explain: compare is {compare!r}; use "numeric" or leave it out')
    if loss is not None or not x.edges:
        from .cause import explanation

        return explanation(x, None if loss is None else tensor_of("explain", loss, "loss"))
    from .report import Report

    if compare is None:
        return Report(x)
    from .compare import UNJUDGED, verdicts

    found, first = verdicts(x)
    judged = sum(verdict != UNJUDGED for verdict in found.values())
    note = f"{judged} of {len(found)} rules compared with differences"
    note += f"; the first wrong one is that of {first.op}, {first.place}." if first is not None else "; none is wrong."
    if not judged:
        note = "No rule could be compared: compute inside `with watching():` (of minigrad.explain)."
    return Report(x, found, note)
