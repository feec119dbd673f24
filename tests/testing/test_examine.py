"""A check asks its questions in order, and the first bad answer ends it."""

import numpy as np
import pytest

from minigrad.testing.adapters.choose import subject_for
from minigrad.testing.examine import examine
from minigrad.testing.flaws import Flaw
from minigrad.testing.settings import Settings

X = np.random.default_rng(0).normal(size=(2, 3))


def report_on(f, *inputs, after=None, **options):
    return examine(subject_for("gradcheck", f, inputs), Settings(**options), after)


def test_a_right_function_gets_a_report_of_what_was_covered():
    report = report_on((np.exp, lambda dy, x: dy * np.exp(x)), X)
    assert report and len(report.covered) == 1
    assert report.covered[0].looked_at == 6 and report.covered[0].error < 1e-8 and report.outputs == [(2, 3)]
    np.testing.assert_array_equal(report.inputs[0], X)


def into_dy(dy, x):
    dy[...] = 0
    return dy[0]


def test_memory_comes_before_shapes_and_shapes_before_values():
    assert report_on((lambda x: 2 * x, into_dy), X).kind == "mutation"
    assert report_on((lambda x: 2 * x, into_dy), X, ownership=False).kind == "shape"
    assert report_on((lambda x: 2 * x, lambda dy, x: 3 * dy[0]), X).kind == "shape"
    assert report_on((lambda x: 2 * x, lambda dy, x: 3 * dy), X).kind == "value"


def test_the_worst_input_is_the_one_that_is_told_and_the_others_are_listed():
    pair = (lambda a, b, c: a + b + c, lambda dy, a, b, c: (1.5 * dy, 1 * dy, 7 * dy))
    report = report_on(pair, X, X + 1, X + 2)
    assert report.entries[0].name == "c" and report.notes == ["wrong: a, c"] and [c.wrong for c in report.covered] == [6, 0, 6]


def test_tied_elements_are_told_together():
    report = report_on((lambda a: a.max(), lambda dy, x: dy * (x == x.max())), np.array([1.0, 1.0, 0.0]), cotangent=np.array(2.0))
    assert report.sentence == "2 equal elements of a moved together: their gradients add up to 4, differences say 2 ± 2.0e-06"
    report = report_on((lambda a, b: np.maximum(a, b), lambda dy, a, b: (dy * 1, dy * 1)), np.ones(1), np.ones(1), cotangent=np.array([2.0]))
    assert "2 equal elements of a and b moved together" in report.sentence


def test_a_further_question_may_be_asked_at_the_end():
    asked = []
    assert report_on((np.exp, lambda dy, x: dy * np.exp(x)), X, after=asked.append) and len(asked) == 1

    def refuse(check):
        raise Flaw("symmetry", "no")

    report = report_on((np.exp, lambda dy, x: dy * np.exp(x)), X, after=refuse)
    assert not report and report.kind == "symmetry" and report.covered[0].looked_at == 6


def test_the_precision_of_the_function_is_noted():
    report = report_on((lambda x: np.exp(x.astype("f4")).astype(float), lambda dy, x: dy * np.exp(x)), X)
    assert report and "coarser than float64" in report.notes[0]


@pytest.mark.parametrize("zero, kind", [("alarm", "vacuous"), ("expected", ""), ("allowed", "")])
def test_slopes_that_are_all_zero_are_as_wanted(zero, kind):
    assert report_on((np.floor, lambda dy, x: 0 * dy), X, zero=zero).kind == kind


def test_only_slopes_that_were_compared_count_for_the_alarm():
    """At whole numbers a floor jumps: nothing can be said, and nothing is alarming."""
    assert report_on((np.floor, lambda dy, x: 0 * dy), np.ones(2))
