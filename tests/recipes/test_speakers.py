"""The speakers recipe: padding is never seen, noise is for training, and it tells speakers apart."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad.recipes import Run, SpeakersRecipe
from minigrad.recipes.speakers import KINDS, SpeakerNet, scaled


@pytest.mark.parametrize("model", KINDS)
def test_a_run_writes_every_file_and_draws(model, finished, assert_drawn):
    out, metrics = finished("speakers", model=model)
    assert_drawn(out, ["confusion.png", "curves.png"])
    assert metrics["model"] == model and 0 <= metrics["test_accuracy"] <= 1 and len(metrics["recall"]) == 9


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_padding_does_not_change_the_scores(kind):
    minigrad.manual_seed(0)
    model = SpeakerNet(kind, 5, 2, 0.3, 0.5).double().eval()
    x = np.random.default_rng(0).standard_normal((2, 6, 12))
    lengths = minigrad.tensor([6, 4])
    together = model(minigrad.tensor(x), lengths).numpy()
    x[1, 4:] = 99
    assert np.allclose(model(minigrad.tensor(x), lengths).numpy(), together)
    alone = model(minigrad.tensor(x[1:, :4]), minigrad.tensor([4])).numpy()
    assert np.allclose(alone, together[1:])


def test_noise_shakes_the_input_in_training_only():
    model = SpeakerNet("gru", 4, 1, 0.0, 1.0)
    x, lengths = minigrad.ones(1, 3, 12), minigrad.tensor([3])
    assert not np.array_equal(model(x, lengths).numpy(), model(x, lengths).numpy())
    model.eval()
    assert np.array_equal(model(x, lengths).numpy(), model(x, lengths).numpy())


def test_features_are_scaled_each_by_its_own_spread():
    rows = scaled([np.array([[1.0, 20.0]]), np.array([[3.0, 40.0], [2.0, 30.0]])], np.array([0, 1]),
                  np.array([2.0, 30.0]), np.array([1.0, 10.0]))  # fmt: skip
    assert rows[0][0].tolist() == [[-1, -1]] and rows[1][0].tolist() == [[1, 1], [0, 0]]
    assert rows[0][0].dtype == np.float32


@pytest.mark.slow
def test_a_quarter_of_the_epochs_tells_nine_of_ten_apart(tmp_path):
    assert Run(SpeakersRecipe(epochs=10), tmp_path).execute()["test_accuracy"] > 0.9
