"""Pictures of a training run: curves, confusions, mistakes, filters. Each function writes a PNG."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ArgumentError, ShapeError
from ..io import atomic_write

INK, SECOND, GRID = "#1f4e79", "#c55a11", "#d9d9d9"


def new_figure(width: float, height: float, rows: int = 1, columns: int = 1) -> tuple[Any, Any]:
    """Return a figure and its axes, drawn without any window system."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False)


def write_picture(figure: Any, path: str | os.PathLike[str]) -> Path:
    """Write a figure as a PNG, the same bytes each time."""
    with atomic_write(path, "wb") as file:
        figure.savefig(file, format="png", metadata={"Software": None})
    return Path(path)


def _with_axes(name: str, letters: str, x: Any, n: int) -> np.ndarray[Any, Any]:
    """Return `x` as an array, having checked that it has `n` axes."""
    array = np.asarray(x)
    if array.ndim != n:
        raise ShapeError(f"{name}: needs the axes {letters}, the shape is {array.shape}")
    return array


def plot_curves(history: Sequence[dict[str, float]], path: str | os.PathLike[str], title: str = "") -> Path:
    """Draw every column of a Trainer's history against the epoch, training and validation in one panel."""
    if not history:
        raise ArgumentError("plot_curves: the history is empty; train for at least one epoch")
    names = [n for n in history[0] if n != "epoch" and not n.startswith("val_")]
    figure, axes = new_figure(4.2 * len(names), 3.2, 1, len(names))
    epochs = [row["epoch"] for row in history]
    for ax, name in zip(axes[0], names, strict=True):
        for column, label, color in [(name, "training", INK), (f"val_{name}", "validation", SECOND)]:
            if column in history[0]:
                ax.plot(epochs, [row[column] for row in history], "o-", color=color, label=label, markersize=4)
        ax.set(title=name, xlabel="epoch")
        ax.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        ax.grid(color=GRID)
        ax.legend(frameon=False)
    figure.suptitle(title)
    return write_picture(figure, path)


def plot_confusion(counts: Any, path: str | os.PathLike[str], labels: Sequence[str] | None = None) -> Path:
    """Draw a confusion matrix: rows are true classes, columns predictions, color the share of the row."""
    counts = _with_axes("plot_confusion", "(classes, classes)", counts, 2)
    n = len(counts)
    names = [str(i) for i in range(n)] if labels is None else list(labels)
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    longest = max(map(len, names), default=0)
    room = 0.08 * max(0, longest - 3)  # beside the matrix, for the names
    figure, axes = new_figure(max(4.5, 0.5 * n) + room, max(4.2, 0.48 * n) + room)
    ax = axes[0, 0]
    ax.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for i, j in np.argwhere(counts):
        ink = "white" if share[i, j] > 0.5 else INK
        ax.text(j, i, str(counts[i, j]), ha="center", va="center", fontsize=8, color=ink)
    ax.set(xlabel="predicted", ylabel="true", xticks=range(n), yticks=range(n), xticklabels=names, yticklabels=names)
    if longest > 3:
        ax.tick_params("x", rotation=60)
    ax.set_title(f"{np.trace(counts) / max(counts.sum(), 1):.2%} of {counts.sum()} right")
    return write_picture(figure, path)


def _picture(image: Any) -> Any:
    """Return (C, H, W) as what matplotlib shows: (H, W) or (H, W, 3), scaled to [0, 1]."""
    image = np.asarray(image, np.float64)
    low, high = image.min(), image.max()
    image = (image - low) / (high - low) if high > low else np.zeros_like(image)
    return image.transpose(1, 2, 0) if image.shape[0] == 3 else image.mean(0)


def plot_images(images: Any, captions: Sequence[str], path: str | os.PathLike[str], title: str = "") -> Path:
    """Draw pictures (N, C, H, W) in a grid, each with its caption."""
    images = _with_axes("plot_images", "(N, C, H, W)", images, 4)
    columns = min(8, max(len(images), 1))
    rows = max(1, math.ceil(len(images) / columns))
    figure, axes = new_figure(1.25 * columns, 1.45 * rows + 0.3, rows, columns)
    for ax in axes.flat:
        ax.axis("off")
    for ax, image, caption in zip(axes.flat, images, captions, strict=False):
        ax.imshow(_picture(image), cmap="gray_r" if image.shape[0] != 3 else None)
        ax.set_title(caption, fontsize=8)
    figure.suptitle(title)
    return write_picture(figure, path)


def plot_filters(weight: Any, path: str | os.PathLike[str], title: str = "") -> Path:
    """Draw the first 64 filters (K, C, R, S) of a convolution, in color if C is 3, else channel 0, blue below 0."""
    weight = _with_axes("plot_filters", "(K, C, R, S)", weight, 4)[:64].astype(np.float64)
    K, C, R, S = weight.shape
    if C == 3:
        tiles, edge = np.array([_picture(filters) for filters in weight]).reshape(K, R, S, 3), 1.0
    else:
        tiles, edge = weight[:, :1].transpose(0, 2, 3, 1), np.nan
    picture = _mosaic(tiles, 8, edge)
    figure, axes = new_figure(6.4, 6.4 * picture.shape[0] / picture.shape[1] + 0.4)
    reach = np.abs(weight).max(initial=0.0) or 1.0
    axes[0, 0].imshow(picture, cmap="RdBu_r", vmin=-reach, vmax=reach)
    axes[0, 0].axis("off")
    figure.suptitle(title)
    return write_picture(figure, path)


def _mosaic(tiles_krsc: np.ndarray[Any, Any], columns: int, edge: float) -> np.ndarray[Any, Any]:
    """Lay tiles out in rows, with a seam of `edge` after each, as one picture: 64 axes would take seconds to draw."""
    K, R, S, C = tiles_krsc.shape
    rows = max(1, math.ceil(K / columns))
    room = ((0, rows * columns - K), (0, 1), (0, 1), (0, 0))
    tiles = np.pad(tiles_krsc, room, constant_values=edge).reshape(rows, columns, R + 1, S + 1, C)
    return tiles.swapaxes(1, 2).reshape(rows * (R + 1), columns * (S + 1), C)
