"""The smallest example: shorter axes, rounder values, one output; still failing in the same way."""

import numpy as np
import pytest

from minigrad.testing import gradcheck, smallest
from minigrad.testing.diagnosis.shrink import emptier, rounder, shorter
from tests.testing.specimens import SPECIMENS, report_on

RNG = np.random.default_rng(0)
STUBBORN = {"a mask drawn anew", "dropout drawn twice", "another mask, always the same", "permutation", "permutation, other sizes",
            "reshape by columns", "duplicate indices"}  # of a fixed shape, or with three axes, or with an index beside  # fmt: skip


@pytest.mark.parametrize("name, pair, inputs, code", SPECIMENS, ids=[row[0] for row in SPECIMENS])
def test_a_planted_mistake_shrinks_to_four_elements(name, pair, inputs, code):
    before = report_on(name)
    found = before.smallest()
    assert not found and found.kind == before.kind
    if name not in STUBBORN:
        assert max(np.size(a) for a in found.inputs if isinstance(a, np.ndarray)) <= 4
    again = gradcheck(pair, *found.inputs, raise_exception=False, cotangent=found.cotangent)
    assert not again and again.kind == found.kind


def test_values_become_round_or_zero():
    found = smallest((lambda x: x**2, lambda dy, x: 3 * dy * x), RNG.normal(size=(4, 4)))
    x = found.inputs[0]
    assert x.size == 2 and np.array_equal(4 * x, np.round(4 * x))  # one alone is no evidence for 3/2


def test_one_output_is_singled_out():
    pair = (lambda x: np.r_[x[0], 2 * x[1]], lambda dy, x: np.array([dy[0], 3 * dy[1]]))
    found = smallest(pair, np.array([0.3, 0.4]))
    assert found.cotangent[0].tolist() == [0, 2]


def test_indices_follow_when_what_they_index_is_cut():
    def put(dy, x, i):
        dx = np.zeros_like(x)
        dx[i] = dy
        return dx

    found = smallest((lambda x, i: x[i], put), RNG.normal(size=(6, 3)), np.array([5, 2, 5, 4]))
    assert found.inputs[1].size == 2 and found.inputs[0].size <= 4 and found.diagnosis[0] == "duplicate-indices"


def test_shapes_that_the_function_refuses_are_kept():
    def forward(x):
        assert x.shape == (3, 4)
        return 2 * x

    assert smallest((forward, lambda dy, x: 3 * dy), RNG.normal(size=(3, 4))).inputs[0].shape == (3, 4)


def test_another_failure_is_not_the_same():
    """At length 1 this backward has the wrong shape; the example must stay one with a wrong value."""
    pair = (lambda x: 2 * x, lambda dy, x: 3 * dy if len(x) > 1 else np.zeros(2))
    found = smallest(pair, RNG.normal(size=5))
    assert found.kind == "value" and found.inputs[0].shape == (2,)


def test_time_is_limited():
    report = gradcheck((lambda x: 2 * x, lambda dy, x: 3 * dy), RNG.normal(size=5), raise_exception=False)
    assert report.smallest(seconds=0).inputs[0].shape == (5,)


def test_axes_of_one_length_are_cut_together_first():
    x, w = np.ones((2, 5)), np.ones((5, 3))
    first = next(shorter([x, w, "option"]))
    assert first[0].shape == (2, 1) and first[1].shape == (1, 3) and first[2] == "option"
    assert all(min(a.shape) >= 1 for candidate in shorter([x, w]) for a in candidate)


def test_rounder_values_come_before_exact_ones_and_nothing_is_offered_twice():
    x = np.array([0.3, -1.26])
    assert [r.tolist() for r in rounder(x)] == [[0, -1], [0.25, -1.25], [0.296875, -1.265625]]
    assert list(rounder(np.array([1.0, -2.0]))) == []
    assert [e.tolist() for e in emptier(np.array([0.0, 5.0, 7.0]))] == [[0, 0, 7], [0, 5, 0]]
