"""Modules are checked with their parameters, by name, on a copy."""

import numpy as np

import minigrad
from minigrad import nn
from minigrad.autograd import record
from minigrad.testing import gradcheck, gradgradcheck

X = np.random.default_rng(0).normal(size=(4, 3))


class Wrong(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(3, 2)

    def forward(self, x):
        w, b = self.inner.weight, self.inner.bias
        return record("linear", x.array @ w.array.T + b.array, (x, lambda dy, _: dy @ w), (w, lambda dy, _: 2 * dy.t() @ x),
                      (b, lambda dy, _: dy.sum(0)))  # fmt: skip


def test_parameters_are_inputs_under_their_names():
    report = gradcheck(nn.Sequential(nn.Linear(3, 2), nn.Tanh()), X)
    assert [c.name for c in report.covered] == ["input", "0.weight", "0.bias"]
    assert gradgradcheck(nn.Sequential(nn.Linear(3, 2), nn.Tanh()), X)


def test_a_wrong_rule_of_a_parameter_is_named():
    report = gradcheck(Wrong(), X, raise_exception=False)
    assert report.entries[0].name == "inner.weight" and report.diagnosis[0] == "factor:2" and report.function == "Wrong"
    assert gradcheck(Wrong(), X, wrt=["x", "inner.bias"])


def test_the_module_is_left_as_it_was():
    norm = nn.BatchNorm1d(3)
    before = {key: value.numpy().copy() for key, value in norm.state_dict().items()}
    assert gradcheck(norm, X) and gradgradcheck(norm, X)
    for key, value in norm.state_dict().items():
        assert value.dtype == before[key].dtype and np.array_equal(value.numpy(), before[key])
    assert all(p.grad is None for p in norm.parameters())


class Counting(nn.Module):
    """Multiplies by how often it was called."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", minigrad.zeros(1))

    def forward(self, x):
        self.calls = self.calls + 1
        return x * self.calls


def test_buffers_are_wound_back_before_each_call():
    assert gradcheck(Counting(), X)


def test_frozen_parameters_are_not_checked():
    layer = nn.Linear(3, 2)
    layer.weight.requires_grad = False
    assert [c.name for c in gradcheck(layer, X).covered] == ["input", "bias"]


def test_shared_parameters_are_one_input():
    layer = nn.Linear(3, 3)
    assert [c.name for c in gradcheck(nn.Sequential(layer, nn.Tanh(), layer), X).covered] == ["input", "0.weight", "0.bias"]


def test_a_module_of_indices_is_checked_by_its_parameters():
    report = gradcheck(nn.Embedding(5, 2), np.array([0, 3, 3]))
    assert [c.name for c in report.covered] == ["weight"]


def test_dropout_is_refused_while_training_and_checked_in_eval_mode():
    layer = nn.Dropout(0.5)
    report = gradcheck(layer, X, raise_exception=False)
    assert report.kind == "nondeterministic" and gradcheck(layer.eval(), X)


def test_the_snippet_loads_the_parameters():
    report = gradcheck(Wrong(), X, raise_exception=False)
    assert 'load_state_dict({"inner.weight": np.array(' in report.repro()
