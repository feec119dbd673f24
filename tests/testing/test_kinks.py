"""At kinks the answer lies between the slopes around (rule 5), and what ties is moved together (rule 6)."""

import numpy as np
import pytest

from minigrad.testing.directions import coordinate, moved
from minigrad.testing.kinks import around, one_sided, ties
from minigrad.testing.numeric import Lines

RNG = np.random.default_rng(0)
FINE = 1e-6


def lines(f, *arrays, v=None):
    y = np.asarray(f(*arrays), float).reshape(-1)
    return Lines(lambda xs: np.asarray(f(*xs), float).reshape(-1), arrays, y, np.ones(y.size) if v is None else np.asarray(v, float))


def relu(x):
    return np.maximum(x, 0)


@pytest.mark.parametrize("v, interval", [([1.0], (0, 1)), ([-3.0], (-3, 0))])
def test_a_kink_gives_the_interval_between_the_slopes_on_both_sides(v, interval):
    found, kink, jump = one_sided(lines(relu, np.zeros(1), v=v), coordinate(0, 0), FINE)
    assert found == pytest.approx(interval, abs=1e-9) and kink and not jump


def test_intervals_are_taken_per_output_before_the_cotangent_mixes_them():
    """Two outputs with the same kink and opposite cotangents: projected first, the interval would be the point 0."""
    found, kink, _ = one_sided(lines(lambda x: np.r_[relu(x), relu(x)], np.zeros(1), v=[2, -2]), coordinate(0, 0), FINE)
    assert found == pytest.approx((-2, 2), abs=1e-9) and kink


@pytest.mark.parametrize("x", [0.3, -0.3, 1e-4, 50.0])
def test_smooth_places_have_one_slope(x):
    (low, high), kink, jump = one_sided(lines(lambda x: np.sin(3 * x) + x**2, np.array([x])), coordinate(0, 0), FINE)
    slope = 3 * np.cos(3 * x) + 2 * x
    assert low == pytest.approx(slope, abs=1e-6) and high == pytest.approx(slope, abs=1e-6) and not kink and not jump


def test_a_jump_is_no_kink():
    for x, f in ((1.0, np.floor), (0.0, np.sign), (0.0, lambda x: (x > 0) * 1.0)):
        assert one_sided(lines(f, np.array([x])), coordinate(0, 0), FINE)[2]


def test_outputs_without_a_share_in_the_cotangent_say_nothing():
    f = lines(lambda x: np.r_[relu(x), x], np.zeros(1), v=[0, 1])
    (low, high), kink, _ = one_sided(f, coordinate(0, 0), FINE)
    assert (low, high) == pytest.approx((1, 1)) and not kink


def test_at_the_edge_of_a_domain_the_slope_inside_counts():
    with np.errstate(invalid="ignore"):
        (low, high), _, _ = one_sided(lines(lambda x: x * np.sqrt(x) + 3 * x, np.zeros(1)), coordinate(0, 0), FINE)
    assert low == pytest.approx(3, abs=1e-2) and high == pytest.approx(3, abs=1e-2)


def test_the_median_of_equals_has_slopes_that_only_show_around_it():
    f = lines(np.median, np.ones(3))
    assert one_sided(f, coordinate(0, 1), FINE)[0] == pytest.approx((0, 0))
    assert around(f, coordinate(0, 1), RNG) == pytest.approx((0, 1), abs=1e-6)


def test_around_a_smooth_place_there_is_one_slope():
    low, high = around(lines(np.exp, np.array([0.7, 0.7])), coordinate(0, 0), RNG)
    assert low == pytest.approx(np.exp(0.7), abs=1e-4) == high


def test_elements_of_one_value_form_a_group_across_inputs_and_all_of_them_move():
    a, b = np.array([1.0, 2.0, 1.0]), np.array([2.0, -0.0, 5.0, 0.0])
    groups = ties({0: a, 3: b}, [2.0, 1.0, 2.0, 0.0, 5.0, 7.0])
    assert [[(which, places.tolist()) for which, places, _ in group] for group in groups] == [[(3, [1, 3])], [(0, [0, 2])], [(0, [1]), (3, [0])]]
    np.testing.assert_array_equal(moved([a, None, None, b], groups[2], 0.5)[0], [1, 2.5, 1])


def test_kinks_that_cancel_along_a_group_show_around_it_and_a_maximum_has_one_slope_all_around():
    """relu(a) - relu(-b) is smooth when both move together, and backward answers each alone: 0, 1 or 2 are all right."""
    both = coordinate(0, 0) + coordinate(0, 1)
    assert around(lines(lambda x: relu(x[:1]) - relu(-x[1:]), np.zeros(2)), both, RNG) == pytest.approx((0, 2), abs=1e-6)
    assert around(lines(np.max, np.zeros(2)), both, RNG) == pytest.approx((1, 1), abs=1e-6)
