"""Slopes are compared to a tolerance that measures itself (rule 4)."""

import numpy as np
import pytest

from minigrad.testing.directions import coordinates
from minigrad.testing.measure import measure
from minigrad.testing.numeric import Lines
from minigrad.testing.settings import Settings


def measured(f, x, claimed, **options):
    x = np.asarray(x, float)
    y = np.asarray(f(x), float).reshape(-1)
    lines = Lines(lambda xs: np.asarray(f(xs[0]), float).reshape(-1), [x], y, np.ones(y.size))
    return measure(lines, coordinates(0, x.size), np.asarray(claimed, float).reshape(-1), Settings(**options))


X = np.array([0.3, -1.2, 2.5])


def test_right_slopes_agree_and_wrong_ones_do_not():
    right = measured(np.exp, X, np.exp(X))
    assert not right.wrong.any() and not right.kinked.any() and not right.skipped.any()
    wrong = measured(np.exp, X, np.exp(X) * [1, 1.0001, 1])
    assert wrong.wrong.tolist() == [False, True, False] and wrong.excess[1] > 2 and wrong.excess[0] == 0


@pytest.mark.parametrize("f, slope", [(lambda x: np.sin(300 * x), lambda x: 300 * np.cos(300 * x)), (lambda x: 1e-9 * x**2, lambda x: 2e-9 * x),
                                      (lambda x: 1e9 + x, lambda x: x * 0 + 1), (lambda x: np.cbrt(x - 0.2999), lambda x: 1 / (3 * np.cbrt(x - 0.2999) ** 2))])  # fmt: skip
def test_the_step_shrinks_until_the_differences_settle(f, slope):
    assert not measured(f, X, slope(X)).wrong.any()
    if slope(X)[0] != 1:  # beside 1e9 a slope of 1 is known to 4 digits
        assert measured(f, X, slope(X) * 1.01).wrong.all()


def test_small_gradients_are_held_to_their_own_size():
    assert measured(lambda x: 1e-12 * x**2, X, 2e-12 * X * 1.001).wrong.all()


def test_a_number_for_atol_replaces_the_measured_tolerance():
    off = np.exp(X) + 0.5e-3
    assert measured(np.exp, X, off).wrong.all()
    assert not measured(np.exp, X, off, atol=1e-3, rtol=0).wrong.any()
    assert measured(np.exp, X, off, atol=1e-4, rtol=0).wrong.all()


@pytest.mark.parametrize("claim", [0.0, 0.3, 1.0])
def test_at_a_kink_every_slope_between_is_right(claim):
    found = measured(lambda x: np.maximum(x, 0), [0.0, 2.0], [claim, 1])
    assert not found.wrong.any() and found.kinked.tolist() == [True, False]


@pytest.mark.parametrize("claim", [-0.001, 1.001, np.nan, np.inf])
def test_at_a_kink_other_slopes_are_wrong(claim):
    assert measured(lambda x: np.maximum(x, 0), [0.0, 2.0], [claim, 1]).wrong.tolist() == [True, False]


@pytest.mark.parametrize("x, right", [(4e-4, 1), (-4e-4, 0), (2e-6, 1)])
def test_close_to_a_kink_only_the_slope_of_its_side_is_right(x, right):
    f = lambda x: np.maximum(x, 0)
    assert not measured(f, [x], [right]).wrong.any()
    assert measured(f, [x], [1 - right]).wrong.all() and measured(f, [x], [0.5]).wrong.all()


def test_jumps_cannot_be_compared():
    found = measured(np.floor, [1.0, 0.5], [7.0, 0.0])
    assert found.skipped.tolist() == [True, False] and not found.wrong.any()


def test_where_one_side_is_outside_the_domain_the_other_decides():
    f = lambda x: x * np.sqrt(x) + 3 * x
    assert not measured(f, [0.0, 1.0], [3.0, 4.5]).wrong.any()
    assert measured(f, [0.0, 1.0], [2.0, 4.5]).wrong.tolist() == [True, False]


def test_an_infinite_slope_cannot_be_compared():
    assert measured(np.sqrt, [0.0, 1.0], [np.inf, 0.5]).skipped.tolist() == [True, False]
    assert measured(np.sqrt, [0.0, 1.0], [np.inf, 0.6]).wrong.tolist() == [False, True]


def test_kinks_may_be_skipped():
    found = measured(lambda x: np.maximum(x, 0), [0.0, 2.0], [17.0, 1], kinks="skip")
    assert found.skipped.tolist() == [True, False] and not found.wrong.any()


def test_nan_is_wrong():
    assert measured(np.exp, X, [np.nan, np.inf, np.exp(2.5)]).wrong.tolist() == [True, True, False]
    assert np.isinf(measured(np.exp, X, [np.nan, 0, 0]).excess[0])


@pytest.mark.parametrize("method", ["richardson", "central", "complex"])
def test_every_method_tells_right_from_wrong(method):
    x = X.copy()
    y = np.sin(x) * x
    lines = Lines(lambda xs: np.sin(xs[0]) * xs[0], [x], y, np.ones(3))
    right = np.sin(x) + x * np.cos(x)
    assert not measure(lines, coordinates(0, 3), right, Settings(method=method)).wrong.any()
    assert measure(lines, coordinates(0, 3), right + 1e-4, Settings(method=method)).wrong.all()


def test_the_rounding_of_float32_is_not_taken_for_kinks():
    f = lambda x: np.exp(x.astype("f4")).astype(float)
    right = measured(f, X, np.exp(X))
    assert not right.wrong.any() and not right.kinked.any()
    assert measured(f, X, np.exp(X) * 1.1).wrong.all()
    assert measured(f, X, np.exp(X), atol=1e-9, rtol=1e-9).wrong.any()
