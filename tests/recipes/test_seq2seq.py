"""The spelling recipe: it measures what it wrote, and its pieces are those of the words."""

from __future__ import annotations

import json

import numpy as np
import pytest

import minigrad
from minigrad.recipes import Run, Seq2SeqRecipe
from minigrad.recipes.seq2seq import attention_maps, longest, pronounce, read_pairs, spelled_words, vocabulary_of
from minigrad.recipes.spelling import SPELLERS

PAIRS = [("cab", ["K", "AE1", "B"]), ("a", ["AH0"]), ("cabs", ["K", "AE1", "B", "Z"])]


@pytest.mark.parametrize("model", SPELLERS)
def test_a_run_writes_every_file_and_draws(model, finished, assert_drawn):
    out, metrics = finished("seq2seq", model=model)
    assert_drawn(out, ["attention.png", "curves.png"])
    lines = (out / "pronunciations.txt").read_text().splitlines()
    assert len(lines) == metrics["held_out_words"] == 9
    assert metrics["exact_match"] == sum(" not " not in line for line in lines) / 9
    assert metrics["phoneme_error_rate"] > 0 and json.loads((out / "metrics.json").read_text())["model"] == model


def test_pairs_are_words_and_their_phonemes():
    pairs = dict(read_pairs("val"))
    assert len(pairs) == 3915 and all(word.islower() for word in pairs)
    assert all(sound.isupper() for sounds in pairs.values() for sound in sounds)


def test_one_vocabulary_holds_the_letters_and_the_phonemes():
    vocabulary = vocabulary_of(PAIRS)
    assert vocabulary.tokens == ["<start>", "<end>", "a", "b", "c", "s", "AE1", "AH0", "B", "K", "Z"]
    letters, lengths = spelled_words(["cab", "a"], vocabulary)
    assert letters.tolist() == [[4, 2, 3], [2, 0, 0]] and lengths.tolist() == [3, 1]


def test_words_are_pronounced_the_same_alone_and_in_batches_and_end_at_the_end():
    minigrad.manual_seed(3)
    vocabulary = vocabulary_of(PAIRS)
    model, words = SPELLERS["gru"](len(vocabulary), 8, 1, 0.0).double(), ["cab", "bass", "a"]
    said = pronounce(model, words, vocabulary)
    assert pronounce(model, words, vocabulary, at_once=1) == said and all("<end>" not in sounds for sounds in said)


def test_the_longest_words_that_were_right_are_shown_or_any():
    right = [sounds for _, sounds in PAIRS]
    assert longest(PAIRS, right, 2) == (["cabs", "cab"], [right[2], right[0]])
    assert longest(PAIRS, [right[0], ["Z"], ["Z"]], 2) == (["cab"], [right[0]])
    assert longest(PAIRS, [["Z"]] * 3, 1) == (["cabs"], [["Z"]])


def test_a_map_has_a_row_for_each_phoneme_and_the_end_and_a_column_for_each_letter():
    vocabulary = vocabulary_of(PAIRS)
    model = SPELLERS["transformer"](len(vocabulary), 8, 1, 0.0)
    maps = attention_maps(model, ["cabs", "a"], [PAIRS[2][1], PAIRS[1][1]], vocabulary)
    assert [(list(each.rows), each.columns) for each in maps] == [
        (["K", "AE1", "B", "Z", "end"], "cabs"), (["AH0", "end"], "a")]  # fmt: skip
    assert all(np.allclose(each.weights.sum(1), 1) for each in maps)


@pytest.mark.slow
def test_one_epoch_learns_the_simple_letters(tmp_path):
    metrics = Run(Seq2SeqRecipe(epochs=1, width=64, words=200), tmp_path).execute()
    assert metrics["phoneme_error_rate"] < 0.6
