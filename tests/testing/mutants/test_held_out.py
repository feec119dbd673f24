"""The held-out mistakes are alive, and keep their promises."""

from minigrad.testing.mutants import load
from tests.testing.mutants.promises import *

MUTANTS = load("minigrad.testing.mutants.held_out")


def pytest_generate_tests(metafunc):
    if "mutant" in metafunc.fixturenames:
        metafunc.parametrize("mutant", MUTANTS, ids=[m.name for m in MUTANTS])


def test_there_are_thirty_or_more_and_none_is_in_the_zoo():
    assert len(MUTANTS) >= 30
    assert not {(m.where, m.old, m.new) for m in MUTANTS} & {(m.where, m.old, m.new) for m in load()}
