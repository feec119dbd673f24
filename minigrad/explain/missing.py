"""Where the way from a loss to a value is cut: under no_grad, by detach, or not there at all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from .graph import is_freed
from .watch import source_of, story_of

if TYPE_CHECKING:
    from ..tensor import Tensor


def detached_from(x: Tensor) -> str | None:
    """Return the op of the value with a history whose memory `x` shares without having that history, if any."""
    owner = _owner(x)
    return None if owner is None else f"{owner.op} of shape {owner.shape}"


def _owner(x: Tensor) -> Tensor | None:
    """Return the tensor that an untracked tensor without a story was detached from."""
    return None if x.tracked or story_of(x) is not None else source_of(x)


def broken_off(loss: Tensor, x: Tensor, what: str) -> tuple[str, str]:
    """Return the cause and the sentences for a loss whose graph does not reach `x`."""
    way = _way(loss, x)
    if way is not None:
        return _cut(way, what)
    if is_freed(loss):
        return "freed", (
            f"{what} cannot be explained now: the graph of this loss was freed by an earlier backward, and nobody "
            "watched. Call explain before backward, or compute inside `with watching():` (of minigrad.explain)."
        )
    if story_of(loss) is None:
        return "not reached", (
            f"{what} is None: the loss does not depend on it, as far as the tape knows. The way may be cut by no_grad, "
            "detach(), item(), numpy(): compute inside `with watching():` (of minigrad.explain) to see where."
        )
    return "not reached", (
        f"{what} is None: the loss was not computed from it, or only through item(), numpy() or a comparison."
    )


def _cut(way: list[Tensor], what: str) -> tuple[str, str]:
    """Say where on the way, from the loss to the value, the history ends."""
    user = way[0]
    for y, source in pairwise(way):
        story = story_of(y)
        if story is None:
            return "detached", (
                f"{what} is None: {user.op}, {user.place}, was given a detached copy of the {source.op} of shape "
                f"{source.shape}. Gradients stop there."
            )
        if not story.use.recorded:
            return "no_grad", f"{what} is None: {y.op}, {y.place}, was computed under no_grad."
        user = y
    return "not reached", f"{what} is None: the loss does not depend on it."


def _way(loss: Tensor, x: Tensor) -> list[Tensor] | None:
    """Return values from the loss to `x`, each made from the next or detached from it, if all of it was watched."""
    came_from: dict[int, Tensor | None] = {id(loss): None}
    stack = [loss]
    while stack:
        y = stack.pop()
        if y is x:
            return _unwound(x, came_from)
        for source in _sources(y):
            if id(source) not in came_from:
                came_from[id(source)] = y
                stack.append(source)
    return None


def _sources(y: Tensor) -> Iterator[Tensor]:
    story, owner = story_of(y), _owner(y)
    if story is not None:
        yield from (x for x, _ in story.edges)
    elif y.tracked and not is_freed(y):
        yield from (x for x, _ in y.edges)
    if owner is not None:
        yield owner


def _unwound(x: Tensor, came_from: dict[int, Tensor | None]) -> list[Tensor]:
    way = [x]
    while (user := came_from[id(way[-1])]) is not None:
        way.append(user)
    return way[::-1]
