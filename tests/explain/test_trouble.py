import numpy as np
import pytest

import minigrad
from minigrad import Tensor, nn, ops
from minigrad.explain import explain, watching


def explained(f, *values, dtype="float64"):
    """Explain the gradient that f brings to a leaf."""
    x = Tensor(np.array(values, dtype), requires_grad=True)
    with np.errstate(all="ignore"), watching():
        loss = f(x)
    return explain(x, loss=loss)


@pytest.mark.parametrize(
    ("f", "cause", "text"),
    [
        (lambda x: (x - 9).relu().sum(), "dead relu", "none of its 2 inputs is above 0 (the largest is -7): it never fires"),
        (lambda x: (x * 1e3).sigmoid().sum(), "saturated", "its inputs, 1e+03 to 2e+03, are so large that its slope is 0"),
        (lambda x: (x * 1e3).tanh().sum(), "saturated", "tanh"),
        (lambda x: (x * 1.3).floor().sum(), "piecewise constant", "its slope is 0 everywhere"),
        (lambda x: x.clamp(max=0.5).sum(), "cut off", "clamp_max"),
        (lambda x: x.masked_fill(x > 0, 0).sum(), "cut off", "where"),
        (lambda x: (x * 0).sum(), "multiplied by zero", "the other factor is 0 everywhere"),
        (lambda x: (ops.softmax(x.reshape(2, 1), 1) * 3).sum(), "constant", "a softmax over an axis of size 1 is constant"),
        (lambda x: ops.dropout(x, 1.0).sum(), "multiplied by zero", "0 behind it"),
        (lambda x: (x.sum() - x.sum()) + 0 * x.new_ones(()), "zero", ""),
    ],
)  # fmt: skip
def test_the_op_that_kills_a_gradient_is_named_with_the_reason(f, cause, text):
    found = explained(f, 1.0, 2.0)
    assert found.cause == cause and text in found.text
    assert "is zero" in found.text and ("test_trouble.py:" in found.text or cause == "zero")


def test_a_gradient_that_fades_is_traced_to_the_op_that_loses_most():
    def f(x):
        for _ in range(20):
            x = (x * 2).sigmoid()
        return x.sum()

    found = explained(f, 1.0, 2.0)
    assert found.cause == "vanished" and "falls from 1 at the loss to" in found.text
    assert "over 41 ops. Most is lost in sigmoid, met 20 times, the worst of them" in found.text


def test_the_worst_of_several_places_is_named():
    def f(x):
        mild = x * 1e-2
        return (mild * 1e-9).sum()

    assert f"the worst of them {__file__}:{f.__code__.co_firstlineno + 2}" in explained(f, 1.0).text


def test_a_gradient_that_grows_is_traced_to_the_op_that_gains_most():
    def f(x):
        for _ in range(10):
            x = x * 10
        return x.sum()

    found = explained(f, 1.0)
    assert found.cause == "huge" and "grows from 1 at the loss to 1e+10 here" in found.text
    assert "Most is gained in mul, met 10 times" in found.text and "a factor of 1e+10 in all" in found.text


@pytest.mark.parametrize(
    ("f", "text"),
    [
        (lambda x: (x.log() * 0).sum(), "log, {here}, made -inf (1 of 2 values) of 0 to 1"),
        (lambda x: (1 / x).sum(), "div, {here}, made inf (1 of 2 values) of"),
        (lambda x: (x - 1).log().sum(), "log, {here}, made nan"),
        (lambda x: x.sqrt().sum(), "the slope of sqrt, {here}, is not finite for inputs of 0 to 1"),
        (lambda x: (x * minigrad.tensor([np.nan, 1.0], dtype="float64")).sum(), "leaf, shape (2,), is not finite, and goes into the loss"),
    ],
)  # fmt: skip
def test_the_op_that_first_made_a_nan_is_named(f, text):
    found = explained(f, 0.0, 1.0)
    assert found.cause == "not finite"
    assert all(part in found.text for part in text.split("{here}"))
    assert "test_trouble.py:" in found.text or "{here}" not in text


def test_a_leaf_that_is_not_finite_itself_is_said_to_be():
    assert "the tensor itself is not finite" in explained(lambda x: (x * x).sum(), np.nan, 1.0).text


def test_an_unwatched_graph_names_ops_without_lines():
    x = Tensor(np.array([1.0, 2.0]), requires_grad=True)
    found = explain(x, loss=(x - 9).relu().sum())
    assert found.cause == "dead relu" and "the gradient is 1 at relu, and 0 behind it" in found.text


def test_a_network_whose_hidden_units_are_all_dead_is_explained():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    nn.init.constant_(model[0].bias, -100.0)
    with watching():
        loss = model(minigrad.ones(4, 2)).sum()
    found = explain(model[0].weight, loss=loss)
    assert found.cause == "dead relu" and "none of its 12 inputs is above 0" in found.text
