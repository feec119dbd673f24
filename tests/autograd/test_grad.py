"""grad() returns what backward() would add, of any values, with a graph of its own if asked for."""

import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from minigrad.autograd import grad, record
from minigrad.errors import GradientError


def leaf(*values, dtype="float64"):
    return Tensor(np.array(values, dtype), requires_grad=True)


def test_grad_leaves_every_dot_grad_alone():
    x, w = leaf(2.0), leaf(3.0)
    dx, dw = grad((x * w).sum(), [x, w])
    assert dx.item() == 3 and dw.item() == 2 and x.grad is None and w.grad is None


def test_grad_of_an_inner_value_stops_there():
    x = leaf(2.0)
    y = x * x
    z = (y * 3).sum()
    assert grad(z, y, retain_graph=True)[0].item() == 3
    assert [g.item() for g in grad(z, [x, y])] == [12, 3]


def test_grad_of_something_unused_is_an_error_or_none():
    x, other = leaf(2.0), leaf(1.0)
    with pytest.raises(GradientError, match="do not depend on input 1"):
        grad((x * 2).sum(), [x, other], retain_graph=True)
    assert grad((x * 2).sum(), [x, other], allow_unused=True)[1] is None


def test_grad_runs_no_rule_for_leaves_that_are_not_asked_for():
    x, w = leaf(2.0), leaf(3.0)

    def never(dy, _):
        raise AssertionError("this rule is not needed")

    y = record("picky", x.array * w.array, (x, lambda dy, _: dy * 3.0), (w, never))
    assert grad(y, x)[0].item() == 3


def test_several_outputs_and_cotangents_add_up():
    x = leaf(2.0, 3.0)
    dx, = grad([x * x, x], [x], [Tensor([1.0, 0.0], dtype="float64"), Tensor([5.0, 5.0], dtype="float64")])
    assert dx.tolist() == [9, 5]


def test_create_graph_leaves_a_graph_of_the_gradient():
    x = leaf(2.0)
    (first,) = grad((x**3).sum(), x, create_graph=True)
    (second,) = grad(first.sum(), x, create_graph=True)
    (third,) = grad(second.sum(), x)
    assert [first.item(), second.item(), third.item()] == [12, 12, 6]


def test_without_create_graph_gradients_have_no_history():
    x = leaf(2.0)
    (x**3).sum().backward()
    assert not x.grad.requires_grad


def test_a_hook_sees_and_may_replace_the_gradient():
    x = leaf(2.0)
    y = x * 3
    seen = []
    y.register_hook(lambda g: seen.append(g.item()))
    doubled = y.register_hook(lambda g: g * 2)
    (y * 5).backward()
    assert seen == [5] and x.grad.item() == 30
    doubled.remove()
    x.grad = None
    z = x * 3
    z.register_hook(lambda g: g + 1).remove()
    (z * 5).backward()
    assert x.grad.item() == 15


def test_a_leaf_hook_sees_the_sum_of_all_paths_once():
    x, seen = leaf(2.0), []
    x.register_hook(lambda g: seen.append(g.item()))
    (x * 3 + x * 4).backward()
    assert seen == [7]


def test_retain_grad_keeps_the_gradient_of_an_inner_value():
    x = leaf(2.0)
    y = x * 3
    y.retain_grad()
    (y * y).backward()
    assert y.grad.item() == 12 and x.grad.item() == 36


def test_grad_runs_no_rule_of_a_tensor_older_than_all_that_is_wanted():
    ran = []
    x = Tensor([2.0], requires_grad=True)
    h = record("double", x.array * 2, (x, lambda dy, _: ran.append(1) or dy * 2))
    middle = h * 1
    (dm,) = minigrad.grad((middle * middle).sum(), middle)
    assert dm.tolist() == [8.0] and ran == []
