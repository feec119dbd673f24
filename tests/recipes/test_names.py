"""The names recipe: new is new, and the picture shows chances."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad.data import load
from minigrad.recipes import NamesRecipe, Run
from minigrad.recipes.names import expectations, new_names
from minigrad.text import CharacterTokenizer


@pytest.mark.parametrize("model", ["gru", "lstm"])
def test_a_run_writes_every_file_and_draws(model, finished, assert_drawn):
    out, metrics = finished("names", model=model)
    assert_drawn(out, ["curves.png", "expectations.png"])
    assert 0 < metrics["novelty"] <= 1 and 0 < metrics["distinct"] <= 1
    names = (out / "names.txt").read_text().splitlines()
    assert len(names) == round(metrics["novelty"] * 12) and metrics["sample"] == names[:24]
    known = set(load("names", "train").x[::300].tolist())
    assert all(names) and not known & set(names)


def test_new_is_what_is_neither_known_nor_empty():
    assert new_names(["ana", "", "zoe", "bo", "zoe"], ["ana", "eva"]) == ["zoe", "bo", "zoe"]


def test_expectations_are_chances_of_the_next_letter_after_each():
    minigrad.manual_seed(0)
    tokenizer = CharacterTokenizer("\nabc")
    model = NamesRecipe(width=8).build(tokenizer.vocabulary.tokens)
    drawn = expectations(model, tokenizer, "cab")
    assert drawn.rows == ["\n", "c", "a", "b"] and drawn.columns == ["\n", "a", "b", "c"]
    assert drawn.weights.shape == (4, 4) and np.allclose(drawn.weights.sum(1), 1)
    assert np.allclose(expectations(model, tokenizer, "c").weights, drawn.weights[:2])  # what follows is not seen


@pytest.mark.slow
def test_one_epoch_learns_what_letters_follow_which(tmp_path):
    metrics = Run(NamesRecipe(epochs=1, width=64, samples=100), tmp_path).execute()
    assert metrics["validation_loss"] < 2.4 and metrics["novelty"] > 0.5
