"""Differences come close to derivatives that calculus gives."""

import math

import numpy as np
import pytest

from minigrad.testing.directions import coordinates
from minigrad.testing.numeric import METHODS, STEP, Lines, numeric_gradient, richardson, slope

SMOOTH = [
    (math.exp, 1.0),
    (lambda t: math.sin(3 * t), 3.0),
    (lambda t: 1 / (2 + t), -0.25),
    (lambda t: 7.0, 0.0),
    (lambda t: -5 * t + 2, -5.0),
    (lambda t: math.tanh(1 + t), 1 - math.tanh(1) ** 2),
    (lambda t: t**4 + t**3 + t**2, 0.0),
]


@pytest.mark.parametrize("f, derivative", SMOOTH)
def test_the_slope_of_a_smooth_function_is_good_to_ten_digits(f, derivative):
    assert slope(f) == pytest.approx(derivative, rel=1e-10, abs=1e-11)


def test_the_cubic_term_cancels_so_that_polynomials_of_degree_four_are_exact():
    assert slope(lambda t: 3 * t + 100 * t**3 - 7 * t**4, step=0.5) == pytest.approx(3, rel=1e-13)
    plain = (100 * 0.5**3 + 3 * 0.5) / 0.5  # the central difference alone
    assert plain == pytest.approx(28)


def test_the_error_falls_with_the_fourth_power_of_the_step():
    errors = [abs(slope(math.exp, step) - 1) for step in (0.4, 0.2, 0.1)]
    assert errors[0] / errors[1] == pytest.approx(16, rel=0.05)
    assert errors[1] / errors[2] == pytest.approx(16, rel=0.05)


def test_the_function_is_never_asked_further_than_one_step_away_nor_at_the_point():
    asked = []
    slope(lambda t: asked.append(t) or 0.0, step=0.01)
    assert sorted(asked) == [-0.01, -0.005, 0.005, 0.01]


def test_the_gradient_of_a_form_is_its_coefficients():
    rng = np.random.default_rng(0)
    w, v = rng.normal(size=(2, 3)), rng.normal(size=5)
    xs = [rng.normal(size=(2, 3)), rng.normal(size=5)]

    def f(arrays):
        return float((w * arrays[0]).sum() + (v * np.sin(arrays[1])).sum() * 1.0)

    np.testing.assert_allclose(numeric_gradient(f, xs, 0), w, rtol=1e-9)
    np.testing.assert_allclose(numeric_gradient(f, xs, 1), v * np.cos(xs[1]), rtol=1e-9)


def test_products_between_inputs_are_seen_from_both_sides():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(3, 2)), rng.normal(size=(2, 3))

    def f(arrays):
        return float(np.trace(arrays[0] @ arrays[1]))

    np.testing.assert_allclose(numeric_gradient(f, [a, b], 0), b.T, rtol=1e-9)
    np.testing.assert_allclose(numeric_gradient(f, [a, b], 1), a.T, rtol=1e-9)


def test_inputs_are_left_as_they_were_and_only_one_is_copied():
    a, b = np.ones((2, 2)), np.ones(2)
    seen = []

    def f(arrays):
        seen.append(arrays[1])
        arrays[0][...] = 0  # a function that spoils its argument
        return 0.0

    numeric_gradient(f, [a, b], 0)
    np.testing.assert_array_equal(a, np.ones((2, 2)))
    assert all(y is b for y in seen)


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1, 1), (2, 1, 3)])
def test_the_gradient_has_the_shape_of_its_input(shape):
    x = np.random.default_rng(2).normal(size=shape)
    gradient = numeric_gradient(lambda arrays: float((arrays[0] ** 2).sum()), [x], 0)
    assert gradient.shape == shape and gradient.dtype == np.float64
    np.testing.assert_allclose(gradient, 2 * x, rtol=1e-9)


def test_an_infinite_function_value_shows_in_the_gradient():
    with np.errstate(invalid="ignore"):
        gradient = numeric_gradient(lambda arrays: np.float64(np.inf) * arrays[0][0], [np.array([1.0, 1.0])], 0)
    assert np.isnan(gradient[0])


def test_the_step_is_the_one_that_is_asked_for():
    moves = []
    numeric_gradient(lambda arrays: moves.append(arrays[0][0] - 1.0) or 0.0, [np.array([1.0])], 0, step=0.25)
    assert max(moves) == 0.25 and STEP == 1e-3


def lines(f, x, v=None):
    y = np.asarray(f(x)).reshape(-1)
    return Lines(lambda xs: np.asarray(f(xs[0])).reshape(-1), [x], y, np.ones(y.size) if v is None else v)


@pytest.mark.parametrize("method, digits", [("richardson", 1e-11), ("central", 1e-8), ("complex", 1e-14)])
def test_each_method_has_its_precision(method, digits):
    x = np.array([0.7, -0.4, 30.0])
    found = METHODS[method](lines(lambda x: np.tanh(x) ** 3 * np.exp(x / 10), x), coordinates(0, 3), STEP)
    t = np.tanh(x)
    exact = (3 * t**2 * (1 - t**2) + t**3 / 10) * np.exp(x / 10)
    assert np.abs(found.value - exact).max() < digits * np.abs(exact).max()
    assert (np.abs(found.value - exact) <= found.noise + 4 * found.error + 1e-15).all()


def test_the_cotangent_weighs_the_outputs():
    x, v = np.array([0.5, 2.0]), np.array([3.0, -2.0])
    np.testing.assert_allclose(richardson(lines(lambda x: x**2, x, v), coordinates(0, 2), STEP).value, 2 * x * v, rtol=1e-9)


def test_the_gap_is_the_bend_of_the_output_that_bends_most():
    found = richardson(lines(np.abs, np.array([0.0, 1.0]), np.array([3.0, 1.0])), coordinates(0, 2), STEP)
    np.testing.assert_allclose(found.gap, [6, 0], atol=1e-9)


def test_long_outputs_are_taken_in_pieces():
    f = lines(lambda x: np.outer(np.ones(100_000), x), np.arange(3.0))
    tables = list(f.tables(coordinates(0, 3), np.ones(3), (-1.0, 1.0)))
    assert [chunk for chunk, _ in tables] == [slice(0, 1), slice(1, 2), slice(2, 3)] and tables[0][1].shape == (1, 2, 300_000)


def test_the_grain_of_single_precision_is_felt_and_that_of_double_is_not():
    x = np.random.default_rng(0).normal(size=5)
    for f, coarse in [(lambda x: np.exp(x.astype("f4")).astype(float), True), (np.exp, False), (np.abs, False), (np.floor, False),
                      (lambda x: 1e6 + np.sin(x), False)]:  # fmt: skip
        felt = lines(f, x)
        felt.feel_grain()
        assert felt.coarse is coarse
    felt = lines(lambda x: np.exp(x.astype("f4")).astype(float), x)
    before = felt.noise
    felt.feel_grain()
    assert felt.noise > 1e4 * before
