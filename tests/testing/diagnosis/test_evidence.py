"""The evidence knows what fits, what each output contributes, and how to try the function elsewhere."""

import numpy as np

from minigrad.testing.adapters.choose import subject_for
from minigrad.testing.comparison import Comparisons
from minigrad.testing.diagnosis.evidence import Evidence, evidence_of
from minigrad.testing.point import Point
from minigrad.testing.settings import Settings

X = np.random.default_rng(0).normal(size=(2, 3))
V = np.array([[1.0, -2.0, 3.0], [2.0, 1.0, -1.0]])


def evidence(pair, *inputs, which=0, cotangent=V):
    point = Point(subject_for("gradcheck", pair, inputs), [np.array(x) for x in inputs], cotangent)
    comparisons = Comparisons(point, Settings())
    return evidence_of(point, comparisons, comparisons.compare(which))


WRONG = (lambda x: x**2, lambda dy, x: 2.5 * dy * x)


def test_it_holds_the_wrong_gradient_and_the_right_one():
    e = evidence(WRONG, X)
    np.testing.assert_allclose(e.got, 2.5 * V * X)
    np.testing.assert_allclose(e.right, 2 * V * X, rtol=1e-8)
    assert e.name == "x" and e.telling == 6 and e.y.shape == (2, 3)


def test_what_agrees_to_tolerance_fits_and_other_shapes_do_not():
    e = evidence(WRONG, X)
    assert e.fits(2 * V * X) and e.fits(e.got, 2.5 * V * X) and not e.fits(e.got) and not e.fits((2 * V * X)[0])
    assert not e.fits(np.full((2, 3), np.nan))


def test_elements_that_are_zero_in_both_tell_nothing():
    assert evidence((lambda x: x**2, lambda dy, x: 3 * dy * x), np.array([0.0, 1.0, 0.0]), cotangent=np.array([1.0, 2.0, 3.0])).telling == 1


def test_the_pieces_are_what_each_output_contributes():
    e = evidence((lambda x: x[[0, 1, 1]], lambda dy, x: dy[:2]), np.array([1.0, 5.0]), cotangent=np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(e.pieces, [[1, 0, 0], [0, 2, 3]], atol=1e-9)


def test_pushing_is_the_matrix_times_a_direction():
    w = np.random.default_rng(1).normal(size=(3, 3))
    e = evidence((lambda x: x @ w, lambda dy, x: dy), X)
    np.testing.assert_allclose(e.push(V), (V @ w).reshape(-1), rtol=1e-8)


def test_pulling_asks_backward_again():
    e = evidence(WRONG, X)
    np.testing.assert_allclose(e.pull([2 * V]), 5 * V * X)
    assert evidence((lambda x: x**2, lambda dy, x: 0 * dy if dy[0, 0] == 1 else 1 / 0), X).pull([2 * V]) is None


def test_the_function_can_be_tried_elsewhere():
    e = evidence((lambda x: x**2 + x, lambda dy, x: dy * np.where(x < 0, 0, 2 * x + 1)), X)
    assert e.right_at([np.abs(X)]) and not e.right_at([-np.abs(X)]) and not e.right_at(cotangents=[np.ones((2, 3))])
    only_here = (lambda x: x**2 if np.array_equal(x, X) else 1 / 0, lambda dy, x: dy)
    assert not Evidence(Point(subject_for("g", only_here, [X]), [X]), Settings(), 0, X, X, X).right_at([X + 1])


def test_a_large_or_infinite_gradient_is_no_evidence():
    assert evidence((lambda x: x * 2, lambda dy, x: dy * np.inf), X) is None
    big = np.ones(2000)
    assert evidence((lambda x: x * 2, lambda dy, x: dy), big, cotangent=big + np.arange(2000.0)) is None
