from collections import Counter
from itertools import pairwise
from operator import add

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.text.merges import apply_merges, learn_merges, merge_once

words = st.dictionaries(st.text("abc", min_size=1, max_size=7).map(tuple), st.integers(1, 4), max_size=6)


def learn_by_counting_again(words, n):
    """The definition: after every merge count all pairs of all words anew."""
    spelled, merges = [(list(word), count) for word, count in words.items()], []
    for _ in range(n):
        total = Counter()
        for word, count in spelled:
            for pair in pairwise(word):
                total[pair] += count
        best = min(total, key=lambda pair: (-total[pair], pair), default=None)
        if best is None or total[best] < 2:
            break
        merges.append(best)
        spelled = [(merge_once(word, best, add(*best)), count) for word, count in spelled]
    return merges


def apply_by_repetition(word, ranks):
    """The definition: the pair of lowest rank is merged, the leftmost first, until there is none."""
    word = list(word)
    while candidates := [(ranks[pair], i) for i, pair in enumerate(pairwise(word)) if pair in ranks]:
        _, i = min(candidates)
        word[i : i + 2] = [word[i] + word[i + 1]]
    return word


@given(words, st.integers(0, 12))
def test_the_merges_are_those_of_counting_everything_again(words, n):
    assert learn_merges(words, n, add) == learn_by_counting_again(words, n)


@given(words, st.text("abc", max_size=14))
def test_a_word_is_merged_as_by_repeating_the_first_merge_that_fits(words, word):
    ranks = {pair: rank for rank, pair in enumerate(learn_merges(words, 12, add))}
    assert apply_merges(list(word), ranks, add) == apply_by_repetition(word, ranks)


@given(st.text("ab", max_size=10), st.permutations([("a", "a"), ("aa", "a"), ("a", "b"), ("b", "b"), ("aa", "aa"), ("ab", "ab"), ("b", "a")]))
def test_so_it_is_for_ranks_that_no_training_gives(word, pairs):
    ranks = {pair: rank for rank, pair in enumerate(pairs)}
    assert apply_merges(list(word), ranks, add) == apply_by_repetition(word, ranks)


def test_the_example_of_the_paper():
    counts = {tuple("low_"): 5, tuple("lower_"): 2, tuple("newest_"): 6, tuple("widest_"): 3}
    assert learn_merges(counts, 4, add) == [("e", "s"), ("es", "t"), ("est", "_"), ("l", "o")]


def test_the_smallest_of_equally_frequent_pairs_comes_first_and_rare_ones_never():
    assert learn_merges({("b", "a"): 2, ("a", "c"): 2, ("x", "y"): 1}, 9, add) == [("a", "c"), ("b", "a")]
    assert learn_merges({("x", "y"): 1}, 9, add, min_count=1) == [("x", "y")]


@pytest.mark.parametrize(("word", "merged"), [("", []), ("a", ["a"]), ("aa", ["aa"]), ("aaa", ["aa", "a"]), ("baab", ["b", "aa", "b"])])
def test_a_pair_is_merged_from_the_left_without_overlap(word, merged):
    assert merge_once(list(word), ("a", "a"), "aa") == merged


def test_a_long_word_takes_no_quadratic_time():
    n = 100_000
    assert apply_merges(["a"] * n, {("a", "a"): 0, ("aa", "aa"): 1}, add) == ["aaaa"] * (n // 4)
