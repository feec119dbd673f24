"""The GPT recipe: what it measures and draws, and that the maps are those the model looked by."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minigrad
from minigrad.data import load
from minigrad.io import load as load_file
from minigrad.models import GPT
from minigrad.recipes import GPTRecipe
from minigrad.recipes.gpt import attention_maps
from minigrad.text import Vocabulary


def test_a_run_writes_every_file_and_draws(finished, assert_drawn):
    out, metrics = finished("gpt")
    assert_drawn(out, ["attention.png", "curves.png"])
    assert sorted(path.name for path in out.iterdir() if path.suffix != ".png") == [
        "checkpoint.safetensors", "history.csv", "metrics.json", "model.safetensors", "sample.txt"]  # fmt: skip
    assert metrics["validation_bits"] == pytest.approx(metrics["validation_loss"] / math.log(2))
    assert len((out / "sample.txt").read_text()) == 500


def test_the_validation_loss_is_that_of_the_stored_model(finished):
    out, metrics = finished("gpt")
    stored, text = load_file(out / "model.safetensors"), load("shakespeare", "val").text[:3000]
    recipe = GPTRecipe(**{k: v for k, v in stored["recipe"].items() if k != "recipe"})
    model = recipe.build(stored["vocabulary"])
    model.load_state_dict(stored["model"])
    model.eval()
    ids = np.array([stored["vocabulary"].index(letter) for letter in text])
    T, losses = recipe.context, []
    for start in range(0, len(ids) - T, T):
        logits = model(minigrad.tensor(ids[None, start : start + T])).numpy()[0].astype(np.float64)
        log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        losses += list(-log_p[np.arange(T), ids[start + 1 : start + T + 1]])
    assert metrics["validation_loss"] == pytest.approx(np.mean(losses), rel=1e-5)


@pytest.mark.parametrize("rotary", [False, True])
def test_the_maps_are_causal_sum_to_one_and_see_what_was_written(rotary):
    minigrad.manual_seed(0)
    model = GPT(5, 8, layers=2, heads=2, width=8, rotary=rotary)
    maps = attention_maps(model, [1, 4, 0, 2], Vocabulary("abcde"))
    assert [each.caption for each in maps] == [f"layer {i}, head {j}" for i in (1, 2) for j in (1, 2)]
    for each in maps:
        assert each.rows == each.columns == ["b", "e", "a", "c"]
        assert np.allclose(each.weights.sum(1), 1) and np.allclose(np.triu(each.weights, 1), 0)
    assert model.training and attention_maps(model, [1], Vocabulary("abcde"))[0].weights == [[1]]


@pytest.mark.slow
def test_a_short_run_learns_more_than_the_frequencies_of_letters(tmp_path):
    from minigrad.recipes import Run

    metrics = Run(GPTRecipe(epochs=1, steps=400, layers=2, width=64, batch_size=16, lr=0.005), tmp_path).execute()
    assert metrics["validation_loss"] < 2.8  # frequencies alone: 3.2
