"""The graph behind a result, and the gradients on it, looked at without touching anything.

The walk is that of autograd.py, but no hook runs, no `.grad` is written, and no edge is freed. What cannot be walked
(freed edges, overwritten values) is noted and left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from heapq import heappop, heappush
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ..autograd import constant
from ..backend import array_module
from ..errors import MinigradError
from ..grad_mode import mode, no_grad
from ..overwrites import check_saved, clock
from ..tensor import Tensor
from .watch import story_of

if TYPE_CHECKING:
    from ..autograd import Rule

Step: TypeAlias = "tuple[Tensor, Rule]"


def is_freed(y: Tensor) -> bool:
    """Say whether an earlier backward has freed what `y` was made from."""
    return isinstance(y.edges, tuple) and bool(y.edges) and not isinstance(y.edges[0][0], Tensor)


class Graph:
    """Everything that a result was computed from, as far as it is on the tape, latest first."""

    def __init__(self, result: Tensor) -> None:
        self.result = result
        self.edges: dict[int, list[Step]] = {}
        self.freed: list[Tensor] = []
        self.problems: dict[int, str] = {}  # by id of the value whose rule could not run
        self.grads: dict[int, Tensor] = {}
        self.nodes: list[Tensor] = []
        seen, frontier = {id(result)}, [(-result.order, 0, result)]  # a heap, as in autograd.py
        while frontier:
            y = heappop(frontier)[2]
            self.nodes.append(y)
            self.edges[id(y)] = self._edges(y)
            for x, _ in self.edges[id(y)]:
                if id(x) not in seen:
                    seen.add(id(x))
                    heappush(frontier, (-x.order, len(seen), x))

    def __contains__(self, x: Tensor) -> bool:
        return id(x) in self.edges

    def _edges(self, y: Tensor) -> list[Step]:
        """Return the tracked inputs of `y`, as they were when it was made."""
        edges = y.edges
        if is_freed(y):
            story = story_of(y)
            if story is None:
                self.freed.append(y)
                return []
            edges = story.edges
        with unwatched():  # a checkpoint runs its block again
            return [(_as_it_was(x, y.order), rule) for x, rule in edges if x.tracked]

    def find_gradients(self) -> Graph:
        """Carry a gradient of 1 from the result to every value; return the graph."""
        self.grads[id(self.result)] = constant(array_module(self.result.array).ones_like(self.result.array))
        with unwatched(), no_grad(), np.errstate(all="ignore"):
            for y in self.nodes:
                dy = self.grads.get(id(y))
                for x, rule in self.edges[id(y)] if dy is not None else []:
                    dx = self._carried(y, dy, rule)
                    if dx is not None:
                        self.grads[id(x)] = self.grads[id(x)] + dx if id(x) in self.grads else dx
        return self

    def _carried(self, y: Tensor, dy: Tensor | None, rule: Rule) -> Tensor | None:
        assert dy is not None
        try:
            if clock.last_overwrite > y.order:
                check_saved(y, y.order, rule)
            return rule(dy, y)
        except MinigradError as error:
            self.problems[id(y)] = str(error).partition("\n")[0]
            return None

    def path(self, x: Tensor) -> list[Tensor]:
        """Return the values from `x` to the result, along which the gradient is largest at each fork."""
        users: dict[int, list[Tensor]] = {}
        for y in self.nodes:
            for source, _ in self.edges[id(y)]:
                users.setdefault(id(source), []).append(y)
        way = [x]
        while way[-1] is not self.result:
            way.append(max(users[id(way[-1])], key=lambda y: _size(self.grads.get(id(y)))))
        return way


def _as_it_was(x: Tensor, order: int) -> Tensor:
    while x.order > order and x.earlier is not None:
        x = x.earlier
    return x


def _size(dx: Tensor | None) -> float:
    values = np.abs(dx.cpu().numpy()) if dx is not None and dx.array.size else np.zeros(1)
    return float(np.nan_to_num(values, nan=np.inf).max())


@contextmanager
def unwatched() -> Iterator[None]:
    """Let nobody watch what happens inside the block."""
    before, mode.watcher = mode.watcher, None
    try:
        yield
    finally:
        mode.watcher = before
