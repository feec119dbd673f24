import numpy as np
import pytest

import minigrad
from minigrad.data import load
from minigrad.errors import ArgumentError, StateError
from minigrad.io import load_file
from minigrad.models.bert import BERT, SentenceEncoder
from minigrad.pretrained.sentence_bert import SentenceBERT, load_sentence_bert, padded, with_weights
from minigrad.text import WordPieceTokenizer

TEXTS = ["to be or not", "to be", "that is the question", "to be or not"]


@pytest.fixture(scope="module")
def small():
    minigrad.manual_seed(0)
    tokenizer = WordPieceTokenizer.train(" ".join(TEXTS), 40)
    return SentenceBERT(SentenceEncoder(BERT(len(tokenizer), 256, 2, 2, 8, 16)), tokenizer)


@pytest.fixture(scope="module")
def model(weights):
    weights("sentence_bert")
    return load_sentence_bert()


@pytest.mark.pretrained
def test_the_vectors_are_those_of_another_implementation(model, reference):
    known = reference("sentence_bert.json")
    assert [model.tokenizer.encode(text, max_length=256) for text in known["texts"]] == known["ids"]
    np.testing.assert_allclose(model.encode(known["texts"]), reference("sentence_bert.npz")["vectors"], atol=1e-5)


@pytest.mark.pretrained
def test_like_meanings_are_near_and_others_far(model):
    pairs = [("The new movie is awesome", "The new movie is so great"), ("The cat sits outside", "The dog plays in the garden"),
             ("A man is playing guitar", "A woman watches TV")]  # fmt: skip
    cosines = [float(a @ b) for a, b in map(model.encode, pairs)]
    assert [round(c, 4) for c in cosines] == [0.8939, 0.2838, -0.0327]  # as the documentation of the weights gives them


@pytest.mark.pretrained
@pytest.mark.slow
def test_a_search_finds_a_speech_by_what_it_means(model):
    speeches = [speech for speech in load("speeches", "test").x if len(speech.split()) < 30]
    best, cosine = model.search("sorrow over a friend who died", model.encode(speeches), 1)[0]
    assert cosine > 0.4 and "the death of a dear friend" in speeches[best]


@pytest.mark.pretrained
def test_a_checkpoint_without_a_layer_is_refused_by_its_name(model, weights):
    state = load_file(weights("sentence_bert")[0])
    del state["encoder.layer.5.output.dense.bias"]
    with pytest.raises(StateError, match=r"missing keys: encoder\.layers\.5\.linear2\.bias"):
        with_weights(state, model.tokenizer)


def test_a_vector_does_not_depend_on_the_texts_beside_it(small):
    together = small.encode(TEXTS, batch_size=3)
    alone = np.concatenate([small.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, rtol=1e-6)


def test_a_search_ranks_by_the_cosine(small):
    vectors = small.encode(TEXTS)
    found = small.search("to be", vectors, k=4)
    assert found[0][0] == 1 and abs(found[0][1] - 1) < 1e-6
    assert [c for _, c in found] == sorted((c for _, c in found), reverse=True)
    assert {i for i, _ in found} == {0, 1, 2, 3}


def test_empty_texts_and_no_texts_have_vectors_too(small):
    assert small.encode([""]).shape == (1, 8) and small.encode([]).shape == (0, 8)
    assert len(small.encode(["be " * 1000])) == 1


def test_a_single_string_is_not_a_list_of_texts(small):
    with pytest.raises(ArgumentError, match=r"encode: needs a list of texts, got one string\nHint: encode\(\[text\]\)"):
        small.encode("to be")
    with pytest.raises(ArgumentError, match="the text should be a string, it is a NoneType"):
        small.encode([None])


def test_rows_are_filled_up_and_the_mask_says_where():
    tokens, mask = padded([[1, 2, 3], [4]], 9)
    assert tokens.tolist() == [[1, 2, 3], [4, 9, 9]] and mask.tolist() == [[1, 1, 1], [1, 0, 0]]
