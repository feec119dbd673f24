"""The naive engine, checked by hand: slopes as matrices, hooks as factors, views read again after a write."""

import numpy as np
import pytest

from minigrad.testing import oracle
from minigrad.testing.moves import first_set, nothing


def twin(*numbers, tracked=True):
    return oracle.leaf(np.array(numbers), tracked)


def test_the_gradient_of_a_diamond_is_the_sum_over_its_paths():
    x = twin(3.0)
    y = oracle.make(lambda a: a * a, x)
    z = oracle.make(lambda a, b: a * b + a, y, x)
    np.testing.assert_allclose(oracle.gradient(z, np.array([2.0]), x), [2 * (3 * 9 + 2 * 3)])
    assert len(z.value.ancestors()) == 3


def test_broadcasting_is_measured_like_anything_else():
    x, y = twin(1.0, 2.0), oracle.leaf(np.array(5.0), True)
    z = oracle.make(np.multiply, x, y)
    assert oracle.gradient(z, np.array([1.0, 10.0]), y) == pytest.approx(21.0)
    np.testing.assert_allclose(oracle.gradient(z, np.array([1.0, 10.0]), x), [5, 50])


def test_a_hook_multiplies_what_passes_and_what_is_kept():
    x = twin(3.0)
    y = oracle.make(lambda a: 2 * a, x)
    z = oracle.make(lambda a: 5 * a, y)
    y.value.factors.append(10.0)
    x.value.factors.append(-1.0)
    assert oracle.gradient(z, np.ones(1), y) == [50] and oracle.gradient(z, np.ones(1), x) == [-100]


def test_values_without_a_history_have_no_parents():
    x, constant = twin(1.0), twin(2.0, tracked=False)
    assert len(oracle.make(np.add, x, constant).value.parents) == 1
    assert not oracle.make(np.add, x, constant, recording=False).tracked
    same = oracle.make(lambda a: a, x, recording=False)
    assert same.memory is x.memory and not same.tracked and same.view_of is None


def test_a_view_shares_memory_and_a_copy_does_not():
    x = twin(1.0, 2.0)
    view, copy = oracle.make(lambda a: a[:1], x), oracle.make(lambda a: a[[0]], x)
    assert view.memory is x.memory and copy.memory is not x.memory
    assert np.shares_memory(view.array, x.array)


def test_after_an_overwrite_the_value_and_its_views_have_the_new_history():
    a = twin(1.0, 2.0)
    x = oracle.make(lambda v: 3 * v, a)
    view, old = oracle.make(lambda v: v[:1], x), x.value
    oracle.overwrite(x, np.multiply, x, x, recording=True, twins=[a, x, view])
    np.testing.assert_allclose(view.array, [9])
    np.testing.assert_allclose(oracle.gradient(view, np.ones(1), a), [18, 0])
    assert view.stale and old in x.value.ancestors() and x.memory.writes == x.born == 1 > view.born


def test_an_overwrite_that_is_not_recorded_changes_the_values_only():
    x = twin(1.0, 2.0)
    view, before = oracle.make(lambda v: v[:1], x), x.value
    oracle.overwrite(x, np.add, x, x, recording=False, twins=[x, view])
    assert x.value is before and view.array == [2] and not view.stale


def test_an_overwrite_by_a_constant_ends_the_history():
    a = twin(1.0)
    x = oracle.make(np.negative, a)
    oracle.overwrite(x, nothing, recording=True, twins=[a, x])
    assert x.array == [0] and not x.tracked


def test_a_row_that_is_set_takes_its_slope_from_what_it_was_set_to():
    a, b = twin(1.0, 2.0), oracle.leaf(np.array(7.0), True)
    x = oracle.make(np.negative, a)
    oracle.overwrite(x, first_set, x, b, recording=True, twins=[a, b, x])
    np.testing.assert_array_equal(x.array, [7, -2])
    np.testing.assert_allclose(oracle.gradient(x, np.ones(2), a), [0, -1])
    assert oracle.gradient(x, np.ones(2), b) == 1
