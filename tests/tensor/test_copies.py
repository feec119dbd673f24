"""Deep copies, shallow ones and pickles keep values, types and flags, and share no more than they say."""

import copy
import pickle

import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from minigrad.errors import GradientError, InPlaceError
from minigrad.nn import Parameter


def leaf(*values, dtype="float64"):
    return Tensor(np.array(values, dtype), requires_grad=True)


def test_a_deep_copy_of_a_leaf_shares_nothing():
    x = leaf(1.0, 2.0)
    (x * 3).sum().backward()
    y = copy.deepcopy(x)
    assert type(y) is Tensor and y.requires_grad and y.is_leaf and y.tolist() == [1, 2] and y.grad.tolist() == [3, 3]
    y.data.fill_(0)
    y.grad.zero_()
    assert x.tolist() == [1, 2] and x.grad.tolist() == [3, 3]
    (y * 2).sum().backward()
    assert y.grad.tolist() == [2, 2] and x.grad.tolist() == [3, 3]


def test_a_deep_copy_raises_no_alarm_when_the_original_changes():
    x, w = leaf(1.0), leaf(2.0)
    x.data.fill_(5)
    y = copy.deepcopy(x)
    loss = y * w
    x.data.fill_(6)
    loss.backward()
    assert w.grad.item() == 5


def test_a_deep_copy_keeps_that_two_places_hold_one_tensor():
    x = leaf(1.0)
    a, b = copy.deepcopy([x, x])
    assert a is b and a is not x


def test_a_deep_copy_keeps_the_class_and_its_attributes():
    p = Parameter(Tensor([1.0, 2.0]))
    p.note = ["kept"]
    q = copy.deepcopy(p)
    assert type(q) is Parameter and q.requires_grad and q.note == ["kept"]


def test_a_result_cannot_be_deep_copied():
    with pytest.raises(GradientError, match=r"deepcopy: only leaves can be copied\nHint: use clone\(\)"):
        copy.deepcopy(leaf(1.0) * 2)
    assert copy.deepcopy((leaf(1.0) * 2).detach()).tolist() == [2]


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("x", [
    Tensor([1.0, 2.0]), Tensor(3), Tensor([True]), leaf(1.5, -2.0), Tensor(np.zeros((2, 0), "int8")), Parameter(Tensor([4.0])),
], ids=str)  # fmt: skip
def test_a_pickle_brings_back_values_type_class_and_flag(x, protocol):
    y = pickle.loads(pickle.dumps(x, protocol))
    assert type(y) is type(x) and y.dtype == x.dtype and y.shape == x.shape and y.requires_grad == x.requires_grad
    assert y.is_leaf and y.grad is None
    np.testing.assert_array_equal(y.numpy(), x.numpy())
    assert not np.shares_memory(y.array, x.array)


def test_a_pickled_result_comes_back_as_a_leaf():
    y = pickle.loads(pickle.dumps(leaf(1.0) * 2))
    assert y.is_leaf and y.requires_grad and y.tolist() == [2]
    (y * 3).backward()
    assert y.grad.item() == 3


def test_a_shallow_copy_does_not_let_a_write_escape_the_checks():
    x, w = leaf(2.0), leaf(3.0)
    loss = x * w
    twin = copy.copy(x).detach()
    twin.fill_(9)
    try:
        loss.backward()
    except InPlaceError:
        return
    assert w.grad.item() == 2


def test_a_deep_copy_of_a_view_is_no_view():
    view = minigrad.zeros(4, dtype="float64")[:2]
    x = leaf(1.0, 2.0)
    copy.deepcopy(view).add_(x).sum().backward()
    assert x.grad.tolist() == [1, 1]


def test_a_hook_of_the_original_does_not_watch_its_deep_copy():
    x, seen = leaf(1.0), []
    x.register_hook(lambda g: seen.append(g))
    (copy.deepcopy(x) * 2).backward()
    assert seen == []
