"""The pictures of a run: which mistakes are shown, and what the first layer looks for."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.cli import report as module
from minigrad.cli.classifier import MODELS, Recipe, build_model
from minigrad.cli.report import first_filters, report
from minigrad.data import ArrayDataset, DataLoader
from minigrad.nn import functional as F
from minigrad.optim import SGD
from minigrad.train import Trainer


class Scores(nn.Module):
    """Gives every picture the scores that are written into its first row."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)

    def forward(self, x):
        return x[:, 0, 0]


@pytest.fixture(name="drawn")
def drawn_fixture(monkeypatch):
    """Return what is given to the four drawing functions, by name; nothing is drawn."""
    calls = {}
    for name in ("plot_curves", "plot_confusion", "plot_images", "plot_filters"):
        monkeypatch.setattr(module, name, lambda *args, name=name: calls.setdefault(name, args) and args[-2])
    return calls


def run_report(scores, y, classes, tmp_path):
    scores = np.asarray(scores, np.float32)
    x = np.zeros((len(scores), 1, 3, scores.shape[1]), np.float32)
    x[:, 0, 0] = scores
    x[:, 0, 1, 0] = np.arange(len(x))  # the number of the picture
    model = Scores()
    trainer = Trainer(model, SGD(model.parameters(), lr=0.1), F.cross_entropy)
    trainer.history = [{"epoch": 1.0, "loss": 1.0}]
    return report(trainer, DataLoader(ArrayDataset(x, np.asarray(y)), 4), classes, Recipe(), tmp_path)[1]


def test_mistakes_are_the_surest_first_with_truth_guess_and_probability(drawn, tmp_path):
    scores = np.log([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.05, 0.9, 0.05], [0.2, 0.3, 0.5], [0.98, 0.01, 0.01]])
    matrix = run_report(scores, [1, 1, 2, 0, 0], ["ant", "bee", "cat"], tmp_path)
    images, captions, _, title = drawn["plot_images"]
    assert captions == ["cat → bee  90%", "bee → ant  70%", "ant → cat  50%"]
    assert images[:, 0, 1, 0].tolist() == [2, 0, 3]
    assert "the 3 surest of 3 mistakes" in title
    assert matrix.counts.tolist() == [[1, 0, 1], [1, 1, 0], [0, 1, 0]]
    assert drawn["plot_confusion"][0] is matrix.counts


def test_no_more_mistakes_are_shown_than_fit(drawn, tmp_path):
    scores = np.tile([1.0, 0.0], (60, 1))
    run_report(scores, np.ones(60, np.int64), ["a", "b"], tmp_path)
    images, captions, _, title = drawn["plot_images"]
    assert len(images) == len(captions) == module.MOST_MISTAKES == 40 and "the 40 surest of 60 mistakes" in title


def test_a_network_without_mistakes_has_a_report_too(tmp_path):
    matrix = run_report(np.eye(3) * 9, [0, 1, 2], ["a", "b", "c"], tmp_path)
    assert matrix.accuracy() == 1
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["confusion.png", "curves.png", "filters.png", "mistakes.png"]


@pytest.mark.parametrize("data", ["digits", "cifar10"])
@pytest.mark.parametrize("model", [m for m in MODELS if m != "lenet"])
def test_filters_are_the_weights_of_the_first_layer(model, data):
    recipe = Recipe(model=model, data=data)
    network = build_model(recipe)
    filters, weight = first_filters(network, recipe), next(network.parameters()).numpy()
    channels = 1 if data == "digits" else 3
    assert filters.shape[1] == channels and np.array_equal(filters.ravel(), weight.ravel())
    if model == "mlp":
        size = 28 if data == "digits" else 32
        pixel = minigrad.zeros(1, channels, size, size)
        with minigrad.no_grad():
            pixel[0, channels - 1, 5, 2] = 1.0
        seen = pixel.flatten(1).numpy() @ weight.T
        np.testing.assert_allclose(seen[0], filters[:, channels - 1, 5, 2])


def test_a_network_without_weights_has_no_filters():
    assert first_filters(nn.Sequential(nn.Flatten(), nn.ReLU()), Recipe()).shape == (0, 1, 1, 1)
