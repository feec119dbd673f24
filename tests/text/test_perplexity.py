import math

import numpy as np
import pytest

import minigrad
from minigrad.errors import ArgumentError
from minigrad.text.perplexity import corpus_perplexity, perplexity


def test_it_is_the_geometric_mean_of_one_over_the_probabilities():
    rng = np.random.default_rng(0)
    logits, targets = rng.normal(size=(2, 3, 5)), rng.integers(0, 5, (2, 3))
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    chosen = np.take_along_axis(p, targets[..., None], -1)
    expected = np.prod(1 / chosen) ** (1 / 6)
    assert math.isclose(perplexity(minigrad.from_numpy(logits), minigrad.from_numpy(targets)), expected, rel_tol=1e-9)


def test_every_token_counts_once_whatever_its_batch():
    rng = np.random.default_rng(1)
    logits, targets = minigrad.from_numpy(rng.normal(size=(7, 4))), minigrad.from_numpy(rng.integers(0, 4, 7))
    batches = [(logits[:5], targets[:5]), (logits[5:], targets[5:])]
    assert math.isclose(corpus_perplexity(lambda x: x, batches), perplexity(logits, targets), rel_tol=1e-9)


def test_padding_does_not_count():
    logits = minigrad.zeros(3, 10)
    assert math.isclose(perplexity(logits, minigrad.tensor([1, -100, -100])), 10, rel_tol=1e-6)
    with pytest.raises(ArgumentError, match="there is no target that counts"):
        perplexity(logits, minigrad.tensor([-100] * 3))
    with pytest.raises(ArgumentError, match="there is no target that counts"):
        corpus_perplexity(lambda x: x, [])


def test_an_impossible_token_is_infinitely_surprising():
    assert perplexity(minigrad.tensor([[0.0, -math.inf]]), minigrad.tensor([1])) == math.inf
    assert perplexity(minigrad.tensor([[0.0, -1e4]]), minigrad.tensor([1])) == math.inf
