import numpy as np
import pytest

from minigrad import Tensor, no_grad
from minigrad.explain import explain, watching


def leaf(*values):
    return Tensor(np.array(values), requires_grad=True)


def cut(how, watched=True):
    """Explain the gradient of a leaf whose way to the loss is cut."""
    x, other = leaf(1.0, 2.0), leaf(3.0, 4.0)
    if not watched:
        return explain(x, loss=(how(x) * other).sum())
    with watching():
        loss = (how(x) * other).sum()
    return explain(x, loss=loss)


def under_no_grad(x):
    with no_grad():
        return x.exp()


def deep_under_no_grad(x):
    return (under_no_grad(x * 2) + 1).sin()


@pytest.mark.parametrize(
    ("how", "cause", "text"),
    [
        (lambda x: x.detach(), "detached", "is None: mul, {here}, was given a detached copy of the leaf of shape (2,)"),
        (lambda x: (x * 2).detach(), "detached", "mul, {here}, was given a detached copy of the mul of shape (2,)"),
        (lambda x: x.data, "detached", "was given a detached copy of the leaf"),
        (under_no_grad, "no_grad", "is None: exp, {here}, was computed under no_grad"),
        (deep_under_no_grad, "no_grad", "is None: exp, {here}, was computed under no_grad"),
        (lambda x: Tensor(x.numpy() * 2), "not reached", "was not computed from it, or only through item(), numpy()"),
        (lambda x: x > 1, "not reached", "was not computed from it, or only through item(), numpy() or a comparison"),
    ],
)
def test_the_place_where_the_way_is_cut_is_named(how, cause, text):
    found = cut(how)
    assert found.cause == cause
    for part in text.split("{here}"):
        assert part in found.text
    assert "test_missing.py:" in found.text or "{here}" not in text


@pytest.mark.parametrize("how", [lambda x: x.detach(), under_no_grad, lambda x: Tensor(x.numpy())])
def test_without_a_watcher_the_ways_to_cut_it_are_listed(how):
    found = cut(how, watched=False)
    assert found.cause == "not reached"
    assert "may be cut by no_grad, detach(), item(), numpy(): compute inside `with watching():`" in found.text


def test_a_loss_without_any_history_is_explained_as_well():
    x = leaf(1.0)
    with watching():
        loss = x.detach().sum()
    assert explain(x, loss=loss).cause == "detached"


def test_a_graph_that_was_freed_unwatched_cannot_be_explained():
    x = leaf(1.0)
    loss = (x * x).sum()
    loss.backward()
    found = explain(x, loss=loss)
    assert found.cause == "freed" and "was freed by an earlier backward, and nobody watched" in found.text
