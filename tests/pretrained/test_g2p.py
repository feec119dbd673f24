import numpy as np
import pytest

import minigrad
from minigrad.data import load
from minigrad.errors import ArgumentError, StateError
from minigrad.pretrained.g2p import G2P, LETTERS, MOST_PHONEMES, NAMES, PHONEMES, load_g2p, pronounce, with_weights
from minigrad.text import error_rate, exact_match


@pytest.fixture(scope="module")
def untrained():
    minigrad.manual_seed(0)
    return G2P().eval()


@pytest.mark.pretrained
def test_the_phonemes_are_those_of_the_packages_own_code(weights, reference):
    weights("g2p")
    model = load_g2p()
    for word, phonemes in reference("g2p.json").items():
        assert " ".join(pronounce(model, word)) == phonemes


@pytest.mark.pretrained
def test_two_of_three_words_of_the_dictionary_come_out_right(weights):
    weights("g2p")
    words, model = load("pronunciations", "val"), load_g2p()
    chosen = np.random.default_rng(0).permutation(len(words))[:200]
    found = [pronounce(model, words.x[i]) for i in chosen]
    expected = [words.y[i].split() for i in chosen]
    assert exact_match(found, expected) > 0.6
    assert error_rate(found, expected) < 0.13


def test_the_alphabets_are_those_of_the_checkpoint():
    assert len(LETTERS) == 29 and len(PHONEMES) == 74
    assert PHONEMES.tokens[:6] == ["<pad>", "<unk>", "<s>", "</s>", "AA0", "AA1"] and PHONEMES.tokens[-6:] == ["UW2", "V", "W", "Y", "Z", "ZH"]
    assert PHONEMES.tokens[4:] == sorted(PHONEMES.tokens[4:])
    assert {p for line in load("pronunciations").y for p in line.split()} <= set(PHONEMES.tokens)


def test_a_checkpoint_is_renamed(untrained):
    theirs = {short: untrained.state_dict()[long].numpy() for short, long in NAMES.items()}
    assert len(theirs) == 12
    state = with_weights(theirs).state_dict()
    assert all(np.array_equal(state[name].numpy(), value.numpy()) for name, value in untrained.state_dict().items())
    del theirs["fc_b"]
    with pytest.raises(StateError, match=r"does not fit G2P\n  missing keys: fc\.bias"):
        with_weights(theirs | {"enc_w_ih": np.zeros((768, 256), "f4")})


def test_decoding_ends_at_the_end_mark_or_after_twenty_phonemes(untrained):
    bias = np.zeros(len(PHONEMES), "f4")
    bias[PHONEMES.id("</s>")] = 100
    untrained.load_state_dict(untrained.state_dict() | {"fc.bias": bias})
    assert pronounce(untrained, "word") == []
    untrained.load_state_dict(untrained.state_dict() | {"fc.bias": -bias})
    assert len(pronounce(untrained, "word")) == MOST_PHONEMES


@pytest.mark.parametrize("word", ["", "  ", None, 3])
def test_a_word_is_needed(untrained, word):
    with pytest.raises(ArgumentError, match="pronounce: needs a word, got"):
        pronounce(untrained, word)
    with pytest.raises(ArgumentError, match="a word needs at least its end"):
        untrained.encode(minigrad.zeros(1, 0, dtype="int64"))
