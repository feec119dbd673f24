"""The player finds nothing wrong with the engine, and finds each bug that is planted in it."""

from importlib import import_module

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from minigrad import autograd, grad_mode
from minigrad.ops import inplace
from minigrad.testing.machine import EngineMachine
from tests.testing.planting import plant

checkpoint = import_module("minigrad.checkpoint")  # the function has taken the name of the module

TestEngine = EngineMachine.TestCase
TestEngine.settings = settings(max_examples=60, stateful_step_count=30)

# Where the bug goes: module, function, the line as it is, and as it should not be.
BUGS = {
    "= for += where paths meet": (autograd, "_follow", "pending[x] = pending[x] + dx", "pending[x] = dx"),
    "= for += in .grad": (autograd, "backward", "leaf.grad = leaf.grad + dx", "leaf.grad = dx"),
    "inner gradients are not reset": (
        autograd, "_follow", "dy = pending.pop(y)", "dy = y.kept = pending.pop(y) + getattr(y, 'kept', pending.get(y, 0.0))",
    ),
    "the walk takes the earliest first": (
        autograd, "_follow", ("(-y.order, y) for", "(-x.order, x))"), ("(y.order, y) for", "(x.order, x))"),
    ),
    "a walk that fails leaves recording off": (autograd, "walk", "finally:", "except KeyboardInterrupt:"),
    "a hook runs twice": (autograd, "_run_hooks", "for hook in y.hooks:", "for hook in y.hooks * 2:"),
    "a hook is asked twice": (autograd, "_run_hooks", "replaced = hook(dy)", "replaced = (hook(dy), hook(dy))[0]"),
    "what a hook returns is ignored": (autograd, "_run_hooks", "dy = dy if replaced is None else replaced", "pass"),
    "a leaf's hook does not run": (autograd, "walk", "if x.hooks and not x.edges", "if False"),
    "a stale view is used": (autograd, "check_fresh", "raise", "return\n            raise"),
    "a walk starts from a stale view": (autograd, "_seed", 'check_fresh("backward", y)', "pass"),
    "a saved value is overwritten unseen": (autograd, "check_saved", "> since", "> since + 10**9"),
    "the graph is freed though it is retained": (autograd, "_follow", "if not retain_graph:", "if True:"),
    "the graph is never freed": (autograd, "_follow", "if not retain_graph:", "if False:"),
    "no_grad records": (grad_mode.grad_mode, "__enter__", "mode.recording = self.recording and not mode.inference", "pass"),
    "no_grad is left for good by an exception": (grad_mode.grad_mode, "__exit__", "mode.recording,", "if _[0] is None: mode.recording,"),
    "a checkpoint replays without recording": (checkpoint._Replay, "__iter__", "with enable_grad():", "with minigrad.no_grad():"),
    "an overwrite keeps the old history": (inplace, "rebase", "x.edges = tuple", "_ = tuple"),
    "retain_grad keeps the last gradient only": (autograd, "_run_hooks", "else y.grad + dy", "else dy"),
    "grad returns what the walk did not reach as zeros": (autograd, "grad", "tuple(found.get(x) for", "tuple(found.get(x, x * 0) for"),
}  # fmt: skip


@pytest.mark.parametrize("bug", BUGS)
def test_the_player_finds_a_planted_bug(bug, monkeypatch):
    plant(monkeypatch, *BUGS[bug])
    quick = settings(
        max_examples=1000, stateful_step_count=30, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck), print_blob=False,
    )  # fmt: skip
    try:
        with pytest.raises(Exception) as error:
            run_state_machine_as_test(EngineMachine, settings=quick)
        assert not isinstance(error.value, (NameError, SyntaxError)), "the bug was not planted well"
    finally:
        grad_mode.mode.recording = True
