import functools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.errors import ArgumentError
from minigrad.text.edit_distance import edit_distance, error_rate, exact_match

words = st.text("abc", max_size=7)


@functools.cache
def by_recursion(a, b):
    if not a or not b:
        return len(a) + len(b)
    return min(by_recursion(a[1:], b) + 1, by_recursion(a, b[1:]) + 1, by_recursion(a[1:], b[1:]) + (a[0] != b[0]))


@given(words, words)
def test_it_is_the_recursive_definition(a, b):
    assert edit_distance(a, b) == by_recursion(a, b)


@given(words, words, words)
def test_it_is_a_metric(a, b, c):
    assert (edit_distance(a, b) == 0) == (a == b)
    assert edit_distance(a, b) == edit_distance(b, a) <= edit_distance(a, c) + edit_distance(c, b)


@given(st.text("abcdef", max_size=30), st.integers(0, 4), st.integers(0, 99))
def test_k_edits_are_at_most_k_away(text, k, seed):
    rng, changed = random.Random(seed), list(text)
    for _ in range(k):
        i = rng.randrange(len(changed) + 1)
        changed[i : i + rng.randrange(2)] = rng.choice(["", "x"])
    assert edit_distance(text, changed) <= k


def test_sequences_of_anything_are_compared():
    assert edit_distance(["HH", "AY1"], ["HH", "EY1", "Z"]) == 2
    assert edit_distance([1, "1", None], [1, None]) == 1
    assert edit_distance("ab" * 2000, "ba" * 2000) == 2


def test_rates_weigh_references_by_their_length():
    assert error_rate(["a", "bcd"], ["x", "bcde"]) == 2 / 5
    assert error_rate(["abc"], ["a"]) == 2.0
    assert exact_match([[1, 2], [3]], [[1, 2], [4]]) == 0.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: error_rate(["a"], []), "error_rate: there are 1 predictions and 0 references"),
        (lambda: exact_match([], []), "exact_match: there are 0 predictions and 0 references"),
        (lambda: error_rate([""], [""]), "the references are empty, there is nothing to divide by"),
        (lambda: error_rate("abc", "abc"), "the predictions should be a list, they are one str"),
        (lambda: exact_match(["a"], "b"), "the references should be a list"),
    ],
)
def test_nothing_to_compare_is_an_error(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()
