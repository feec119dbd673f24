"""What the laws share."""

import numpy as np
import pytest

from minigrad import Tensor
from minigrad.errors import LawError
from minigrad.testing.laws.common import (
    along,
    as_inputs,
    changed,
    compare,
    differ,
    generator,
    refuse_vacuous,
    title,
    tolerance,
    value,
)


def test_the_tolerance_is_that_of_the_narrowest_float():
    wide, narrow = np.ones(1), np.ones(1, np.float32)
    assert tolerance(wide)["rtol"] < 1e-9 and 1e-5 < tolerance(wide, narrow)["rtol"] < 1e-3
    assert tolerance(np.ones(1, int)) == {"rtol": 0, "atol": 0}


def test_a_value_is_one_tensor_and_is_not_recorded():
    assert value(lambda x: x * 2, Tensor([1.0])).tolist() == [2]
    with pytest.raises(LawError, match="both: it must return one tensor, got tuple"):
        def both(x):
            return x, x

        value(both, Tensor([1.0]))


def test_inputs_lose_their_history():
    x = Tensor([1.0], requires_grad=True) * 2
    assert not as_inputs([x, [1.0]])[0].requires_grad


@pytest.mark.parametrize("x", [np.zeros((2, 3)), np.array([[0, 1, 4], [4, 4, 2]]), np.zeros((2, 3), int), np.ones((2, 3), bool)], ids=str)
def test_only_the_part_that_is_named_changes_and_all_of_it(x):
    y = changed(Tensor(x), (slice(None), 1)).numpy()
    assert (y[:, 1] != x[:, 1]).all() and (y[:, [0, 2]] == x[:, [0, 2]]).all() and y.dtype == x.dtype
    assert x.dtype.kind != "i" or 0 <= y.min() <= y.max() <= max(x.max(), 1)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_an_index_along_an_axis_takes_all_of_the_others(axis):
    x = np.arange(24).reshape(2, 3, 4)
    np.testing.assert_array_equal(x[along(axis, slice(1, None))], np.take(x, range(1, x.shape[axis]), axis))


def test_arrays_differ_by_more_than_rounding():
    assert not differ(np.array([1.0, np.nan]), np.array([1.0 + 1e-14, np.nan]))
    assert differ(np.ones(2), np.ones(3)) and differ(np.ones(2), np.array([1.0, 1.001]))
    compare("law", "y", np.ones(1, np.float32), np.array([1.0 + 1e-6]))
    with pytest.raises(LawError, match="law: y, shape"):
        compare("law", "y", np.ones(1), np.array([1.0 + 1e-6]))


def test_a_law_that_says_nothing_is_refused():
    refuse_vacuous("law", True)
    with pytest.raises(LawError, match="law: no change of the input changed the output, so the law says nothing"):
        refuse_vacuous("law", False)


def test_the_numbers_of_a_law_are_not_those_that_a_test_draws_from_the_same_seed():
    assert (generator(0).normal(size=5) != np.random.default_rng(0).normal(size=5)).all()


def test_messages_begin_with_the_law_and_its_subject():
    assert title("causality", np.tanh) == "causality of tanh"
