"""Why a gradient is what it is, in a sentence or two that name the op and the line."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..dtypes import is_floating
from .graph import Graph
from .missing import broken_off, detached_from
from .trouble import HUGE, TINY, huge, not_finite, tiny, zero
from .watch import story_of, uses_of

if TYPE_CHECKING:
    from ..tensor import Tensor


@dataclass(frozen=True)
class Explanation:
    """The cause, in a word, and the sentences."""

    cause: str
    text: str

    def __str__(self) -> str:
        return textwrap.fill(self.text, 118, break_long_words=False, break_on_hyphens=False)

    __repr__ = __str__


def explanation(x: Tensor, loss: Tensor | None) -> Explanation:
    """Say why the gradient of `x` is what it is: the one that `loss` gives, or the one in `.grad`."""
    what = "leaf" if not x.edges and story_of(x) is None else f"result of {x.op}"
    what = f"The gradient of this {what}, shape {x.shape}{f', {x.place},' if x.place else ','}"
    if not x.tracked:
        return _untracked(x, what)
    if loss is None:
        return _without_loss(x, what)
    if not loss.tracked or x not in (graph := Graph(loss).find_gradients()):
        return Explanation(*broken_off(loss, x, what))
    if id(x) not in graph.grads:
        problem = next(iter(graph.problems.values()), "a rule on the way could not run")
        return Explanation("overwritten", f"{what} cannot be computed: {problem}")
    found = _of_size(graph, x, what)
    if found.cause == "healthy" and (x.grad is None or not x.grad.array.any()):
        state = "None" if x.grad is None else "zero"
        text = f"{found.text} In .grad it is {state}: no backward has run, or zero_grad() has cleared it since."
        return Explanation("waiting", text)
    return found


def _untracked(x: Tensor, what: str) -> Explanation:
    story = story_of(x)
    if not is_floating(x.array.dtype):
        return Explanation("dtype", f"{what} is None: it holds {x.dtype}, and only floating tensors have gradients.")
    if story is not None and not story.use.recorded:
        return Explanation("no_grad", f"{what} is None: it was computed under no_grad, at {x.place}.")
    if story is not None:
        return Explanation("constant", f"{what} is None: none of the values it was computed from requires a gradient.")
    if detached_from(x) is not None:
        return Explanation("detached", f"{what} is None: the tensor is a detached one, without the history of "
                                       f"the {detached_from(x)} whose memory it shares.")  # fmt: skip
    return Explanation(
        "not required",
        f"{what} is None: the tensor does not require one. Set requires_grad=True before it is used.",
    )


def _without_loss(x: Tensor, what: str) -> Explanation:
    """Explain what is in `.grad`, by the uses that were watched."""
    uses = uses_of(x)
    if x.grad is not None and x.grad.array.any():
        return _of_grad(x, what)
    state = "None" if x.grad is None else "all zeros"
    if x.edges and x.grad is None and not x.retains_grad:
        return Explanation("not a leaf", f"{what} is None: only leaves keep theirs. Call retain_grad() beforehand.")
    passed = [use for use in uses if use.passed]
    if passed and x.grad is None:
        where = f"{passed[-1].op}, {passed[-1].place}"
        return Explanation("zeroed", f"{what} is None, although a backward came through {where}: it had one, and "
                                     "zero_grad() has cleared it.")  # fmt: skip
    if uses and not any(use.recorded for use in uses):
        text = f"it was used under no_grad only, the last time by {uses[-1].op}, {uses[-1].place}."
        return Explanation("no_grad", f"{what} is {state}: {text}")
    if uses and not passed:
        text = f"the last op to use it was {uses[-1].op}, {uses[-1].place}, and no backward has come through there"
        return Explanation("not reached", f"{what} is {state}: {text}. Pass loss= to see where the way is cut.")
    return Explanation(
        "unknown",
        f"{what} is {state}: no backward has reached it, or zero_grad() has cleared it. Pass loss= to find out, or "
        "compute inside `with watching():` (of minigrad.explain).",
    )


def _of_grad(x: Tensor, what: str) -> Explanation:
    assert x.grad is not None
    sizes = np.abs(x.grad.cpu().numpy())
    if not np.isfinite(sizes).all():
        bad = int((~np.isfinite(sizes)).sum())
        text = f"holds {bad} values of {sizes.size} that are NaN or infinite. Pass loss= to see where they arose."
        return Explanation("not finite", f"{what} {text}")
    return Explanation("healthy", f"{what} is {_range(sizes)}: nothing is wrong with it.")


def _of_size(graph: Graph, x: Tensor, what: str) -> Explanation:
    sizes = np.abs(graph.grads[id(x)].cpu().numpy())
    if not np.isfinite(sizes).all():
        return Explanation("not finite", f"{what} {not_finite(graph, x)}")
    if not sizes.any():
        return Explanation(*zero(graph, x, what))
    if sizes.max() > HUGE:
        return Explanation("huge", f"{what} is huge, {_range(sizes)}: {huge(graph, x)}")
    if sizes.max() < TINY:
        return Explanation("vanished", f"{what} has vanished, {_range(sizes)}: {tiny(graph, x)}")
    return Explanation("healthy", f"{what} is {_range(sizes)}: nothing is wrong with it.")


def _range(sizes: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> str:
    return f"at most {sizes.max():.3g} in size, {sizes.mean():.3g} on average"
