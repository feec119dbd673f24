"""Objects with forward and backward, as courses write them: gradients returned, assigned, or added to what is there."""

import numpy as np
import pytest

from minigrad.testing import gradcheck
from minigrad.testing.adapters.layers import gradients_of, is_layer, parameters_of

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 3))


class Relu:
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


class ByAttribute:
    """dW and db are made in backward."""

    def __init__(self, dtype=np.float64, factor=1):
        self.W, self.b, self.factor = RNG.normal(size=(3, 2)).astype(dtype), np.zeros(2, dtype), factor

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW, self.db = self.factor * self.x.T @ dy, dy.sum(0)
        return dy @ self.W.T


class ByLists:
    """The gradients are added to arrays in a list."""

    def __init__(self, factor=1):
        self.params = [RNG.normal(size=(3, 2)).astype(np.float32), np.zeros(2, np.float32)]
        self.grads, self.factor = [np.zeros_like(p) for p in self.params], factor

    def forward(self, x):
        w, b = self.params
        self.x = x
        return x @ w + b

    def backward(self, dy):
        self.grads[0] += self.factor * self.x.T @ dy
        self.grads[1] += dy.sum(0)
        return dy @ self.params[0].T


class ByDicts:
    def __init__(self, factor=1):
        self.params, self.grads, self.factor = {"W": RNG.normal(size=(3, 2))}, {}, factor

    def forward(self, x):
        self.x = x
        return x @ self.params["W"]

    def backward(self, dout):
        self.grads["W"] = self.factor * self.x.T @ dout
        return dout @ self.params["W"].T


class Shared(ByAttribute):
    """The list and the attributes hold the same arrays."""

    def __init__(self, factor=1):
        super().__init__(np.float32, factor)
        self.params, self.grads = [self.W, self.b], [np.zeros_like(self.W), np.zeros_like(self.b)]

    def backward(self, dy):
        self.grads[0][...] = self.factor * self.x.T @ dy
        self.grads[1][...] = dy.sum(0)
        return dy @ self.W.T


def test_a_layer_without_parameters_is_checked_by_its_input():
    assert [c.name for c in gradcheck(Relu(), X).covered] == ["x"]


@pytest.mark.parametrize("kind, names", [(ByAttribute, ["x", "W", "b"]), (ByLists, ["x", "params[0]", "params[1]"]), (ByDicts, ["x", "W"]), (Shared, ["x", "W", "b"])])
def test_parameters_are_found_and_their_gradients_checked(kind, names):
    assert [c.name for c in gradcheck(kind(), X).covered] == names
    report = gradcheck(kind(factor=2), X, raise_exception=False)
    assert report.entries[0].name == names[1] and report.diagnosis[0] == "factor:2"


def test_the_layer_is_left_as_it_was():
    layer = ByLists()
    before = [p.copy() for p in layer.params]
    gradcheck(layer, X)
    assert all(np.array_equal(p, q) and p.dtype == np.float32 for p, q in zip(layer.params, before, strict=True))
    assert not any(g.any() for g in layer.grads) and not hasattr(layer, "x")


def test_an_input_gradient_that_grows_from_call_to_call_is_found():
    class Growing(Relu):
        total = 0

        def backward(self, dy):
            self.total = self.total + dy * self.mask
            return self.total

    assert gradcheck(Growing(), X, raise_exception=False).diagnosis == ("accumulates",)


def test_a_layer_that_raises_is_reported_by_the_check_and_not_by_the_rehearsal():
    class Broken(Relu):
        def backward(self, dy):
            return dy * self.nothing

    report = gradcheck(Broken(), X, raise_exception=False)
    assert report.kind == "raises" and "backward raised AttributeError" in report.sentence


def test_what_is_a_layer_and_what_are_its_parameters():
    assert is_layer(Relu()) and not is_layer(np.exp) and not is_layer(3)
    layer = ByAttribute()
    assert set(parameters_of(layer)) == {"W", "b"} and gradients_of(layer) == {}
    layer.forward(X)
    layer.backward(np.ones((4, 2)))
    assert set(gradients_of(layer)) == {"W", "b"}


@pytest.mark.parametrize("spelling", ["dw", "d_w", "grad_w", "w_grad"])
def test_the_spellings_of_a_gradient(spelling):
    layer = Relu()
    layer.w = np.ones(3)
    setattr(layer, spelling, np.zeros(3))
    assert set(gradients_of(layer)) == {"w"}
