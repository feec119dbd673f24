"""Random programs run on the engine, on NumPy, and as the text they print."""

import numpy as np
import pytest
from hypothesis import given, settings

from minigrad import autograd
from minigrad.testing.program import OPS
from minigrad.testing.strategies import programs
from tests.testing.planting import plant
from tests.testing.strategies.seen import comes_up, smallest


@settings(max_examples=300)
@given(programs())
def test_the_gradients_of_any_program_are_the_slopes_of_its_value(program):
    for got, expected in zip(program.gradients(), program.true_gradients(), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)


def used(program):
    return [i for step in program.steps for i in step.inputs]


PATTERNS = {
    "a value used twice": lambda p: len(set(used(p))) < len(used(p)),
    "an input used by no step": lambda p: 0 not in used(p) and len(p.inputs) > 1,
    "a value used by no step": lambda p: len(p.steps) > 2 and len(p.inputs) not in used(p),
    "inputs of different shapes": lambda p: len({x.shape for x in p.inputs}) > 1,
    "a detached value used": lambda p: any(s.op == "detach" and len(p.inputs) + i in used(p) for i, s in enumerate(p.steps)),
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_of_reuse_comes_up(pattern):
    assert comes_up(programs(), PATTERNS[pattern])


@pytest.mark.parametrize("name", OPS)
def test_every_op_comes_up(name):
    assert comes_up(programs(), lambda p: any(step.op == name for step in p.steps), 500)


def test_a_planted_bug_is_shown_by_the_shortest_program_that_has_it(monkeypatch):
    plant(monkeypatch, autograd, "_follow", "pending[x] = pending[x] + dx", "pending[x] = dx")

    def is_wrong(program):
        return not all(map(np.allclose, program.gradients(), program.true_gradients()))

    program = smallest(programs(), is_wrong)
    assert len(program.steps) == 1 and set(program.steps[0].inputs) == {0}


def test_only_the_ops_asked_for_come_up():
    assert not comes_up(programs(names=("add", "tanh")), lambda p: any(s.op not in ("add", "tanh") for s in p.steps), 100)


def test_a_failing_program_shrinks_to_the_fewest_steps():
    program = smallest(programs(), lambda p: any(s.op == "mul" and s.inputs[0] == s.inputs[1] for s in p.steps), 1000)
    assert len(program.steps) == 1 and len(program.inputs) == 1 and program.inputs[0].size == 1
