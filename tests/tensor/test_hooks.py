"""Hooks see gradients on their way, in order, and may replace them."""


import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from minigrad.errors import GradientError, MinigradError


def leaf(*values, dtype="float64"):
    return Tensor(np.array(values, dtype), requires_grad=True)


def test_retain_grad_and_hooks_need_a_gradient_to_see():
    with pytest.raises(GradientError, match="retain_grad: the tensor does not require a gradient"):
        Tensor([1.0]).retain_grad()
    with pytest.raises(GradientError, match="register_hook: the tensor does not require a gradient"):
        Tensor([1.0]).register_hook(lambda g: None)


def test_hooks_run_in_order_and_each_sees_what_the_last_returned():
    x, seen = leaf(1.0), []
    y = x * 3
    y.register_hook(lambda g: g * 2)
    y.register_hook(lambda g: seen.append(g.item()))
    y.register_hook(lambda g: g + 1)
    (y * 5).backward()
    assert seen == [10] and x.grad.item() == 33


def test_a_removed_hook_is_gone_the_others_stay_and_removing_twice_is_no_matter():
    x, seen = leaf(1.0), []
    first = x.register_hook(lambda g: seen.append("first"))
    x.register_hook(lambda g: seen.append("second"))
    first.remove()
    first.remove()
    (x * 1).backward()
    assert seen == ["second"]


def test_a_hook_of_a_leaf_replaces_what_is_added_to_grad():
    x = leaf(1.0, 2.0)
    x.register_hook(lambda g: g * 10)
    for _ in range(2):
        (x * Tensor([1.0, 2.0], dtype="float64")).sum().backward()
    assert x.grad.tolist() == [20, 40]


def test_retain_grad_on_a_leaf_changes_nothing():
    x = leaf(2.0)
    x.retain_grad()
    (x * 3).backward()
    assert x.grad.item() == 3


def test_backward_passes_its_arguments_on():
    x = leaf(2.0, 3.0)
    y = x**3
    y.backward(Tensor([1.0, 10.0], dtype="float64"), retain_graph=True)
    assert x.grad.tolist() == [12, 270] and not x.grad.requires_grad
    x.grad = None
    y.backward(gradient=Tensor([1.0, 10.0], dtype="float64"), create_graph=True)
    assert x.grad.requires_grad
    (g,) = minigrad.grad(x.grad.sum(), x)
    assert g.tolist() == [12, 180]


def test_a_hook_that_is_registered_twice_is_removed_once():
    x = leaf(1.0)

    def double(g):
        return g * 2

    handle = x.register_hook(double)
    x.register_hook(double)
    handle.remove()
    (x * 3).backward()
    assert x.grad.item() == 6


@pytest.mark.parametrize("replacement", [np.ones(2), 1.0, minigrad.ones(3)], ids=["array", "number", "shape"])
def test_a_hook_that_returns_no_gradient_of_this_shape_is_an_error_that_says_so(replacement):
    x = leaf(1.0, 2.0)
    x.register_hook(lambda g: replacement)
    with pytest.raises(MinigradError, match="hook"):
        (x * 3).sum().backward()


@pytest.mark.parametrize("gradient", [np.ones(2), 1.0, "a"], ids=["array", "number", "text"])
def test_a_gradient_that_is_no_tensor_is_an_error_that_says_so(gradient):
    with pytest.raises(MinigradError, match="gradient"):
        (leaf(1.0, 2.0) * 2).backward(gradient)
