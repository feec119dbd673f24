"""The decorator form of a law: a test over drawn inputs, shrunk to the smallest that fails."""

import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.autograd import record
from minigrad.errors import LawError
from minigrad.testing import laws
from minigrad.testing.strategies import shapes, st, tensors

DRAWN = []


@laws.causality(tensors((2, 4), values="distinct"), examples=10)
def test_a_running_sum_is_causal(x):
    DRAWN.append(x.shape)
    return x.cumsum(1)


@laws.linearity(tensors(shapes()), tensors((1,)))
def test_a_product_has_a_linear_backward(x, y):
    return x * y


test_a_layer_saves = laws.saving(tensors((2, 3), dtype="float32"), examples=5)(nn.Linear(3, 2))


@laws.padding_invariance(tensors((2, 3), values="distinct"), st.just([3, 1]), examples=5)
def test_a_masked_sum_ignores_padding(x, lengths):
    steps = minigrad.arange(x.shape[1])
    return minigrad.where(steps < minigrad.tensor(lengths).reshape(2, 1), x, 0.0).sum(1)


def test_as_many_examples_are_drawn_as_asked_for():
    DRAWN.clear()
    test_a_running_sum_is_causal()
    assert len(DRAWN) >= 10


def test_a_broken_law_names_the_law_and_shows_the_smallest_input():
    @laws.linearity(tensors(shapes(), values="grid"))
    def test_square(x):
        return record("wrong", x.array**2, (x, lambda dy, _: 2 * x))

    with pytest.raises(LawError, match="linearity of the backward of test_square") as error:
        test_square()
    assert "xs=(from_numpy(array(0.25)),)" in "".join(error.value.__notes__)


def test_a_function_that_is_not_deterministic_is_called_that():
    calls = []

    @laws.causality(tensors((1, 3), values="distinct"))
    def test_noise(x):
        calls.append(1)
        return x.cumsum(1) + (x.flip(1) if 40 < len(calls) < 60 else 0.0)

    with pytest.raises(LawError, match="test_noise: not deterministic: the same input gave different results"):
        test_noise()


def test_a_law_keeps_the_name_and_the_words_of_what_it_decorates():
    assert test_a_running_sum_is_causal.__name__ == "test_a_running_sum_is_causal"
    assert test_a_layer_saves.__name__ == "Linear" and test_a_running_sum_is_causal.__module__ == __name__
    assert laws.causality.__name__ == "causality" and "later input" in laws.causality.__doc__


def test_fixed_inputs_need_no_strategy():
    laws.adjoint_identity(np.ones(3), examples=1)(minigrad.tanh)()
