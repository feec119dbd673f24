"""Pictures show what they were given, and refuse what cannot be drawn."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from minigrad.errors import ArgumentError, ShapeError
from minigrad.recipes.pictures import Map, plot_lines, plot_maps


def gray(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("L")).astype(int)


def test_a_large_weight_is_darker_than_a_small_one(tmp_path):
    weights = np.full((4, 9), 0.1)
    light = gray(plot_maps([Map(weights, "abcd", "$ \nefghij")], tmp_path / "light.png"))
    dark = gray(plot_maps([Map(weights * 9, "abcd", "$ \nefghij")], tmp_path / "dark.png"))
    assert light.shape == dark.shape and dark.mean() < light.mean() - 30


def test_maps_of_different_sizes_fill_a_grid(tmp_path):
    maps = [Map(np.eye(n), "abcde"[:n], "abcde"[:n], f"size {n}") for n in (2, 3, 4, 5)]
    one, all_ = gray(plot_maps(maps[:1], tmp_path / "1.png")), gray(plot_maps(maps, tmp_path / "4.png", "all"))
    assert all_.shape[0] > 1.5 * one.shape[0] and all_.shape[1] > 2.5 * one.shape[1]


def test_the_same_picture_is_the_same_bytes(tmp_path):
    first, second = (plot_lines({"a": [1.0, 2.0]}, tmp_path / f"{i}.png", "y") for i in range(2))
    assert first.read_bytes() == second.read_bytes()


def test_what_cannot_be_drawn_is_refused(tmp_path):
    with pytest.raises(ShapeError, match=r"the weights are \(2, 3\), the labels those of 3 rows and 2 columns"):
        plot_maps([Map(np.zeros((2, 3)), "abc", "ab")], tmp_path / "a.png")
    with pytest.raises(ArgumentError, match="there are no maps to draw"):
        plot_maps([], tmp_path / "a.png")
    with pytest.raises(ArgumentError, match="each line needs at least one number"):
        plot_lines({"a": [1.0], "b": []}, tmp_path / "a.png", "y")
    assert not list(tmp_path.iterdir())
