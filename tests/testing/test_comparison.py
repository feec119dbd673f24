"""Small inputs are looked at element by element, large ones along random directions and then by halving (rule 9)."""

import numpy as np
import pytest

from minigrad.testing.adapters.choose import subject_for
from minigrad.testing.comparison import Comparisons
from minigrad.testing.point import Point
from minigrad.testing.settings import Settings

RNG = np.random.default_rng(0)


def compare(pair, x, **options):
    point = Point(subject_for("gradcheck", pair, [x]), [x])
    comparisons = Comparisons(point, Settings(**options))
    return comparisons, comparisons.compare(0)


def almost(n, guilty):
    factor = np.ones(n)
    factor[guilty] = 1.5
    return lambda x: x**2, lambda dy, x: 2 * dy * x * factor


@pytest.mark.parametrize("n, elements, count", [(0, True, 0), (1, True, 1), (64, True, 64), (65, False, 3), (5000, False, 3)])
def test_up_to_64_elements_every_one_is_looked_at_and_beyond_three_directions(n, elements, count):
    _, found = compare(almost(n, []), RNG.normal(size=n))
    assert (found.elements, len(found.directions)) == (elements, count) and not found.measured.wrong.any()


def test_the_number_of_directions_may_be_chosen():
    assert len(compare(almost(10, []), RNG.normal(size=10), directions=5)[1].directions) == 5


@pytest.mark.parametrize("n", [100, 1000])
def test_a_large_input_that_is_wrong_is_measured_whole_if_that_is_quick(n):
    _, found = compare(almost(n, [7]), RNG.normal(size=n))
    assert found.elements and found.expected is not None and [e.index for _, e in found.entries()] == [(7,)]


def test_a_very_large_input_that_is_wrong_is_traced_to_some_elements():
    _, found = compare(almost(20_000, [7, 15_000]), RNG.normal(size=20_000))
    assert found.expected is None and sorted(e.index for _, e in found.entries()) == [(7,), (15_000,)]


def test_what_was_covered_is_told():
    comparisons, found = compare((lambda x: np.maximum(x, 0), lambda dy, x: dy * (x > 0)), np.array([0.0, 1.0, -1.0]))
    covered = found.covered(comparisons.lines, comparisons.settings)
    assert (covered.looked_at, covered.kinks, covered.wrong, covered.flat) == (3, 1, 0, False)


def test_flat_means_no_slope_anywhere():
    for f, flat in ((np.floor, True), (lambda x: np.zeros(3) + x.sum() * 0, True), (np.abs, False)):
        comparisons, found = compare((f, lambda dy, x: dy * np.sign(x)), np.array([0.25, 0.5, 0.7]))
        assert found.covered(comparisons.lines, comparisons.settings).flat is flat
    comparisons, found = compare((np.abs, lambda dy, x: 0 * dy), np.zeros(2))
    assert not found.covered(comparisons.lines, comparisons.settings).flat  # the slopes cancel at the kink alone


def test_ties_of_a_large_input_are_moved_together():
    x = np.repeat([0.0, 1.0], 50)
    comparisons, found = compare((np.max, lambda dy, x: dy * (x == x.max()) / 50), x)
    assert comparisons.tied([found]) is None
    comparisons, found = compare((np.max, lambda dy, x: dy * (x == x.max()) / 25), x)
    assert found.measured.wrong.any() or comparisons.tied([found]) is not None
