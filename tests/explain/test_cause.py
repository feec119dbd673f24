import numpy as np
import pytest

import minigrad
from minigrad import Tensor, no_grad
from minigrad.explain import explain, watching
from minigrad.optim import SGD


def leaf(*values, dtype="float64"):
    return Tensor(np.array(values, dtype), requires_grad=True)


def test_a_tensor_that_does_not_require_a_gradient():
    found = explain(minigrad.ones(2))
    assert found.cause == "not required"
    assert "leaf, shape (2,), is None: the tensor does not require one. Set requires_grad=True" in found.text


def test_a_tensor_of_integers():
    assert explain(minigrad.tensor([1, 2])).text.endswith("it holds int64, and only floating tensors have gradients.")


def test_a_detached_tensor():
    x = leaf(1.0, 2.0)
    y = x.detach()
    found = explain(y)
    assert found.cause == "detached" and "without the history of the leaf of shape (2,)" in found.text


def test_a_result_computed_under_no_grad():
    with watching(), no_grad():
        y = leaf(1.0) * 2
    found = explain(y)
    assert found.cause == "no_grad" and "computed under no_grad, at " in found.text and "test_cause.py" in found.text


def test_a_result_of_constants():
    with watching():
        y = minigrad.ones(2) * 2
    assert explain(y).cause == "constant"


def test_a_result_in_the_middle_keeps_no_gradient():
    x = leaf(1.0)
    with watching():
        y = x * 2
        loss = y.sum()
    loss.backward()
    assert explain(y, loss=loss).cause == "waiting"
    y = leaf(1.0) * 2
    assert explain(y, loss=y.sum()).cause == "waiting"


def test_a_leaf_that_no_backward_has_reached():
    x = leaf(1.0)
    assert explain(x).cause == "unknown" and "Pass loss= to find out" in explain(x).text


def test_a_leaf_that_was_used_before_any_backward():
    x = leaf(1.0)
    with watching():
        x * 2
    found = explain(x)
    assert found.cause == "not reached" and "the last op to use it was mul" in found.text


def test_a_leaf_that_was_used_under_no_grad_only():
    x = leaf(1.0)
    with watching(), no_grad():
        x * 2
    found = explain(x)
    assert found.cause == "no_grad" and "used under no_grad only, the last time by mul" in found.text


def test_a_gradient_that_zero_grad_has_cleared():
    x = leaf(1.0)
    optimizer = SGD([x])
    with watching():
        (x * 2).sum().backward()
    optimizer.zero_grad()
    found = explain(x)
    assert found.cause == "zeroed" and "a backward came through mul" in found.text and "zero_grad() has cleared" in found.text


@pytest.mark.parametrize("cleared", [None, Tensor(np.zeros(2))])
def test_a_gradient_that_is_not_there_yet_or_no_more(cleared):
    x = leaf(1.0, 2.0)
    x.grad = cleared
    found = explain(x, loss=(x * x).sum())
    assert found.cause == "waiting"
    assert f"In .grad it is {'None' if cleared is None else 'zero'}: no backward has run, or zero_grad()" in found.text


def test_a_gradient_that_is_as_it_should_be():
    x = leaf(1.0, 2.0)
    loss = (x * x).sum()
    loss.backward(retain_graph=True)
    for found in (explain(x), explain(x, loss=loss)):
        assert found.cause == "healthy" and "is at most 4 in size, 3 on average: nothing is wrong with it." in found.text


def test_a_gradient_that_is_not_finite_without_a_loss():
    x = leaf(0.0, 1.0)
    x.sqrt().sum().backward()
    assert "holds 1 values of 2 that are NaN or infinite. Pass loss= to see where" in explain(x).text


def test_a_value_that_was_overwritten_since():
    x = leaf(1.0, 2.0)
    loss = (x * x).sum()
    with no_grad():
        x.mul_(2)
    found = explain(x, loss=loss)
    assert found.cause == "overwritten" and "cannot be computed: mul: backward needs" in found.text


def test_sentences_are_wrapped_to_the_terminal():
    x = leaf(1.0)
    with watching():
        loss = x.detach().sum()
    assert all(len(line) <= 118 for line in str(explain(x, loss=loss)).split("\n"))
