"""The tape: values, labelled edges between them, and the walk that carries gradients back along the edges.

    x ──d_x──▶ y        an edge of y is (x, d_x): the rule d_x(dy, y) turns dL/dy into dL/dx
    w ──d_w──▶ y

Recording an op stores its edges. Walking back visits values in reverse order of creation, which is a
topological order for free: whatever used y was made after y. Rules are written over tensors, so a rule run
while recording leaves a graph of the gradient behind, and second derivatives need nothing else.

Changes in place are kept honest by the clock of overwrites.py, which also numbers the ops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np
from numpy import ndarray

from .backend import Array, array_module, as_array, device_of
from .errors import DeviceError, GradientError, ReleasedGraphError
from .grad_mode import Watcher, mode, set_grad_enabled
from .overwrites import Buffer, check_fresh, check_saved, clock, share_memory

if TYPE_CHECKING:
    from .tensor import Tensor

Rule: TypeAlias = "Callable[[Tensor, Tensor], Tensor]"
Edge: TypeAlias = "tuple[Tensor, Rule]"
Hook: TypeAlias = "Callable[[Tensor], Tensor | None]"

_new = object.__new__


class Node:
    """A value on the tape: an array, and how it came about. `Tensor` adds the methods."""

    kind: ClassVar[type[Tensor]]  # the class of every result; tensor.py sets it, so that no op needs to import it

    array: Array
    tracked: bool = False
    grad: Tensor | None = None
    op: str = "leaf"
    edges: Iterable[Edge] = ()
    order: int = 0  # the tick of creation; 0 for leaves
    buffer: Buffer | None = None  # made when the memory is first shared or overwritten
    is_view: bool = False
    earlier: Tensor | None = None  # this tensor as it was before it was last overwritten
    settled: int = 0  # the tick at which an overwrite gave it its value
    hooks: tuple[Hook, ...] = ()
    retains_grad: bool = False
    place: str = ""  # the user's line that made it, noted by watchers


def constant(array: Array) -> Tensor:
    """Wrap an array as a tensor without a history."""
    y = _new(Node.kind)
    y.array = array if type(array) is ndarray else as_array(array)
    return y


def record(op: str, array: Array, *edges: Edge) -> Tensor:
    """Wrap `array`, the result of `op`, remembering an edge (input, rule) for each input that needs a gradient.

    A rule is d_x(dy, y) -> dx. It may use any tensor it mentions; all of them are checked for overwrites before
    it runs. It gets its own output as `y` and must not capture it (a reference cycle); a rule that has no use
    for `y` calls that parameter `_`. It must not capture an input for its shape alone (a needless check).
    """
    y = _new(Node.kind)
    y.array = array if type(array) is ndarray else as_array(array)
    if mode.recording:
        if clock.last_rebase:
            check_fresh(op, *(x for x, _ in edges))
        kept = [edge for edge in edges if edge[0].tracked]
        if kept:
            y.op, y.edges, y.tracked = op, kept, True
            y.order = clock.tick()
    if mode.watcher is not None:
        y.op = op
        mode.watcher.made(y, edges)
    return y


def record_view(op: str, array: Array, x: Tensor, rule: Rule) -> Tensor:
    """Record an op whose result is, or may be, a view of its input's memory."""
    y = record(op, array, (x, rule))
    source = x.array if x.array.base is None else x.array.base
    if y.array is x.array or (y.array.base is not None and (y.array.base is source or y.array.base is x.array)):
        share_memory(y, x)
        y.is_view = True
        if clock.last_rebase and y.buffer is not None:
            y.settled = y.buffer.rebased  # it shows what the memory holds now
    return y


def _released(_dy: Tensor, y: Tensor) -> Tensor:
    raise ReleasedGraphError(
        f"backward: the graph behind {y.op} was freed by an earlier backward\n"
        "Hint: pass retain_graph=True to the earlier call, or run the forward pass again"
    )


class _Gone(Node):
    """The far end of a freed edge; not a leaf, so that the walk tries to follow it."""

    edges: Any = (None,)


# A freed node keeps one edge whose rule complains: the walk needs no test for it.
_FREED: Any = ((_Gone(), _released),)


def walk(
    seeds: dict[Tensor, Tensor], *, retain_graph: bool, create_graph: bool, wanted: Sequence[Tensor] | None = None
) -> dict[Tensor, Tensor]:
    """Carry the gradients in `seeds` back through the graph and return the gradients of its leaves.

    With `wanted`, return the gradients of those tensors too, and run no rule for any other leaf.
    """
    before, mode.recording = mode.recording, create_graph
    watcher, mode.watcher = mode.watcher, None  # it watches what rules return, not how they compute it
    try:
        with np.errstate(all="ignore"):  # an infinite slope is a value like any other
            found = _follow(dict(seeds), None if wanted is None else set(wanted), retain_graph, watcher)
        return {x: _run_hooks(x, dx) if x.hooks and not x.edges else dx for x, dx in found.items()}
    finally:
        mode.recording, mode.watcher = before, watcher


