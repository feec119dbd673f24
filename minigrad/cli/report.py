"""The pictures of a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..data import DataLoader
from ..grad_mode import no_grad
from ..nn import Conv2d, Linear, Module
from ..ops import softmax
from ..train import ConfusionMatrix, Trainer, plot_confusion, plot_curves, plot_filters, plot_images
from .classifier import PICTURES, Recipe

MOST_MISTAKES = 40


def report(
    trainer: Trainer, test: DataLoader, classes: list[str], recipe: Recipe, out: Path
) -> tuple[list[Path], ConfusionMatrix]:
    """Write curves.png, confusion.png, mistakes.png and filters.png; return their paths and the confusions."""
    matrix = ConfusionMatrix(len(classes))
    images, captions = _mistakes(trainer, test, matrix, classes)
    title = f"{recipe.model} on {recipe.data}"
    wrong = int(matrix.counts.sum() - np.trace(matrix.counts))
    shown = f"the {len(images)} surest of {wrong} mistakes: true → predicted, probability"
    pictures = [
        plot_curves(trainer.history, out / "curves.png", title),
        plot_confusion(matrix.counts, out / "confusion.png", classes),
        plot_images(images, captions, out / "mistakes.png", shown),
        plot_filters(first_filters(trainer.model, recipe), out / "filters.png", f"first filters of {title}"),
    ]
    return pictures, matrix


def _mistakes(
    trainer: Trainer, test: DataLoader, matrix: ConfusionMatrix, classes: list[str]
) -> tuple[np.ndarray[Any, Any], list[str]]:
    """Count every prediction in `matrix`; return the wrong ones the model was surest of, with captions."""
    found: list[tuple[float, np.ndarray[Any, Any], str]] = []
    trainer.model.eval()
    with no_grad():
        for x, y in test:
            x, y = trainer.placed((x, y))
            scores = trainer.model(x)
            matrix.update(scores, y)
            p, truth = softmax(scores, 1).cpu().numpy(), y.cpu().numpy()
            for i in np.flatnonzero(p.argmax(1) != truth):
                guess = int(p[i].argmax())
                caption = f"{classes[int(truth[i])]} → {classes[guess]}  {p[i, guess]:.0%}"
                found.append((float(p[i, guess]), x[int(i)].cpu().numpy(), caption))
    found.sort(key=lambda mistake: -mistake[0])
    chosen = found[:MOST_MISTAKES]
    shape = (0, 1, 1, 1)
    return np.stack([image for _, image, _ in chosen]) if chosen else np.zeros(shape), [c for _, _, c in chosen]


def first_filters(model: Module, recipe: Recipe) -> np.ndarray[Any, Any]:
    """Return what the first layer looks for, as filters (K, C, R, S): its taps, or its weights laid out as pictures."""
    for module in model.modules():
        if isinstance(module, Conv2d):
            return module.weight.cpu().numpy()
        if isinstance(module, Linear):
            size, mean, _ = PICTURES[recipe.data]
            return module.weight.cpu().numpy().reshape(-1, len(mean), size, size)
    return np.zeros((0, 1, 1, 1))
