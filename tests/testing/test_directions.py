"""A direction moves what it says, and its rate is the inner product with the gradient (rule 9)."""

import numpy as np
import pytest

from minigrad.testing.directions import coordinate, coordinates, moved, projections, rate, reach, search

RNG = np.random.default_rng(0)


def test_a_coordinate_moves_one_element_and_leaves_the_others_and_the_original():
    a, b = RNG.normal(size=(2, 3)), np.arange(3)
    result = moved([a, b], coordinate(0, 4), 0.5)
    assert result[1] is b and result[0] is not a
    np.testing.assert_array_equal(result[0] - a, [[0, 0, 0], [0, 0.5, 0]])


@pytest.mark.parametrize("layout", [np.asfortranarray, lambda a: a[:, ::-1], lambda a: a.T.copy().T])
def test_memory_in_another_order_moves_too(layout):
    a = layout(RNG.normal(size=(2, 3)))
    np.testing.assert_allclose(moved([a], coordinate(0, 1), 1.0)[0] - a, [[0, 1, 0], [0, 0, 0]], atol=1e-15)


def test_a_group_moves_elements_of_several_inputs_together():
    group = coordinate(0, 0) + coordinate(1, 1)
    a, b = moved([np.zeros(2), np.zeros(2)], group, 2.0)
    np.testing.assert_array_equal([a, b], [[2, 0], [0, 2]])


def test_a_complex_step_makes_the_moved_input_complex():
    assert moved([np.ones(2)], coordinate(0, 0), 1e-20j)[0].tolist() == [1 + 1e-20j, 1]


def test_the_rate_is_the_inner_product():
    a, g = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4))
    for direction in [*coordinates(0, 12), *projections(0, 12, 3, RNG)]:
        np.testing.assert_allclose(rate({0: g}, direction), ((moved([a], direction, 1.0)[0] - a) * g).sum())


def test_projections_move_every_element_and_none_hardly():
    for direction in projections(0, 100, 5, RNG):
        sizes = np.abs(direction[0][2])
        assert sizes.min() >= 0.5 and sizes.max() <= 1.5 and len(np.unique(sizes)) == 100


def test_steps_grow_with_what_moves():
    arrays = [np.array([0.1, -50.0])]
    assert reach(arrays, coordinate(0, 0)) == 1 and reach(arrays, coordinate(0, 1)) == 50
    assert reach([np.zeros(0)], projections(0, 0, 1, RNG)[0]) == 1


@pytest.mark.parametrize("guilty", [[0], [999], [17, 402], [1, 2, 3, 4, 5]])
def test_the_search_finds_guilty_elements_by_halving(guilty):
    calls = []

    def wrong(directions):
        calls.extend(directions)
        return [any(d[0][1].start <= k < d[0][1].stop for k in guilty) for d in directions]

    found = search(0, 1000, wrong, RNG)
    assert found == guilty[:3] and len(calls) <= 25 * len(guilty)


def test_a_search_that_finds_nothing_ends():
    assert search(0, 1000, lambda directions: [False] * len(directions), RNG) == []
