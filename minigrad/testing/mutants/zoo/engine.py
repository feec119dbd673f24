"""Mistakes in the engine: the walk, the clock of overwrites, modes, recomputation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .... import ops
from ....autograd import grad, record
from ....checkpoint import checkpoint
from ....grad_mode import enable_grad, inference_mode, no_grad
from ....optim import SGD
from ....random import default_generator
from ....tensor import Tensor
from ..example import Probe, attempt
from ..mutant import Mutant
from . import laws

_GAUNTLET = ("tests/test_gauntlet.py",)


def _leaf(*values: float, dtype: str = "float64") -> Tensor:
    return Tensor(np.array(values, dtype), requires_grad=True)


def _backward(y: Tensor, x: Tensor) -> Any:
    y.backward()
    return x.grad


def _diamond() -> Any:
    x = _leaf(2.0, 3.0)
    a = x * x
    (a * x.exp() + a.sin() * a).sum().backward()
    return x.grad


def _twice(**options: Any) -> Any:
    """Walk the same graph twice."""
    x = _leaf(3.0)
    y = (x * x).sum()
    y.backward(**options)
    first = x.grad.clone()  # type: ignore[union-attr]
    return first, attempt(lambda: _backward(y, x))


def _from_a_vector() -> Any:
    x = _leaf(1.0, 2.0)
    (x * x).backward(Tensor([10.0, 100.0], dtype="float64"))
    return x.grad


def _after(change: Callable[[Any, Any], Any], f: Callable[[Any], Any] = lambda x: x * x) -> Any:
    """Change something between forward and backward."""
    x = _leaf(1.0, 2.0)
    y = f(x)
    change(x, y)
    return attempt(lambda: _backward(y.sum(), x))


def _overwrite(x: Any, _: Any) -> None:
    x.data[0] = 5.0


def _overwrite_result(_: Any, y: Any) -> None:
    y.data[0] = 5.0


def _hooked() -> Any:
    x = _leaf(1.0, 2.0)
    y = x * 2
    y.register_hook(lambda dy: dy * 10)
    y.sum().backward()
    return x.grad


def _two_leaves() -> Any:
    """Return one gradient after the other one was written to."""
    x, y = _leaf(1.0, 2.0), _leaf(3.0, 4.0)
    (x + y).backward(Tensor(np.ones(2)))
    x.grad.mul_(100)  # type: ignore[union-attr]
    return y.grad


def _accumulated() -> Any:
    x = _leaf(1.0)
    for _ in range(3):
        (x * 2).sum().backward()
    return x.grad


def _narrow() -> Any:
    x = _leaf(1.0, 2.0, dtype="float32")
    return _backward(record("scaled", x.to("float64").array, (x, lambda dy, _: dy)).sum(), x)


def _stepped() -> Any:
    x = _leaf(1.0, 2.0)
    (x * 3).sum().backward()
    y = (x * x).sum()
    SGD([x], lr=0.5).step()
    return attempt(lambda: _backward(y, x))


def _overwritten_history() -> Any:
    x = _leaf(1.0, 2.0)
    a = x * 3
    b = a * 2
    a.mul_(5)
    return attempt(lambda: grad((a + b).sum(), x)[0])


def _view_of_changed() -> Any:
    x = _leaf(1.0, 2.0)
    a = x * 1
    view = a[:1]
    a.mul_(x)
    return attempt(lambda: grad((view * 2).sum(), x)[0])


def _written_through_view() -> Any:
    def write(x: Any, y: Any) -> None:
        with no_grad():
            x[:1].fill_(9.0)

    return _after(write)


def _raised() -> Any:
    with no_grad():
        attempt(lambda: _fail_in(enable_grad()))
        return (_leaf(1.0) * 2).requires_grad


def _fail_in(block: Any) -> None:
    with block:
        raise ValueError("a mistake of the user's")


def _inference() -> Any:
    with inference_mode(), enable_grad():
        return (_leaf(1.0) * 2).requires_grad


def _second() -> Any:
    x = _leaf(2.0)
    (g,) = grad((x**3).sum(), x, create_graph=True)
    return attempt(lambda: grad(g.sum(), x)[0])  # type: ignore[union-attr]


def _checkpointed(after: bool = False) -> Any:
    """Return the gradient through a block that draws numbers, or what is drawn after it."""
    before = default_generator.get_state()
    try:
        x = Tensor(np.arange(1.0, 9.0), requires_grad=True)
        y = checkpoint(lambda x: ops.dropout(x * x, 0.5), x)
        default_generator.uniform((100,))
        y.sum().backward()
        return default_generator.get_state() if after else (y, x.grad)
    finally:
        default_generator.set_state(before)


MUTANTS = [
    Mutant(
        "walk-keeps-last", "the walk", "minigrad.autograd:_follow",
        "pending[x] = pending[x] + dx", "pending[x] = dx",
        "= for +=: every second path is lost, nn-zero-to-hero#52, tinygrad's first tensor.py",
        laws.ACCUMULATION, Probe(_diamond), _GAUNTLET,
    ),
    Mutant(
        "walk-out-of-order", "the walk", "minigrad.autograd:_follow",
        "heappush(frontier, (-x.order, x))", "heappush(frontier, (x.order, x))",
        "a value passed on before all its gradients have come in: PyNorch#90, micrograd#34",
        laws.ACCUMULATION, Probe(_diamond), _GAUNTLET,
    ),
    Mutant(
        "leaf-replaced", "the walk", "minigrad.autograd:backward",
        "leaf.grad = leaf.grad + dx", "leaf.grad = dx",
        "a second backward replaces the gradient of the first: ml-by-hand gives 6 for 12",
        laws.ACCUMULATION, Probe(_accumulated), _GAUNTLET,
    ),
    Mutant(
        "leaves-share-memory", "the walk", "minigrad.autograd:backward",
        "leaf.grad = dx.clone() if shared else dx", "leaf.grad = dx",
        "one array for the gradients of both operands of a sum: clip one, and the other shrinks",
        laws.OWNERSHIP, Probe(_two_leaves),
    ),
    Mutant(
        "seed-is-the-loss", "the walk", "minigrad.autograd:_seed",
        "return constant(array_module(y.array).ones_like(y.array))", "return constant(y.array)",
        "dL/dL taken to be L",
        laws.CONTRACT, Probe(_diamond), _GAUNTLET,
    ),
    Mutant(
        "cotangent-ignored", "the walk", "minigrad.autograd:_seed",
        "return gradient.to(y.array.dtype)", "return constant(np.ones_like(y.array))",
        "ones in place of what was passed in: dlsyscourse/hw1#15",
        laws.COTANGENT, Probe(_from_a_vector),
    ),
    Mutant(
        "graph-never-freed", "the walk", "minigrad.autograd:_follow",
        "if not retain_graph:", "if retain_graph is None:",
        "a list of losses keeps every graph alive: horovod#641, neuromancer#292",
        laws.CONTRACT, Probe(_twice), _GAUNTLET,
    ),
    Mutant(
        "graph-freed-although-kept", "the walk", "minigrad.autograd:backward",
        "keep = create_graph if retain_graph is None else retain_graph", "keep = create_graph",
        "retain_graph=True that retains nothing",
        laws.CONTRACT, Probe(lambda: _twice(retain_graph=True)), _GAUNTLET,
    ),
    Mutant(
        "hook-result-dropped", "the walk", "minigrad.autograd:_run_hooks",
        "dy = dy if replaced is None else replaced", "dy = dy",
        "a hook may look, and what it returns is lost",
        laws.CONTRACT, Probe(_hooked),
    ),
    Mutant(
        "gradient-widened", "dtypes", "minigrad.autograd:_conform",
        "return dx.to(x.array.dtype)", "return dx",
        "float64 gradients for float32 weights: dlsyscourse/hw1#20, HIPS/autograd#163",
        laws.DTYPES, Probe(_narrow), _GAUNTLET,
    ),
    Mutant(
        "second-graph-lost", "second order", "minigrad.autograd:walk",
        "mode.recording, create_graph", "mode.recording, False",
        "create_graph that creates nothing: the second derivative is an error at best",
        laws.SECOND, Probe(_second),
    ),
    Mutant(
        "overwrites-unchecked", "overwrites", "minigrad.autograd:_follow",
        "if clock.last_overwrite > order:", "if clock.last_overwrite < 0:",
        "no version counter: eight of ten peers give a wrong number without a word",
        laws.OVERWRITES, Probe(lambda: _after(_overwrite)), _GAUNTLET,
    ),
    Mutant(
        "result-unchecked", "overwrites", "minigrad.overwrites:check_saved",
        'if code is None or "_" not in code.co_varnames[1:2]:', "if code is None:",
        "inputs are watched and the saved output is not: exp, softmax, sigmoid",
        laws.OVERWRITES, Probe(lambda: _after(_overwrite_result, lambda x: x.exp())),
    ),
    Mutant(
        "view-unconnected", "overwrites", "minigrad.autograd:record_view",
        "share_memory(y, x)", "pass",
        "a write through a slice goes unseen",
        laws.OVERWRITES, Probe(_written_through_view), ("tests/test_overwrites.py",),
    ),
    Mutant(
        "stale-view-used", "overwrites", "minigrad.overwrites:check_fresh",
        "x.buffer.rebased > x.order", "x.buffer.rebased < 0",
        "a view with the history that its memory no longer has",
        laws.OVERWRITES, Probe(_view_of_changed),
    ),
    Mutant(
        "earlier-self-forgotten", "overwrites", "minigrad.autograd:_follow",
        "while x.order > order and x.earlier is not None:", "while False and x.earlier is not None:",
        "an op before the overwrite is handed the gradient of the value after it",
        laws.ACCUMULATION, Probe(_overwritten_history), ("tests/test_overwrites.py", "tests/ops/test_inplace.py"),
    ),
    Mutant(
        "step-unnoticed", "overwrites", "minigrad.optim.optimizer:Optimizer.step",
        "note_overwrite(p, place)", "pass",
        "an optimizer's step between forward and backward: pytorch/pytorch#9391",
        laws.OVERWRITES, Probe(_stepped),
    ),
    Mutant(
        "mode-lost-by-exception", "modes", "minigrad.grad_mode:grad_mode.__exit__",
        "mode.recording, mode.inference = self.before.pop()",
        "mode.recording, mode.inference = self.before.pop() if _[0] is None else (True, False)",
        "one exception, and everything after it is recorded: PyDyNet's tape fails for good",
        laws.TRACES, Probe(_raised),
    ),
    Mutant(
        "inference-mode-leaks", "modes", "minigrad.grad_mode:grad_mode.__enter__",
        "mode.recording = self.recording and not mode.inference", "mode.recording = self.recording",
        "enable_grad inside inference_mode records",
        laws.TRACES, Probe(_inference),
    ),
    Mutant(
        "checkpoint-redraws", "recomputation", "minigrad.checkpoint:_Replay.__iter__",
        "default_generator.set_state(self.random)", "default_generator.set_state(now)",
        "the block is run again with new random numbers: openai/guided-diffusion#167",
        laws.RANDOMNESS, Probe(_checkpointed),
    ),
    Mutant(
        "checkpoint-rewinds", "recomputation", "minigrad.checkpoint:_Replay.__iter__",
        "default_generator.set_state(now)", "pass",
        "the random stream stays where the recomputation left it: numbers are drawn twice",
        laws.RANDOMNESS, Probe(lambda: _checkpointed(after=True)),
    ),
    Mutant(
        "detach-copies", "overwrites", "minigrad.ops.convert:detach",
        "share_memory(y, x)", "pass",
        "a write through .data that nobody sees, as PyTorch's",
        laws.OVERWRITES, Probe(lambda: _after(_overwrite)), ("tests/test_overwrites.py", *_GAUNTLET),
    ),
]  # fmt: skip
