"""A player that does anything with the engine, in any order, and holds each result against the oracle.

Ops, views, writes in place, no_grad, detach, checkpoint, hooks, retained graphs and gradients, freed graphs, and
exceptions inside ops, rules and hooks. After each move every value, every `.grad` and the recording mode must be what
oracle.py says. The engine may refuse a move only for a reason: a freed graph, memory written to since, an explosion.

    TestEngine = EngineMachine.TestCase         in a test module; pytest runs it
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import autograd, ops
from ..checkpoint import checkpoint
from ..errors import InPlaceError, ReleasedGraphError
from ..grad_mode import mode, no_grad
from ..tensor import Tensor
from . import oracle
from .compare import NumpyArray
from .moves import BINARY, BLOCKS, LARGEST, UNARY, VIEWS, WRITES, Explosion, Hook, explosive, fits
from .optional import st, stateful
from .oracle import Twin, Value


@dataclass(eq=False)
class Pair:
    """A tensor of the engine, its twin in the oracle, and the name that Hypothesis gives them."""

    tensor: Tensor
    twin: Twin
    name: str

    def __repr__(self) -> str:
        return self.name


PAIRS: stateful.Bundle[Pair] = stateful.Bundle("v")


def _of_late(machine: EngineMachine) -> st.SearchStrategy[Pair]:
    """Draw one of the latest pairs or, now and then, any: what is made should soon be used."""
    return st.sampled_from(machine.pairs[:-4:-1]) | st.sampled_from(machine.pairs[::-1])


def _with_history(machine: EngineMachine) -> st.SearchStrategy[Pair]:
    """Draw a pair that a walk can start from, if there is one."""
    return st.sampled_from([p for p in machine.pairs[::-1] if p.twin.value.parents] or machine.pairs)


def _with_memory(machine: EngineMachine) -> st.SearchStrategy[Pair]:
    """Draw a pair that owns its memory and has a history, if there is one: a write to it succeeds."""
    return st.sampled_from([p for p in machine.pairs[::-1] if p.twin.value.parents and p.twin.owns] or machine.pairs)


PAIR = st.runner().flatmap(_of_late)
ROOT = st.runner().flatmap(_with_history)
OWNER = st.runner().flatmap(_with_memory)
MOSTLY = st.sampled_from([True, True, True, False])  # without recording, or with the graph freed, play is soon over


class EngineMachine(stateful.RuleBasedStateMachine):
    """Moves, each made by the engine and by the oracle."""

    def __init__(self) -> None:
        super().__init__()
        self.pairs: list[Pair] = []
        self.hooks: list[tuple[Hook, Value]] = []

    @property
    def twins(self) -> list[Twin]:
        """The oracle's side of the pairs in play."""
        return [pair.twin for pair in self.pairs]

    def keep(self, tensor: Tensor, twin: Twin) -> Any:
        """Add a pair to those in play, unless its numbers are large."""
        if np.abs(twin.array).max(initial=0) > LARGEST:
            return stateful.multiple()
        self.pairs.append(Pair(tensor, twin, f"v_{len(self.pairs)}"))
        return self.pairs[-1]

    def play(
        self, move: Callable[..., Tensor], compute: oracle.Compute, *operands: Pair, recording: bool = True
    ) -> Any:
        """Make an op's move in both engines; minigrad may refuse an operand that was written to since it was made."""
        try:
            with nullcontext() if recording else no_grad():
                tensor = move(*(p.tensor for p in operands))
        except InPlaceError:
            assert any(map(written_to, operands)), "an operand was refused that is as it was made"
            return stateful.multiple()
        return self.keep(tensor, oracle.make(compute, *(p.twin for p in operands), recording=recording))

    @stateful.initialize(target=PAIRS)
    def begin(self) -> Any:
        """Make a leaf and its square: something to walk back from, whatever moves follow."""
        x = self.start((2,), True)
        return stateful.multiple(x, self.combine(x, x, "mul", True))

    @stateful.rule(target=PAIRS, shape=st.sampled_from([(2,), (), (2, 2)]), tracked=st.booleans())
    def start(self, shape: tuple[int, ...], tracked: bool) -> Any:
        """Make a leaf."""
        array = np.resize([0.5, -1.5, 2.0], shape)
        return self.keep(Tensor(array, requires_grad=tracked), oracle.leaf(array, tracked))

    @stateful.rule(target=PAIRS, x=PAIR | OWNER, name=st.sampled_from([*UNARY, *VIEWS]), recording=MOSTLY)
    def apply(self, x: Pair, name: str, recording: bool) -> Any:
        """Apply an op to one value, or look at its memory in another way."""
        f = (UNARY | VIEWS)[name]
        return self.play(lambda a: f(ops, a), lambda a: f(np, a), x, recording=recording or name in UNARY)

    @stateful.rule(target=PAIRS, x=PAIR, y=PAIR, name=st.sampled_from(list(BINARY)), recording=MOSTLY)
    def combine(self, x: Pair, y: Pair, name: str, recording: bool) -> Any:
        """Apply an op to two values, or twice to one."""
        f = BINARY[name]
        recording = recording or name != "add"
        return self.play(lambda a, b: f(ops, a, b), lambda a, b: f(np, a, b), x, y, recording=recording)

    @stateful.rule(target=PAIRS, x=PAIR, y=PAIR, name=st.sampled_from(list(BLOCKS)))
    def checkpoint(self, x: Pair, y: Pair, name: str) -> Any:
        """Compute a block that backward will compute again."""
        f = BLOCKS[name]
        return self.play(lambda a, b: checkpoint(f, ops, a, b), lambda a, b: f(np, a, b), x, y)

    @stateful.rule(target=PAIRS, x=PAIR, how=st.sampled_from(["detach", "mine"]))
    def cut(self, x: Pair, how: str) -> Any:
        """Take the same memory without its history, or lay an op whose rule will raise."""
        if how == "detach":
            return self.keep(x.tensor.detach(), oracle.make(lambda a: a, x.twin, recording=False))
        pair = self.play(explosive, np.array, x)
        if isinstance(pair, Pair):
            pair.twin.value.explodes = pair.twin.tracked
        return pair

    @stateful.rule(x=PAIR | OWNER, y=PAIR, how=st.sampled_from(list(WRITES)), recording=MOSTLY)
    def overwrite(self, x: Pair, y: Pair, how: str, recording: bool) -> None:
        """Write to the memory of x."""
        if not fits(how, x.twin.array, y.twin.array):
            return
        try:
            with nullcontext() if recording else no_grad():
                WRITES[how].engine(x.tensor, y.tensor)
        except InPlaceError:
            sharing = [twin for twin in self.twins if twin.memory is x.twin.memory]
            has_history = recording and (y.twin.tracked or any(twin.tracked for twin in sharing))
            alone = len(sharing) == 1 and x.twin.value.parents
            assert written_to(x) or written_to(y) or (has_history and not alone), "a write was refused without a reason"
            return
        operands, twins = WRITES[how].operands(x.twin, y.twin), self.twins
        oracle.overwrite(x.twin, WRITES[how].value, *operands, recording=recording, twins=twins)

    @stateful.rule(x=PAIR, what=st.sampled_from(["double", "look", "raise", "retain"]))
    def watch(self, x: Pair, what: str) -> None:
        """Hang a hook on a value, which multiplies the gradient, looks or raises; or retain its gradient."""
        if not x.tensor.requires_grad or x.twin.stale:
            return
        if what == "retain":
            x.tensor.retain_grad()
            x.twin.retains = True
        else:
            hook = Hook({"double": 2.0, "look": None, "raise": 0.0}[what])
            x.tensor.register_hook(hook)
            x.twin.value.factors.append(hook.factor or 1.0)
            self.hooks.append((hook, x.twin.value))

    @stateful.rule(x=PAIR, what=st.sampled_from(["zero_grad", "raise"]))
    def disturb(self, x: Pair, what: str) -> None:
        """Forget a gradient, or raise where nothing is recorded."""
        if what == "zero_grad":
            x.tensor.grad = x.twin.grad = None
            return
        try:
            with no_grad():
                x.tensor.tanh()
                raise Explosion
        except Explosion:
            pass

    @stateful.rule(y=ROOT, retain=MOSTLY)
    def backward(self, y: Pair, retain: bool) -> None:
        """Walk back from y."""
        dy = np.resize([1.0, -2.0], y.twin.array.shape)
        reached = y.twin.value.ancestors()
        done = self.walk(y, reached, lambda: y.tensor.backward(Tensor(dy), retain_graph=retain), retain)
        for twin in self.twins if done is not None else []:
            if twin.value in reached and twin.tracked and not twin.value.parents:
                add_gradient(twin, oracle.gradient(y.twin, dy, twin))
        self.note_retained(y, dy, reached, done is not None)

    @stateful.rule(y=ROOT, x=PAIR, retain=MOSTLY)
    def grad(self, y: Pair, x: Pair, retain: bool) -> None:
        """Ask for the gradient of y by x alone: the walk may leave out what does not lead to x."""
        if not x.tensor.requires_grad or x.twin.stale:
            return
        dy = np.resize([1.0, -2.0], y.twin.array.shape)
        needed = {v for v in y.twin.value.ancestors() if x.twin.value in v.ancestors()}
        got = self.walk(
            y, needed,
            lambda: autograd.grad(y.tensor, x.tensor, Tensor(dy), retain_graph=retain, allow_unused=True), retain,
        )  # fmt: skip
        if got is not None:
            expected = oracle.gradient(y.twin, dy, x.twin) if needed else None
            assert same(got[0], expected), f"grad gave {got[0]}, the oracle {expected}"
        self.note_retained(y, dy, needed, got is not None)

    def walk(self, y: Pair, needed: set[Value], move: Callable[[], Any], retain: bool) -> Any:
        """Let the engine walk back from y, over `needed` at least; return None if it stops, with reason."""
        if not y.tensor.requires_grad:
            return None
        reached, result = y.twin.value.ancestors(), None
        try:
            result = move() or ()
        except ReleasedGraphError:
            assert any(v.freed is not False for v in reached), "a graph was called freed that is not"
        except InPlaceError:
            overwritten = any(m.writes > n for v in reached for m, n in v.saved)
            assert overwritten or y.twin.stale, "a value was called overwritten that is not"
        except Explosion:
            assert any(self.explodes(v) for v in reached), "an explosion out of nothing"
        else:
            assert not y.twin.stale, "a walk from a view whose history is out of date"
            assert not any(v.freed or self.explodes(v) for v in needed), "the walk should have failed"
        for value in reached if not retain else []:
            if value.parents and not value.freed:
                value.freed = True if result is not None and value in needed else None
        for hook, value in self.hooks:
            hook.count(sure=result is not None and value in needed, possible=value in reached)
        return result

    def explodes(self, value: Value) -> bool:
        """Say whether a walk over the value raises, in its rule or in a hook."""
        return value.explodes or any(hook.factor == 0 for hook, hooked in self.hooks if hooked is value)

    def note_retained(self, y: Pair, dy: NumpyArray, needed: set[Value], done: bool) -> None:
        """Add to the gradients that inner values keep; where the walk may not have come by, take what is there."""
        for pair in self.pairs:
            tensor, twin = pair.tensor, pair.twin
            if twin.retains and twin.value.parents and not twin.stale:
                if done and twin.value in needed:
                    add_gradient(twin, oracle.gradient(y.twin, dy, twin))
                elif twin.value in y.twin.value.ancestors():
                    twin.grad = None if tensor.grad is None else tensor.grad.numpy().copy()

    @stateful.invariant()
    def both_engines_agree(self) -> None:
        """Compare all there is to see."""
        assert mode.recording, "an exception has left recording off"
        for hook, _ in self.hooks:
            assert hook.calls == hook.expected, f"a hook was called {hook.calls} times, not {hook.expected}"
        for pair in self.pairs:
            tensor, twin = pair.tensor, pair.twin
            assert same(tensor, twin.array), f"the engine holds {tensor}, the oracle {twin.array}"
            assert twin.stale or tensor.requires_grad == twin.tracked, "one engine tracks this value"
            assert twin.stale or same(tensor.grad, twin.grad), f"grad is {tensor.grad}, the oracle says {twin.grad}"


def written_to(p: Pair) -> bool:
    """Say whether the memory of a value was written to since the value was made."""
    return p.twin.memory.writes > p.twin.born


def add_gradient(twin: Twin, dx: NumpyArray) -> None:
    """Add to the gradient that the oracle expects."""
    twin.grad = dx if twin.grad is None else twin.grad + dx


def same(tensor: Tensor | None, array: NumpyArray | None) -> bool:
    """Say whether the two engines hold the same."""
    if tensor is None or array is None:
        return tensor is None and array is None
    return tensor.shape == array.shape and np.allclose(tensor.numpy(), array, rtol=1e-8, atol=1e-9)
