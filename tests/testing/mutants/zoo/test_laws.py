from minigrad.testing.mutants import load
from tests.testing.mutants.promises import LAWS


def test_every_law_kills_some_mutant_of_the_zoo():
    assert {m.law for m in load()} == LAWS


def test_the_zoo_has_more_than_a_hundred_mutants_of_both_kinds():
    kinds = [m.kind for m in load()]
    assert len(kinds) > 100 and min(kinds.count("rule"), kinds.count("engine")) > 50


def test_no_two_mutants_are_the_same_mistake():
    mistakes = [(m.where, m.old, m.new) for m in load()]
    assert len(set(mistakes)) == len(mistakes)
