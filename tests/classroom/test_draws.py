import numpy as np
import pytest

from minigrad.classroom import draws

RNG = np.random.default_rng


def test_sides_come_from_two_lengths_and_grow():
    shapes = [draws.sides(RNG(i), 3, 4) for i in range(50)]
    assert all(len(set(s)) <= 2 and max(s) <= 4 for s in shapes) and any(len(set(s)) == 1 for s in shapes)
    assert max(max(draws.sides(RNG(i), 1, 3)) for i in range(20)) == 2


def test_oblong_shapes_have_no_two_equal_sides():
    assert all(len(set(draws.oblong(RNG(i), 1, 3))) == 3 for i in range(20))


def test_a_grid_has_ties_and_zeros():
    a = draws.grid(RNG(0), (50,))
    assert (a == 0).any() and len(np.unique(a)) < 50 and np.abs(a).max() <= 2


@pytest.mark.parametrize("shape", [(), (1,), (3, 4), (0,)])
def test_distinct_values_are_distinct_and_not_zero(shape):
    a = draws.distinct(RNG(0), shape)
    assert a.shape == shape and len(np.unique(a)) == a.size and (a != 0).all()


@pytest.mark.parametrize("draw", [draws.grid, draws.distinct, draws.values, draws.away, draws.positive])
def test_every_draw_is_an_array_of_floats_even_of_one_number(draw):
    a = draw(RNG(0), ())
    assert isinstance(a, np.ndarray) and a.dtype == np.float64


def test_values_away_from_zero_are_and_positive_ones_are():
    assert np.abs(draws.away(RNG(0), (99,))).min() >= 0.5 and draws.positive(RNG(0), (99,)).min() >= 0.5


def test_broadcast_shapes_broadcast_and_differ():
    pairs = [draws.broadcast(RNG(i), 2) for i in range(60)]
    for a, b in pairs:
        np.broadcast_shapes(a, b)
    assert any(len(a) != len(b) for a, b in pairs) and any(1 in a for a, _ in pairs) and any(a == b for a, b in pairs)
