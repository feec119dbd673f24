"""`.data` is the same memory without the history, and no write through it escapes backward's checks."""


import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from minigrad.errors import DtypeError, InPlaceError


def leaf(*values, dtype="float64"):
    return Tensor(np.array(values, dtype), requires_grad=True)


def test_data_is_the_same_memory_without_the_history():
    x = leaf(1.0, 2.0)
    y = x * 1
    for t in (x, y):
        assert np.shares_memory(t.data.array, t.array) and not t.data.requires_grad and t.data.is_leaf
    x.data[0] = 9
    assert x.tolist() == [9, 2] and x.requires_grad


def test_data_takes_tensors_arrays_and_lists_and_keeps_the_flag():
    x = leaf(1.0, 2.0)
    x.data = Tensor([3.0, 4.0])
    assert x.tolist() == [3, 4] and x.requires_grad and x.is_leaf
    x.data = np.array([[5.0]])
    assert x.tolist() == [[5]] and x.shape == (1, 1)
    x.data = [6.0]
    assert x.tolist() == [6]
    source = leaf(1.0) * 2
    x.data = source
    (x * 3).backward()
    assert x.grad.item() == 3 and x.is_leaf


def test_a_tensor_that_needs_a_gradient_cannot_become_integers_through_data():
    x = leaf(1.0, 2.0)
    with pytest.raises(DtypeError, match="data: a tensor that requires a gradient cannot become int64"):
        x.data = np.array([1, 2])
    with pytest.raises(DtypeError, match="cannot hold str"):
        x.data = "a"
    assert x.tolist() == [1, 2]
    y = Tensor([1.0])
    y.data = np.array([1, 2])
    assert y.dtype == minigrad.int64


def test_assigning_data_to_itself_raises_no_alarm():
    x, w = leaf(1.0), leaf(2.0)
    loss = x * w
    x.data = x.data
    loss.backward()
    assert w.grad.item() == 1


def test_data_taken_from_a_tensor_does_not_let_a_write_escape_the_checks():
    x, w, source = leaf(0.0), leaf(3.0), Tensor([2.0], dtype="float64")
    x.data = source
    loss = x * w
    source.fill_(9)
    try:
        loss.backward()
    except InPlaceError:
        return
    assert w.grad.item() == 2
