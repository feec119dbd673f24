"""Pictures of what sequence models do: where they look, and what they expect."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import ArgumentError, ShapeError
from ..train.plots import GRID, INK, SECOND, new_figure, write_picture


class Map(NamedTuple):
    """Weights (T, U) in [0, 1], a label for each row and each column, and a caption."""

    weights: np.ndarray[Any, Any]
    rows: Sequence[str]
    columns: Sequence[str]
    caption: str = ""


def plot_maps(maps: Sequence[Map], path: Path, title: str = "", across: int = 3) -> Path:
    """Draw maps in a grid: the darker, the larger the weight."""
    if not maps:
        raise ArgumentError("plot_maps: there are no maps to draw")
    for each in maps:
        if each.weights.shape != (len(each.rows), len(each.columns)):
            raise ShapeError(
                f"plot_maps: the weights are {each.weights.shape}, the labels those of {len(each.rows)} rows and "
                f"{len(each.columns)} columns"
            )
    across = min(across, len(maps))
    down = math.ceil(len(maps) / across)
    T, U = (max(each.weights.shape[axis] for each in maps) for axis in (0, 1))
    figure, axes = new_figure(across * max(2.6, 0.2 * U + 0.8), down * max(2.4, 0.2 * T + 0.8) + 0.3, down, across)
    for ax in axes.flat:
        ax.axis("off")
    for ax, each in zip(axes.flat, maps, strict=False):
        ax.axis("on")
        ax.imshow(each.weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        ax.set_xticks(range(len(each.columns)), [_shown(text) for text in each.columns], fontsize=8)
        ax.set_yticks(range(len(each.rows)), [_shown(text) for text in each.rows], fontsize=8)
        ax.set_title(each.caption, fontsize=9)
    figure.suptitle(title)
    return write_picture(figure, path)


def _shown(text: str) -> str:
    """Return a label that can be seen, and in which a dollar sign is no mathematics."""
    return {" ": "␣", "\n": "↵"}.get(text, text).replace("$", r"\$")


def plot_lines(lines: Mapping[str, Sequence[float]], path: Path, y: str, x: str = "epoch", title: str = "") -> Path:
    """Draw series of numbers, one for each epoch, against each other."""
    if not lines or not all(lines.values()):
        raise ArgumentError("plot_lines: each line needs at least one number")
    figure, axes = new_figure(6, 3.8)
    ax = axes[0, 0]
    for (label, values), color in zip(lines.items(), (SECOND, INK, "#548235", "#7f7f7f"), strict=False):
        ax.plot(range(1, len(values) + 1), values, "o-", color=color, label=label, markersize=4)
    ax.set(title=title, xlabel=x, ylabel=y)
    ax.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    ax.grid(color=GRID)
    ax.legend(frameon=False)
    return write_picture(figure, path)
