"""`explain` on one network, from the outside; its parts have modules of their own."""

import re
import subprocess
import sys

import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.errors import ArgumentError, DtypeError
from minigrad.explain import explain, watching


def network():
    minigrad.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    x = minigrad.tensor(np.random.default_rng(0).normal(size=(5, 4)).astype("float32"))
    return model, x, minigrad.tensor([0, 1, 2, 0, 1])


def test_a_result_gives_a_table_and_a_leaf_a_sentence():
    model, x, y = network()
    loss = nn.functional.cross_entropy(model(x), y)
    assert "cross_entropy" in str(explain(loss))
    assert "nothing is wrong with it" in str(explain(model[0].weight, loss=loss))


def test_the_function_is_public_under_its_name():
    assert minigrad.explain is explain


def test_importing_it_costs_nothing():
    code = "import sys, minigrad; print([m for m in sys.modules if m.startswith('minigrad.explain.')])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "['minigrad.explain.watch']"


def test_looking_changes_nothing():
    model, x, y = network()
    calls = []
    with watching():
        hidden = model[0](x)
        hidden.register_hook(calls.append)
        hidden.retain_grad()
        loss = nn.functional.cross_entropy(model[2](hidden.relu()), y)
    edges = loss.edges
    explain(loss), explain(loss, compare="numeric"), explain(model[0].weight, loss=loss)
    assert loss.edges is edges and not calls and hidden.grad is None
    assert all(p.grad is None for p in model.parameters())
    loss.backward()
    assert len(calls) == 1 and hidden.grad is not None


def test_after_backward_a_graph_that_was_watched_is_still_there():
    model, x, y = network()
    with watching():
        loss = nn.functional.cross_entropy(model(x), y)
    before = str(explain(loss))
    loss.backward()
    assert str(explain(loss)) == before


def test_numeric_says_how_many_rules_were_compared():
    model, x, y = network()
    with watching():
        loss = nn.functional.cross_entropy(model(x), y)
    assert re.search(r"([1-9]\d*) of \1 rules compared with differences; none is wrong.", str(explain(loss, compare="numeric")))
    loss = nn.functional.cross_entropy(model(x), y)
    assert "No rule could be compared: compute inside `with watching():`" in str(explain(loss, compare="numeric"))


def test_arguments_that_make_no_sense_are_refused():
    with pytest.raises(ArgumentError, match="compare is 'exact'; use \"numeric\" or leave it out"):
        explain(minigrad.ones(1), compare="exact")
    with pytest.raises(DtypeError, match="explain: loss must be a tensor, got float"):
        explain(minigrad.ones(1), loss=1.0)
