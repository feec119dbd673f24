"""Each pattern fits its own mistake and no right gradient. (test_verdict.py plants the mistakes in functions.)"""

from types import SimpleNamespace

import numpy as np
import pytest

from minigrad.testing.diagnosis import patterns
from minigrad.testing.diagnosis.evidence import Evidence

RNG = np.random.default_rng(3)
RIGHT = RNG.normal(size=(3, 4))


def evidence(got, right=RIGHT, x=None, y=None, dy=None):
    x = np.zeros(right.shape) if x is None else x
    subject = SimpleNamespace(names=["x"], wrt=[0])
    run = SimpleNamespace(outputs=[np.zeros(right.shape) + 7.7 if y is None else y])
    point = SimpleNamespace(subject=subject, arrays=[x], raw=[got], gradients={0: got}, run=run,
                            cotangents=[RNG.normal(size=right.shape) if dy is None else dy])  # fmt: skip
    return Evidence(point, None, 0, got, right, np.full(right.shape, 1e-9))


HYPOTHESES = [patterns.zero, patterns.sign, patterns.factor, patterns.axes_moved, patterns.missing_term, patterns.extra_factor,
              patterns.shuffled, patterns.mask, patterns.identity, patterns.swapped_inputs, patterns.single_precision]  # fmt: skip


@pytest.mark.parametrize("hypothesis", HYPOTHESES)
def test_random_numbers_fit_no_pattern(hypothesis):
    for _ in range(20):
        assert hypothesis(evidence(RNG.normal(size=(3, 4)))) is None


@pytest.mark.parametrize("c, code", [(2, "2"), (0.5, "1/2"), (-3, "-3"), (1 / 7, "1/7"), (1.5, "3/2"), (np.sqrt(3 / 4), "sqrt(3/4)"), (np.pi, "3.142")])
def test_a_factor_is_written_as_a_fraction_or_a_root_if_it_is_one(c, code):
    assert patterns.factor(evidence(c * RIGHT)).code == f"factor:{code}"


@pytest.mark.parametrize("c", [1e200, -1e300, np.inf, np.nan])
def test_numbers_beyond_all_measure_are_no_factor(c):
    with np.errstate(all="ignore"):
        assert patterns.factor(evidence(c * RIGHT)) is None
        assert patterns.factor(evidence(np.full(RIGHT.shape, c))) is None


def test_nearly_a_factor_is_none():
    got = 2 * RIGHT
    got[1, 2] *= 1 + 1e-4
    assert patterns.factor(evidence(got)) is None and patterns.sign(evidence(got)) is None


def test_a_factor_needs_something_to_be_a_factor_of():
    assert patterns.factor(evidence(RIGHT, np.zeros((3, 4)))) is None
    assert patterns.factor(evidence(np.zeros((3, 4)))) is None


@pytest.mark.parametrize("order", [(0, 2, 1), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_axes_in_another_order_are_named(order):
    right = RNG.normal(size=(3, 3, 3))
    found = patterns.axes_moved(evidence(right.transpose(order), right)).code
    swapped = [k for k in range(3) if order[k] != k]
    assert found == (f"transposed:{swapped[0]},{swapped[1]}" if len(swapped) == 2 else f"permuted:{','.join(map(str, order))}")


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1)])
def test_axes_that_run_backwards_are_named(axes):
    assert patterns.axes_moved(evidence(np.flip(RIGHT, axes))).code == f"flipped:{','.join(map(str, axes))}"


def test_column_order_is_named_from_both_sides():
    for got in (RIGHT.ravel("F").reshape(3, 4), RIGHT.ravel().reshape((3, 4), order="F")):
        assert patterns.axes_moved(evidence(got)).code == "order:F"


@pytest.mark.parametrize("axis", [0, 1])
def test_a_constant_along_an_axis_is_a_missing_mean(axis):
    got = RIGHT + RNG.normal(size=(3, 4)).sum(axis, keepdims=True)
    assert patterns.missing_term(evidence(got)).code == f"missing-mean:{axis}"


def test_a_constant_everywhere_is_a_missing_mean_over_all_axes_or_along_each():
    assert patterns.missing_term(evidence(RIGHT + 0.7)).code.startswith("missing-mean:")


def test_multiples_of_y_and_of_exp_y_and_of_x_are_named():
    y, x, c = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4)), RNG.normal(size=(3, 1))
    assert patterns.missing_term(evidence(RIGHT + c * y, y=y)).code == "missing-term:y:1"
    assert patterns.missing_term(evidence(RIGHT + c * np.exp(y), y=y)).code == "missing-term:exp(y):1"
    assert patterns.missing_term(evidence(RIGHT + c * x, x=x)).code == "missing-term:x:1"


def test_two_gradients_that_are_both_constant_along_an_axis_miss_no_mean():
    right, got = (np.broadcast_to(RNG.normal(size=(3, 1)), (3, 4)) * 1 for _ in range(2))
    assert patterns.missing_term(evidence(got, right)) is None


def test_a_missing_and_an_extra_factor_are_named():
    x = RNG.normal(size=(3, 4))
    assert patterns.extra_factor(evidence(RIGHT / x, x=x)).code == "missing-factor:x"
    assert patterns.extra_factor(evidence(RIGHT * x, x=x)).code == "extra-factor:x"


def test_the_right_values_in_the_wrong_places_are_shuffled():
    assert patterns.shuffled(evidence(RNG.permutation(RIGHT.reshape(-1)).reshape(3, 4))).code == "shuffled"
    assert patterns.shuffled(evidence(np.array([1.0, 2.0]), np.array([2.0, 1.0]))) is None  # two values are always somewhere


def test_float32_numbers_that_are_nearly_right_are_noise():
    assert patterns.single_precision(evidence(RIGHT.astype("f4").astype(float))).code == "float32-noise"
    assert patterns.single_precision(evidence((1.001 * RIGHT).astype("f4").astype(float))) is None
