"""Experiments decide what the numbers alone leave open. (test_verdict.py plants the mistakes.)"""

import numpy as np
import pytest

from minigrad.testing.adapters.choose import subject_for
from minigrad.testing.comparison import Comparisons
from minigrad.testing.diagnosis import experiments
from minigrad.testing.diagnosis.evidence import evidence_of
from minigrad.testing.point import Point
from minigrad.testing.settings import Settings

X = np.random.default_rng(0).normal(size=(3, 3))
EXPERIMENTS = [experiments.ignores_dy, experiments.not_the_adjoint, experiments.duplicates, experiments.overwrites,
               experiments.ignored_outputs, experiments.ties, experiments.constant_cotangent]  # fmt: skip


def evidence(pair, *inputs):
    point = Point(subject_for("gradcheck", pair, inputs), [np.array(x) for x in inputs])
    comparisons = Comparisons(point, Settings())
    return evidence_of(point, comparisons, comparisons.compare(0))


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_a_plainly_wrong_formula_passes_every_experiment_unexplained(experiment):
    assert experiment(evidence((np.exp, lambda dy, x: dy * np.cos(x)), X)) is None


def test_indices_are_spread_only_where_there_is_room():
    pick = (lambda x, i: x[i], lambda dy, x, i: np.concatenate([dy, np.zeros(8)])[: x.size])
    assert experiments.duplicates(evidence(pick, np.arange(5.0), np.array([0, 0]))) is None  # still wrong when distinct


def test_an_element_that_is_used_once_and_wrong_was_not_overwritten():
    pair = (lambda x: x[[0, 1, 1]], lambda dy, x: np.array([2 * dy[0], dy[2]]))
    assert experiments.overwrites(evidence(pair, np.array([1.0, 2.0]))) is None


@pytest.mark.parametrize("kept, word", [(-1, "last"), (0, "first")])
def test_the_contribution_that_was_kept_is_named(kept, word):
    pair = (lambda x: np.array([x[0], 3 * x[0], 7 * x[0], x[1]]), lambda dy, x: np.array([[dy[0], 7 * dy[2]][kept], dy[3]]))
    guess = experiments.overwrites(evidence(pair, np.array([1.0, 2.0])))
    assert guess.code == "overwrites" and f"the {word} contribution" in guess.sentence


def test_a_matrix_is_told_from_a_permutation():
    w = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0], [3.0, 0.0, 1.0]])
    assert experiments.not_the_adjoint(evidence((lambda x: w @ x, lambda dy, x: w @ dy), X)).code == "not-transposed"
    p = np.eye(3)[[1, 2, 0]]
    assert experiments.not_the_adjoint(evidence((lambda x: p @ x, lambda dy, x: p @ dy), X)).code == "inverse-permutation"


def test_values_without_ties_or_zeros_are_not_moved():
    assert experiments.ties(evidence((np.exp, lambda dy, x: dy * np.exp(x) * (1 if x[0, 0] != X[0, 0] else 2)), X)) is None


def test_a_single_output_is_always_a_constant_cotangent():
    assert experiments.constant_cotangent(evidence((np.sum, lambda dy, x: 2 * dy * np.ones_like(x)), X)) is None


def padded_sum(x):
    """Return the sums over windows of three, with a zero on either side."""
    p = np.pad(x, 1)
    return sum(np.roll(np.roll(p, r, 0), s, 1) for r in (-1, 0, 1) for s in (-1, 0, 1))[1:-1, 1:-1]


def test_outputs_at_the_edge_that_send_nothing_back_are_counted():
    inner = np.pad(np.ones((2, 3)), 1)
    guess = experiments.ignored_outputs(evidence((padded_sum, lambda dy, x: padded_sum(dy * inner)), np.ones((4, 5))))
    assert guess.code == "ignored-outputs" and guess.sentence.startswith("14 of 20 outputs send nothing back, those at the edge")


def test_outputs_here_and_there_that_send_nothing_back_are_not_called_an_edge():
    some = np.array([1.0, 0.0, 1.0, 0.0, 1.0, 1.0])
    guess = experiments.ignored_outputs(evidence((np.exp, lambda dy, x: dy * some * np.exp(x)), np.arange(6.0)))
    assert guess.sentence.startswith("2 of 6 outputs send nothing back:")


def test_silent_outputs_are_no_explanation_if_the_others_are_wrong_too():
    some = np.array([1.0, 0.0, 1.0])
    assert experiments.ignored_outputs(evidence((np.exp, lambda dy, x: dy * some * np.cos(x)), np.arange(3.0))) is None