def _follow(
    pending: dict[Tensor, Tensor], targets: set[Tensor] | None, retain_graph: bool, watcher: Watcher | None
) -> dict[Tensor, Tensor]:
    """Walk from the latest tensor in `pending` to the earliest, turning each dy into a dx per edge."""
    found: dict[Tensor, Tensor] = {}
    oldest = min((x.order for x in targets), default=0) if targets is not None else 0
    frontier = [(-y.order, y) for y in pending if y.edges]  # a heap: the latest creation comes first
    heapify(frontier)
    while frontier:
        y = heappop(frontier)[1]
        if y.order < oldest:  # older than all that is wanted
            break
        dy = pending.pop(y)
        if y.hooks or y.retains_grad:
            dy = _run_hooks(y, dy)
        if targets is not None and y in targets:
            found[y] = dy
        edges, order = y.edges, y.order
        if not retain_graph:
            y.edges = _FREED
        for x, rule in edges:
            while x.order > order and x.earlier is not None:  # overwritten since: y was made from its earlier self
                x = x.earlier
            if targets is not None and not x.edges and x not in targets:
                continue
            if clock.last_overwrite > order:
                check_saved(y, order, rule)
            dx = rule(dy, y)
            if dx.array.shape != x.array.shape or dx.array.dtype is not x.array.dtype:
                dx = _conform(y, x, dx)
            if watcher is not None:
                watcher.passed(y, dx)
            if x in pending:
                pending[x] = pending[x] + dx
            else:
                pending[x] = dx
                if x.edges:
                    heappush(frontier, (-x.order, x))
    return pending | found


def _run_hooks(y: Tensor, dy: Tensor) -> Tensor:
    for hook in y.hooks:
        replaced = hook(dy)
        if replaced is not None and getattr(replaced, "array", replaced) is replaced:
            raise GradientError(f"hook: it must return a tensor or None, got {type(replaced).__name__}")
        if replaced is not None and replaced.array.shape != dy.array.shape:
            raise GradientError(f"hook: it returned shape {replaced.array.shape} for a gradient of {dy.array.shape}")
        dy = dy if replaced is None else replaced
    if y.retains_grad and y.edges:
        y.grad = dy.clone() if y.grad is None else y.grad + dy
    return dy


def _conform(y: Tensor, x: Tensor, dx: Tensor) -> Tensor:
    if dx.array.shape != x.array.shape:
        raise GradientError(
            f"{y.op}: its rule returned a gradient of shape {dx.array.shape} for an input of shape {x.array.shape}\n"
            "Hint: a rule undoes broadcasting and keeps size-1 axes; broadcast_to before the op does both"
        )
    return dx.to(x.array.dtype)


def _seed(y: Tensor, gradient: Tensor | None) -> Tensor:
    check_fresh("backward", y)
    if not y.tracked:
        raise GradientError(
            f"backward: a {y.op} of shape {y.array.shape} does not require a gradient\n"
            "Hint: set requires_grad on the parameters and compute outside no_grad"
        )
    if gradient is None:
        if y.array.size != 1:
            raise GradientError(
                f"backward: the output has shape {y.array.shape}, only a single number has an implied gradient of 1\n"
                "Hint: reduce the output with sum() or mean(), or pass gradient="
            )
        return constant(array_module(y.array).ones_like(y.array))
    if not isinstance(gradient, Node):
        raise GradientError(f"backward: gradient must be a tensor, got {type(gradient).__name__}")
    if gradient.array.shape != y.array.shape:
        raise GradientError(f"backward: gradient has shape {gradient.array.shape}, the output {y.array.shape}")
    if type(gradient.array) is not type(y.array):
        here, there = device_of(y.array), device_of(gradient.array)
        raise DeviceError(f"backward: gradient is on {there}, the output on {here}\nHint: move one with .to(device)")
    return gradient.to(y.array.dtype)


def backward(
    y: Tensor, gradient: Tensor | None = None, retain_graph: bool | None = None, create_graph: bool = False
) -> None:
    """Add dL/dx to the `.grad` of every leaf x that `y` depends on, where dL/dy is `gradient`.

    The leaves are written to at the very end, so a rule that raises leaves every `.grad` as it was.
    """
    seed = _seed(y, gradient)
    keep = create_graph if retain_graph is None else retain_graph
    grads = walk({y: seed}, retain_graph=keep, create_graph=create_graph)
    owned = {id(seed.array)}
    for leaf, dx in grads.items():
        if leaf.grad is not None:
            with set_grad_enabled(create_graph):
                leaf.grad = leaf.grad + dx
        else:
            shared = dx.array.base is not None or id(dx.array) in owned
            owned.add(id(dx.array))
            with set_grad_enabled(create_graph):
                leaf.grad = dx.clone() if shared else dx


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> tuple[Tensor | None, ...]:
    """Return dL/dx for each of `inputs`, leaving every `.grad` alone; `grad_outputs` are the dL/dy, 1 by default.

    An input that the outputs do not depend on is an error, or None with `allow_unused`.
    """
    ys = [outputs] if isinstance(outputs, Node) else list(outputs)
    xs = [inputs] if isinstance(inputs, Node) else list(inputs)
    dys = [grad_outputs] * len(ys) if grad_outputs is None or isinstance(grad_outputs, Node) else list(grad_outputs)
    seeds: dict[Tensor, Tensor] = {}
    for y, dy in zip(ys, dys, strict=True):
        seed = _seed(y, dy)
        seeds[y] = seeds[y] + seed if y in seeds else seed
    keep = create_graph if retain_graph is None else retain_graph
    found = walk(seeds, retain_graph=keep, create_graph=create_graph, wanted=xs)
    missing = [i for i, x in enumerate(xs) if x not in found]
    if missing and not allow_unused:
        raise GradientError(
            f"grad: the outputs do not depend on input {missing[0]}, shape {xs[missing[0]].array.shape}\n"
            "Hint: pass allow_unused=True to get None for it"
        )
    return tuple(found.get(x) for x in xs)
