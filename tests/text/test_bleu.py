import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.errors import ArgumentError
from minigrad.text.bleu import bleu, ngrams

sentences = st.lists(st.sampled_from("abcd"), max_size=8)


def words(text):
    return text.split()


def test_the_papers_example_of_clipping():
    the = words("the the the the the the the")
    references = [words("the cat is on the mat"), words("there is a cat on the mat")]
    assert math.isclose(bleu([the], [references], max_n=1), 2 / 7)


def test_a_value_worked_out_by_hand():
    # unigrams 5 of 6, bigrams 3 of 5, trigrams 1 of 4; six words against six, so no penalty
    predicted, reference = words("the cat sat on the mat"), words("the cat is on the mat")
    assert ngrams(predicted, 2) & ngrams(reference, 2) == {("the", "cat"): 1, ("on", "the"): 1, ("the", "mat"): 1}
    assert math.isclose(bleu([predicted], [[reference]], max_n=3), (5 / 6 * 3 / 5 * 1 / 4) ** (1 / 3))
    assert bleu([predicted], [[reference]]) == 0
    # smoothed: 5/6, 4/6, 2/5, 1/4
    assert math.isclose(bleu([predicted], [[reference]], smooth=True), (5 / 6 * 4 / 6 * 2 / 5 * 1 / 4) ** (1 / 4))


def test_a_short_translation_is_penalised_against_the_nearest_reference():
    predicted = words("a b c")
    assert math.isclose(bleu([predicted], [[words("a b c d e")]], max_n=1), math.exp(1 - 5 / 3))
    assert math.isclose(bleu([predicted], [[words("a b c d e"), words("a b c d")]], max_n=1), math.exp(1 - 4 / 3))
    assert bleu([predicted], [[words("a b c d"), words("a b")]], max_n=1) == 1  # 2 and 4 are as near: the shorter counts


def test_counts_are_pooled_over_the_corpus():
    predicted, references = [words("a b"), words("c d e f")], [[words("a x")], [words("c d e g")]]
    assert math.isclose(bleu(predicted, references, max_n=2), math.sqrt(4 / 6 * 2 / 4))


def test_values_of_sacrebleu():
    # sacrebleu 2.6.0, corpus_bleu(..., tokenize="none") / 100
    predicted = [words("the quality of mercy is not strained it drops"), words("to be or not to be that is the question"), words("all the world is a stage")]
    references = [
        [words("the quality of mercy is not strain'd it droppeth"), words("mercy is not forced it falls like rain")],
        [words("to be or not to be that's the question"), words("whether to live or to die that is what we ask")],
        [words("all the world 's a stage"), words("the whole world is one big stage")],
    ]  # fmt: skip
    assert math.isclose(bleu(predicted, references), SACREBLEU, rel_tol=1e-9)


SACREBLEU = 0.5871530569728229


@given(st.lists(st.tuples(sentences, st.lists(sentences, min_size=1, max_size=3)), min_size=1, max_size=4), st.booleans())
def test_it_lies_between_0_and_1_and_a_reference_itself_gets_1(pairs, smooth):
    predicted, references = [p for p, _ in pairs], [r for _, r in pairs]
    assert 0 <= bleu(predicted, references, smooth=smooth) <= 1 + 1e-12
    own = [[*r[0], *"abcd"] for r in references]
    assert math.isclose(bleu(own, [[sentence] for sentence in own]), 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([["a"]], []), "there are 1 predictions and 0 references"), (([["a"]], [[]]), "sentence 0 has no reference"),
        ((["a b"], [[["a"]]]), "sentence 0 or its references are strings(?s:.)*Hint: a sentence is a list of tokens"),
        (([["a"]], [["a b"]]), "sentence 0 or its references are strings"), (([["a"]], ["a b"]), "sentence 0 or its references are strings"),
        (([["a"]], [[["a"]]], 0), "max_n must be at least 1, got 0"),
    ],
)  # fmt: skip
def test_bad_arguments_are_told(arguments, message):
    with pytest.raises(ArgumentError, match=f"bleu: {message}"):
        bleu(*arguments)
