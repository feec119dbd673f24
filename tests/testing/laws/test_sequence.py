"""Causality and padding invariance: honest sequence functions pass, each leak is found and named."""

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, nn, where
from minigrad.errors import ArgumentError, LawError
from minigrad.testing.laws import check_causality, check_padding_invariance

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 5, 3))
LENGTHS = [5, 3]


def attention(x, causal=True, diagonal=1):
    scores = x @ x.mT
    if causal:
        T = x.shape[1]
        scores = scores.masked_fill(minigrad.triu(minigrad.ones(T, T), diagonal).bool(), -np.inf)
    return scores.softmax(-1) @ x


class Block(nn.Module):
    def __init__(self, causal):
        super().__init__()
        self.embedding, self.causal = nn.Embedding(7, 4), causal

    def forward(self, tokens):
        return attention(self.embedding(tokens), self.causal)


def test_masked_attention_is_causal_and_so_is_a_model_on_tokens():
    check_causality(attention, X)
    check_causality(Block(True), np.array([[1, 2, 3, 0], [6, 6, 0, 1]]))


def test_steps_may_lie_on_another_axis():
    check_causality(lambda x: x.cumsum(0), X, axis=0)
    check_causality(lambda x: x.cumsum(2), X, axis=2)


LEAKS = {
    "no mask": (lambda x: attention(x, False), "step 0 changes by"),
    "a mask one step off": (lambda x: attention(x, diagonal=2), r"step 3 changes by \S+ when the input at step 4 changes"),
    "a mean over all steps": (lambda x: x - x.mean(1, keepdim=True), "step 0"),
    "one step of the future": (lambda x: x + x.roll(-1, 1), r"step 0 changes by \S+ when the input at step 1|step 3"),
    "a flip": (lambda x: x.flip(1), "step 0"),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_look_into_the_future_is_found_and_named(leak):
    f, told = LEAKS[leak]
    with pytest.raises(LawError, match="causality of <lambda>: the output at " + told):
        check_causality(f, X)


def test_a_model_on_tokens_that_sees_the_future_is_found():
    with pytest.raises(LawError, match="causality of Block: the output at step 0"):
        check_causality(Block(False), np.array([[1, 2, 3, 0]]))


def test_an_output_without_the_steps_is_refused():
    with pytest.raises(LawError, match=r"the output needs the 5 steps of the input on axis 1, got shape \(2, 3\)"):
        check_causality(lambda x: x.sum(1), X)


def test_a_constant_is_causal_in_a_way_that_says_nothing():
    with pytest.raises(LawError, match="causality of <lambda>: no change of the input changed the output"):
        check_causality(lambda x: minigrad.ones_like(x), X)


def test_of_long_sequences_some_steps_are_changed():
    calls = []

    def counted(x):
        calls.append(1)
        return x.cumsum(1)

    check_causality(counted, RNG.normal(size=(1, 100)))
    assert 30 < len(calls) < 40


def seen(x, lengths):
    return minigrad.arange(x.shape[1]).reshape(1, -1, 1) < minigrad.tensor(lengths).reshape(-1, 1, 1)


def masked_mean(x, lengths):
    return where(seen(x, lengths), x, 0.0).sum(1) / minigrad.tensor(lengths).reshape(-1, 1)


def masked_attention(x, lengths):
    scores = (x @ x.mT).masked_fill(seen(x, lengths).mT.logical_not(), -np.inf)
    return scores.softmax(-1) @ x


def test_masked_sums_and_masked_attention_ignore_the_padding():
    check_padding_invariance(masked_mean, X, LENGTHS)
    check_padding_invariance(masked_attention, X, LENGTHS)
    check_padding_invariance(lambda x, lengths: x * 2, X, LENGTHS)


PADDING = {
    "a sum over the padding": (lambda x, n: x.sum(1), "with other values in the padding: the output for sequence 1 of length 3"),
    "attention to the padding": (lambda x, n: attention(x, False), "with other values in the padding: the output for sequence 1"),
    "a mean over all steps": (lambda x, n: where(seen(x, n), x, 0.0).mean(1), "with 2 more steps of padding: the output for sequence 0 of length 5"),
}


@pytest.mark.parametrize("wrong", PADDING)
def test_influence_of_the_padding_is_found_and_named(wrong):
    f, told = PADDING[wrong]
    with pytest.raises(LawError, match="padding invariance of <lambda> " + told):
        check_padding_invariance(f, X, LENGTHS)


def test_a_function_that_ignores_its_input_is_refused():
    with pytest.raises(LawError, match="says nothing"):
        check_padding_invariance(lambda x, n: Tensor(np.ones((2, 3))), X, LENGTHS)


@pytest.mark.parametrize("lengths", [[5], [6, 1]])
def test_lengths_that_do_not_fit_the_input_are_refused(lengths):
    with pytest.raises(ArgumentError, match=r"lengths up to \d for an input of \(2, 5, 3\)"):
        check_padding_invariance(masked_mean, X, lengths)
