import numpy as np
import pytest

from minigrad import ops, tensor
from minigrad.testing.mutants.example import Call, Probe, alike, anything, attempt, broadcast, one_of, products, same


def test_a_call_reports_values_gradients_and_inputs():
    found = Call(ops.exp, ((2,),)).outcome()[0]
    value, dy, x, dx = found
    np.testing.assert_allclose(value, np.exp(x))
    np.testing.assert_allclose(dx, dy * np.exp(x))


def test_a_call_of_order_two_reports_second_derivatives_too():
    assert len(Call(ops.exp, ((2,),), order=2).outcome()[0]) == 5


def test_a_call_that_raises_reports_the_kind_of_error():
    assert Call(lambda x: x.reshape(7), ((2,),)).outcome()[0] == "ShapeError: reshape"


def test_even_draws_are_smooth_and_odd_ones_have_ties_within_the_range():
    call = Call(ops.exp, ((4, 4),), low=0.5, high=1.5)
    smooth, tied = call.drawn(2)[0], call.drawn(3)[0]
    assert len(np.unique(smooth)) == 16 and len(np.unique(tied)) <= 5
    assert all(a.min() >= 0.5 and a.max() <= 1.5 for a in (smooth, tied))


def test_a_call_without_other_shapes_keeps_its_own():
    assert {call.shape for seed in range(6) for call in Call(ops.exp, ((2, 3),)).drawn(seed)} == {(2, 3)}


def test_a_probe_reports_the_result_or_the_error():
    assert Probe(lambda: 3).outcome() == 3
    assert Probe(lambda: {}["key"]).outcome() == "KeyError: 'key'"
    assert attempt(lambda: tensor([1.0]).log().item()) == 0


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (np.array([1.0]), np.array([1.0 + 1e-12]), True), (np.array([1.0]), np.array([1.001]), False),
        (np.array([np.nan]), np.array([np.nan]), True), (np.array([1.0]), np.array([1]), False),
        (np.ones(2), np.ones((2, 1)), False), (tensor([1.0]), tensor([1.0]), True), ([1, [2.0]], (1, [2.0]), True),
        ([1], [1, 2], False), (1.0, 1, False), (None, None, True), ("a", "b", False),
    ],
)  # fmt: skip
def test_outcomes_are_compared_by_value_shape_and_type(a, b, expected):
    assert same(a, b) is expected


@pytest.mark.parametrize("vary", [anything(0, 3), broadcast(3), products, alike(2), one_of(((1,),), ((2, 2),))])
def test_drawn_shapes_are_repeatable_and_differ(vary):
    drawn = [vary(np.random.default_rng(seed)) for seed in range(30)]
    assert drawn == [vary(np.random.default_rng(seed)) for seed in range(30)]
    assert len(set(drawn)) > 1


def test_shapes_that_are_to_broadcast_or_to_be_multiplied_do():
    for seed in range(50):
        np.broadcast_shapes(*broadcast(3)(np.random.default_rng(seed)))
        np.matmul(*map(np.ones, products(np.random.default_rng(seed))))
