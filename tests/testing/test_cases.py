"""A call of an op as data."""

import numpy as np
import pytest

from minigrad import Tensor, mul, softmax
from minigrad.testing.cases import A, Case


def drawn(argument, seed=0):
    return argument.draw(np.random.default_rng(seed))


def test_values_lie_where_the_argument_says():
    assert np.abs(drawn(A(50))).max() <= 2 and drawn(A(50, low=0.5)).min() >= 0.5
    assert np.abs(np.abs(drawn(A(99, away_from=(-1.0, 1.0), gap=0.3))) - 1).min() >= 0.3 - 1e-12
    x = np.sort(drawn(A(5, 5, distinct=True, gap=0.2)).reshape(-1))
    assert np.diff(x).min() > 0.15 and x.size == 25


@pytest.mark.parametrize(("options", "kinds"), [({"dtype": "int64", "low": 0, "high": 3}, {0, 1, 2}), ({"dtype": "bool"}, {True, False})])
def test_arguments_of_other_dtypes_are_integers_and_bools(options, kinds):
    x = drawn(A(60, **options))
    assert x.dtype == options["dtype"] and set(x.tolist()) == kinds


def test_arguments_without_elements_or_axes_have_their_shape():
    assert drawn(A(0, 3, distinct=True)).shape == (0, 3) and drawn(A()).shape == ()


CASE = Case("mul", mul, np.multiply, [A(2, 3), 2.5])


def test_a_case_is_named_by_its_call():
    assert CASE.id == "mul([2,3],2.5)"
    assert Case("softmax", softmax, None, [A(2)], {"dim": 0}).id == "softmax([2],dim=0)"


def test_arguments_are_drawn_anew_by_seed_and_the_same_by_the_same_seed():
    (x, number), (same, _), (other, _) = CASE.draw(1), CASE.draw(1), CASE.draw(2)
    assert number == 2.5 and (x == same).all() and (x != other).any()


def test_only_floating_arrays_are_differentiated():
    case = Case("any", mul, None, [2.0, A(2), A(2, dtype="int64"), A(3)])
    assert case.floating() == [1, 3] and case.floats("abcd") == ["b", "d"]


def test_a_case_is_called_on_tensors_with_others_in_place_of_its_floats():
    args = CASE.draw()
    np.testing.assert_array_equal(CASE.on(args).numpy(), args[0] * 2.5)
    assert CASE.on(args, [Tensor([4.0])]).tolist() == [10.0]


def test_a_case_is_reshaped_argument_by_argument():
    case = Case("any", mul, None, [A(2, 3, low=1.0), 2, A(3)]).reshaped(lambda shape: (*shape, 1))
    assert [getattr(a, "shape", a) for a in case.args] == [(2, 3, 1), 2, (3, 1)] and case.args[0].low == 1.0
