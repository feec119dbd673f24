"""A graph as plain data for drawing: values, and arrows between them, each with its rule and what flows through it.

    Value    a number on the graph: what it is (leaf, parameter, constant, op, loss), its array, its gradient
    Arrow    input → result: the rule in maths, the slope where both ends are single numbers, the gradient it carries

The tape keeps no constants and no lines. Both are there for what was computed inside `recording()`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import to_numpy
from ..errors import ArgumentError, GradientError, ReleasedGraphError
from ..explain.graph import Graph, is_freed, unwatched
from ..explain.watch import Story, story_of
from ..grad_mode import no_grad
from ..nn import Parameter
from ..ops.operands import tensor_of
from ..tensor import Tensor
from .rules import rule_formula

if TYPE_CHECKING:
    from ..autograd import Rule

LARGEST = 80  # values that one can still follow in a picture


@dataclass
class Value:
    """A value of the graph. `x` is the tensor itself."""

    x: Tensor
    kind: str  # loss, op, parameter, leaf or constant
    name: str  # given by the user, or ""
    grad: Tensor | None
    story: Story | None = None  # how it was computed, if that was recorded

    @property
    def array(self) -> np.ndarray[Any, Any]:
        """The elements."""
        return to_numpy(self.x.array)

    @property
    def place(self) -> str:
        """The user's line that computed it, as file:line without the folder; "" if it was not recorded."""
        return os.path.basename(self.x.place)


@dataclass
class Arrow:
    """An edge of the graph, from an input to a result, by their numbers in the reading."""

    source: int
    target: int
    formula: str  # "" for a constant: no gradient flows there
    slope: float | None = None  # of a number by a number
    carried: np.ndarray[Any, Any] | None = None  # the gradient that flows back


@dataclass
class Reading:
    """Values, inputs before results, and the arrows between them, in the order of each op's inputs."""

    values: list[Value] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)

    @property
    def recorded(self) -> bool:
        """Whether everything was computed inside `recording()`, so that constants are known."""
        return all(value.story is not None for value in self.values if value.kind in ("op", "loss"))

    def inputs_of(self, number: int) -> list[int]:
        """Return the numbers of a value's inputs."""
        return [arrow.source for arrow in self.arrows if arrow.target == number]


def read(what: str, loss: Any, names: Any = None) -> Reading:
    """Read the graph behind a loss; `what` names the caller in errors.

    Raises    DtypeError, GradientError, ReleasedGraphError, ArgumentError
    """
    y = _checked(what, tensor_of(what, loss, "loss"))
    known = _names(what, names)
    graph = Graph(y)
    if graph.freed:
        raise _released(what, graph.freed[0])
    _refuse_large(what, len(graph.nodes))
    graph.find_gradients()
    if graph.problems:
        raise GradientError(f"{what}: a gradient cannot be followed: {next(iter(graph.problems.values()))}")
    reading = _Reader(graph, known, not isinstance(names, Mapping)).read()
    _refuse_large(what, len(reading.values))
    return reading


class _Reader:
    """Numbers the values of a graph by their first use."""

    def __init__(self, graph: Graph, known: dict[int, str], trained: bool) -> None:
        self.graph, self.known, self.trained = graph, known, trained
        self.numbers: dict[int, int] = {}
        self.reading = Reading()

    def read(self) -> Reading:
        """Return all values and arrows, earliest first."""
        for y in reversed(self.graph.nodes):
            steps = _inputs(self.graph, y)
            sources = [self._number(x) for x, _ in steps]
            for i, (x, rule) in enumerate(steps):
                arrow = Arrow(sources[i], self._number(y), "")
                if x.tracked:
                    arrow.formula = rule_formula(y.op, rule, i, len(steps))
                    self._carry(arrow, x, y, rule)
                self.reading.arrows.append(arrow)
        return self.reading

    def _number(self, x: Tensor) -> int:
        if id(x) not in self.numbers:
            self.numbers[id(x)] = len(self.reading.values)
            name, grad = self.known.get(id(x), ""), self.graph.grads.get(id(x))
            self.reading.values.append(Value(x, self._kind(x), name, grad, _story(self.graph, x)))
        return self.numbers[id(x)]

    def _kind(self, x: Tensor) -> str:
        if x is self.graph.result:
            return "loss"
        if self.graph.edges.get(id(x)):
            return "op"
        if x not in self.graph:
            return "constant"
        return "parameter" if isinstance(x, Parameter) or (self.trained and id(x) in self.known) else "leaf"

    def _carry(self, arrow: Arrow, x: Tensor, y: Tensor, rule: Rule) -> None:
        """Note what flows back along an arrow, and the slope of a number by a number."""
        with unwatched(), no_grad(), np.errstate(all="ignore"):
            arrow.carried = rule(self.graph.grads[id(y)], y).cpu().numpy()
            if x.array.size == y.array.size == 1:
                arrow.slope = float(rule(y.new_ones(y.shape), y).item())


def _inputs(graph: Graph, y: Tensor) -> list[tuple[Tensor, Rule]]:
    """Return the inputs of `y` as they were, constants too if it was recorded, with their rules."""
    kept, story = graph.edges[id(y)], _story(graph, y)
    if story is None or not kept:
        return kept
    tracked = {id(rule): (x, rule) for x, rule in kept}
    return [tracked.get(id(rule), (x, rule)) for x, rule in story.edges]


def _story(graph: Graph, y: Tensor) -> Story | None:
    """Return the story of a value, unless it was overwritten since: then its edges are not those of the story."""
    story = story_of(y)
    told = set() if story is None else {id(rule) for _, rule in story.edges}
    return story if all(id(rule) in told for _, rule in graph.edges.get(id(y), [])) else None


def _checked(what: str, y: Tensor) -> Tensor:
    if not y.edges:
        kind = "leaf" if y.tracked else "constant"
        raise GradientError(
            f"{what}: the loss is a {kind} of shape {y.shape}, there is no graph behind it\n"
            "Hint: set requires_grad on the parameters and compute the loss outside no_grad"
        )
    if is_freed(y) and story_of(y) is None:
        raise _released(what, y)
    if y.array.size != 1:
        raise GradientError(
            f"{what}: the loss has shape {y.shape}, only a single number has an implied gradient of 1\n"
            "Hint: reduce it with sum() or mean()"
        )
    return y


def _released(what: str, y: Tensor) -> ReleasedGraphError:
    return ReleasedGraphError(
        f"{what}: the graph behind {y.op} was freed by an earlier backward\n"
        f"Hint: call {what} before backward, pass retain_graph=True to it, or compute inside viz.recording()"
    )


def _refuse_large(what: str, n: int) -> None:
    if n > LARGEST:
        raise ArgumentError(
            f"{what}: the graph has {n} values, a picture of more than {LARGEST} cannot be followed\n"
            "Hint: draw one layer, or fewer steps; minigrad.explain(loss) lists graphs of any size as a table"
        )


def _names(what: str, names: Any) -> dict[int, str]:
    """Return names by the identity of what they name: those of a model's parameters, or those of a dict."""
    if names is None:
        return {}
    found = names if isinstance(names, Mapping) else dict(getattr(names, "named_parameters", dict)())
    wrong = next((k for k, x in found.items() if not isinstance(k, str) or not isinstance(x, Tensor)), None)
    if wrong is not None or not (isinstance(names, Mapping) or hasattr(names, "named_parameters")):
        kind = type(names).__name__ if wrong is None else f"a dict with the item {wrong!r}: {found[wrong]!r:.40}"
        raise ArgumentError(f"{what}: names must be a module or a dict of names to tensors, got {kind}")
    return {id(x): name for name, x in found.items()}
