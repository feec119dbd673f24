"""Where a kernel may do in one pass what a rule, or a whole op, says in several steps.

The steps stay: they are what one reads, and what is differentiated when a graph of the gradient is asked for. While
nobody asks, the values are all that matters, and a kernel may compute them.

    @fused(loop, ...)         one rule        d_x(dy, y)           or the kernel   loop(dy, [y,] ...) -> dx
    fused_rules(loop, ...)    all rules       d_x, d_w, ...        or the kernel   loop(dy, ...) -> dx, dw, ...
    fused_pair(op, ...)       a composite op  definition(*inputs)  or the kernels  op_forward and op_backward

A kernel returns NotImplemented for what it does not cover. Whoever watches the tape (anomaly mode, explain) sees the
steps, not the kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..autograd import Edge, Node, Rule, constant, grad, record
from ..backend import Array, twin_of
from ..grad_mode import enable_grad, mode
from ..overwrites import clock

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__: list[str] = []

Definition = Callable[..., "Tensor"]  # inputs, None for one that is left out, to the result
Inputs = Sequence["Tensor | None"]


def run_twin(loop: str, first: Array, *rest: Any) -> Any:
    """Return what the kernel `loop` makes of arrays and settings; None if there is no kernel that covers them."""
    twin = twin_of(loop, first)
    result = NotImplemented if twin is None else twin(first, *rest)
    return None if result is NotImplemented else result


def fused(loop: str, *operands: Any) -> Callable[[Rule], Rule]:
    """Decorate a rule: while no graph of the gradient is recorded, the kernel loop(dy, [y,] *operands) may stand in.

    Operands are settings, or tensors that the rule mentions too. The kernel gets `y` if the rule uses it.
    """
    return lambda rule: _FusedRule(rule, loop, operands)


class _FusedRule:
    """A rule and its kernel. The tape sees what the rule mentions, so that overwrites of it are still found."""

    __slots__ = ("__closure__", "__code__", "loop", "operands", "rule")

    def __init__(self, rule: Any, loop: str, operands: tuple[Any, ...]) -> None:
        self.rule, self.loop, self.operands = rule, loop, operands
        self.__code__, self.__closure__ = rule.__code__, rule.__closure__

    def __call__(self, dy: Tensor, y: Tensor) -> Tensor:
        if not mode.recording:
            operands = _arrays(self.operands)
            if self.__code__.co_varnames[1] != "_":
                operands.insert(0, y.array)
            dx = run_twin(self.loop, dy.array, *operands)
            if dx is not None:
                return constant(dx)
        result: Tensor = self.rule(dy, y)
        return result


def _arrays(operands: tuple[Any, ...]) -> list[Any]:
    return [x.array if isinstance(x, Node) else x for x in operands]


class _Together:
    """Gradients of several inputs that are computed at once: the first rule asked does it, the others take theirs."""

    __slots__ = ("answer",)

    def __init__(self) -> None:
        self.answer: tuple[Any, Any, dict[int, Tensor]] = (None, None, {})  # to which dy, when; what is left to take

    def take(self, i: int, dy: Tensor, compute: Callable[[], dict[int, Tensor] | None]) -> Tensor | None:
        """Return the gradient of input i, None if `compute` finds none."""
        asked, when, left = self.answer  # read at once: another thread may walk the same graph with another dy
        now = (clock.last_overwrite, mode.recording)
        if asked is not dy or when != now or i not in left:
            left = compute() or {}
        dx = left.pop(i, None)
        self.answer = (dy, now, left) if left else (None, None, left)
        return dx


def fused_rules(loop: str, inputs: Inputs, *operands: Any) -> Callable[[int], Callable[[Rule], Rule]]:
    """Return a decorator for the rule of input i: the kernel loop(dy, *operands) may stand in for all rules at once."""
    together, wanted = _Together(), [i for i, x in enumerate(inputs) if x is not None and x.tracked]

    def compute(dy: Tensor) -> dict[int, Tensor] | None:
        dxs = run_twin(loop, dy.array, *_arrays(operands))
        return None if dxs is None else {i: constant(dxs[i]) for i in wanted}

    return lambda i: lambda rule: _SharedRule(rule, lambda dy: together.take(i, dy, lambda: compute(dy)))


class _SharedRule:
    """A rule that takes its share of what a kernel computed for all, if one did."""

    __slots__ = ("__closure__", "__code__", "rule", "share")

    def __init__(self, rule: Any, share: Callable[[Tensor], Tensor | None]) -> None:
        self.rule, self.share = rule, share
        self.__code__, self.__closure__ = rule.__code__, rule.__closure__

    def __call__(self, dy: Tensor, y: Tensor) -> Tensor:
        dx = None if mode.recording else self.share(dy)
        return self.rule(dy, y) if dx is None else dx


def fused_pair(op: str, definition: Definition, inputs: Inputs, *settings: Any) -> Tensor:
    """Compute an op by a pair of kernels, or by its definition where they do not cover the inputs.

    Forward   op_forward(*arrays, *settings) -> (y, *saved)
    Backward  op_backward(dy, y, *saved, needed, *arrays, *settings) -> a gradient, or None, per input;
              needed[i] says whether input i needs one
    """
    if mode.watcher is None:
        first = next(x for x in inputs if x is not None)
        arrays = [None if x is None else x.array for x in inputs]
        twin = twin_of(f"{op}_forward", first.array)
        result = NotImplemented if twin is None else twin(*arrays, *settings)
        if result is not NotImplemented:
            y, *saved = result
            joint = _Joint(op, definition, inputs, saved, settings)
            return record(op, y, *(joint.edge(i) for i, x in enumerate(inputs) if x is not None))
    return definition(*inputs)


class _Joint:
    """The gradients of all inputs of a pair of kernels."""

    __slots__ = ("definition", "inputs", "op", "saved", "settings", "together")

    def __init__(self, op: str, definition: Definition, inputs: Inputs, saved: list[Array], settings: Any) -> None:
        self.op, self.definition, self.inputs, self.saved, self.settings = op, definition, inputs, saved, settings
        self.together = _Together()

    def edge(self, i: int) -> Edge:
        """Return input i and its rule."""
        x, inputs = self.inputs[i], self.inputs
        assert x is not None

        def d_x(dy: Tensor, y: Tensor) -> Tensor:
            def compute() -> dict[int, Tensor]:
                needed = [x is not None and x.tracked for x in inputs]  # mentions `inputs`: overwrites are found
                return self.differentiate(dy, needed) if mode.recording else self.run_backward(dy, y, needed)

            dx = self.together.take(i, dy, compute)
            assert dx is not None  # the definition always has one
            return dx

        return x, d_x

    def run_backward(self, dy: Tensor, y: Tensor, needed: list[bool]) -> dict[int, Tensor]:
        """Return the gradients by the kernel."""
        arrays = [None if x is None else x.array for x in self.inputs]
        dxs = run_twin(f"{self.op}_backward", dy.array, y.array, *self.saved, needed, *arrays, *self.settings)
        if dxs is None:
            with enable_grad():
                return {i: dx.detach() for i, dx in self.differentiate(dy, needed).items()}
        return {i: constant(dx) for i, dx in enumerate(dxs) if needed[i]}

    def differentiate(self, dy: Tensor, needed: list[bool]) -> dict[int, Tensor]:
        """Return the gradients with their graphs, by going back through the definition."""
        copies = [x.view_as(x) if x is not None and x.tracked else x for x in self.inputs]
        wanted = {i: x for i, x in enumerate(copies) if needed[i] and x is not None}
        dxs = grad(self.definition(*copies), list(wanted.values()), dy, create_graph=True, allow_unused=True)
        return {i: x.new_zeros(x.shape) if dx is None else dx for (i, x), dx in zip(wanted.items(), dxs, strict=True)}
