import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

import minigrad
from minigrad.errors import ArgumentError, DtypeError, ShapeError
from minigrad.models.beam_search import beam_search

V = 3
START = minigrad.tensor([[1, 0]])


def chain(seed, sharpness=2.0):
    """Return a random model of which the next token depends on the last two, and its table of log-probabilities."""
    table = special.log_softmax(sharpness * np.random.default_rng(seed).normal(size=(V, V, V)), -1)
    return (lambda tokens: minigrad.tensor(table[tokens.numpy()[:, -2], tokens.numpy()[:, -1]])), table


def score(table, text, penalty):
    total = sum(table[text[i - 2], text[i - 1], text[i]] for i in range(2, len(text)))
    return total / ((5 + len(text) - 2) / 6) ** penalty


def all_texts(n, stop):
    """List every text that ends with its first `stop`, or is n tokens long."""
    for length in range(1, n + 1):
        for new in product(range(V), repeat=length):
            if stop not in new[:-1] and (new[-1] == stop or length == n):
                yield [1, 0, *new]


@given(st.integers(0, 10**6), st.sampled_from([None, 2]), st.sampled_from([0.0, 0.6, 2.0, -1.0]), st.integers(1, 4))
def test_enough_beams_find_the_best_texts_of_all(seed, stop, penalty, n):
    model, table = chain(seed)
    found = beam_search(model, START, n, beams=V**n, length_penalty=penalty, stop=stop)
    expected = sorted(all_texts(n, stop), key=lambda text: -score(table, text, penalty))
    np.testing.assert_allclose([h.score for h in found], [score(table, text, penalty) for text in expected], rtol=1e-9)
    assert all(math.isclose(h.score, score(table, h.tokens, penalty), rel_tol=1e-9) for h in found)


@given(st.integers(0, 10**6))
def test_one_beam_is_greedy(seed):
    model, table = chain(seed)
    text = [1, 0]
    for _ in range(5):
        text.append(int(table[text[-2], text[-1]].argmax()))
    assert beam_search(model, START, 5, beams=1)[0].tokens == text


@given(st.integers(0, 10**6), st.integers(1, 5))
def test_scores_are_those_of_the_texts_and_come_best_first(seed, beams):
    model, table = chain(seed)
    found = beam_search(model, START, 6, beams=beams, length_penalty=0.7, stop=2)
    assert 1 <= len(found) <= beams and [h.score for h in found] == sorted((h.score for h in found), reverse=True)
    assert len({tuple(h.tokens) for h in found}) == len(found)
    for h in found:
        assert math.isclose(h.score, score(table, h.tokens, 0.7), rel_tol=1e-9) and 2 not in h.tokens[2:-1]


def test_a_promising_start_does_not_mislead_two_beams():
    table = np.full((V, V, V), -9.0)
    table[1, 0] = np.log([0.5, 0.4, 0.1])  # greedy takes 0, after which everything is unlikely
    table[0, 0] = np.log([0.34, 0.33, 0.33])
    table[0, 1] = np.log([0.98, 0.01, 0.01])
    model = lambda tokens: minigrad.tensor(table[tokens.numpy()[:, -2], tokens.numpy()[:, -1]])
    assert beam_search(model, START, 2, beams=1)[0].tokens == [1, 0, 0, 0]
    assert beam_search(model, START, 2, beams=2)[0].tokens == [1, 0, 1, 0]


def test_ended_texts_take_no_place_of_a_beam():
    table = np.full((V, V, V), -9.0)
    table[1, 0] = np.log([0.3, 0.25, 0.45])
    table[0, 0] = np.log([0.34, 0.33, 0.33])
    table[0, 1] = np.log([1e-9, 1e-9, 1.0])
    model = lambda tokens: minigrad.tensor(table[tokens.numpy()[:, -2], tokens.numpy()[:, -1]])
    assert [h.tokens for h in beam_search(model, START, 2, beams=2, stop=2)] == [[1, 0, 2], [1, 0, 1, 2]]


@pytest.mark.parametrize(("chances", "penalty", "n"), [((0.4, 0.1, 0.5), 2.0, 10), ((0.69, 0.01, 0.3), -1.0, 2)])
def test_a_beginning_that_may_still_win_is_followed(chances, penalty, n):
    def model(tokens):
        step = tokens.shape[1] - 1
        certain = [0.0, -99.0, -99.0] if step < n else [-99.0, -99.0, 0.0]
        return minigrad.tensor([np.log(chances).tolist() if step == 1 else certain] * len(tokens))

    best = beam_search(model, START, 50, beams=1, length_penalty=penalty, stop=2)[0]
    assert best.tokens == [1, 0, *[0] * (n - 1), 2]


def test_the_search_ends_when_no_beginning_can_catch_up():
    calls, (model, _) = [], chain(0)
    certain = lambda tokens: calls.append(tokens.shape) or minigrad.tensor([[0.0, 0.0, 20.0]] * len(tokens))
    assert beam_search(certain, START, 50, beams=1, stop=2)[0].tokens == [1, 0, 2] and len(calls) == 1
    impossible = lambda tokens: minigrad.where(minigrad.tensor([True, False, False]), model(tokens), -math.inf)
    assert [h.tokens for h in beam_search(impossible, START, 2, beams=3)] == [[1, 0, 0, 0]]
    assert beam_search(model, START, 0, beams=3) == [([1, 0], 0.0)]


@pytest.mark.parametrize(("call", "kind", "words"), [
    (lambda f: beam_search(f, START, 3, beams=0), ArgumentError, "beam_search: beams must be at least 1, got 0"),
    (lambda f: beam_search(f, START.expand(2, 2), 3), ShapeError, "beam_search: continues one sequence at a time, got tokens (2, 2)"),
    (lambda f: beam_search(f, START[0], 3), ShapeError, "beam_search: needs tokens (B, T) with T at least 1, got (2,)"),
    (lambda f: beam_search(f, START.float(), 3), DtypeError, "beam_search: tokens must be a tensor of integers"),
    (lambda f: beam_search(f, START, -3), ArgumentError, "max_new_tokens must not be negative, got -3"),
])  # fmt: skip
def test_bad_arguments_are_refused_with_their_values(call, kind, words):
    with pytest.raises(kind) as caught:
        call(chain(0)[0])
    assert words in str(caught.value)
