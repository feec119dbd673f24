from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minigrad.data.transforms import CenterCrop, Pad, RandomCrop
from minigrad.errors import ArgumentError, ShapeError
from minigrad.random import Generator


def test_the_sides_are_left_top_right_bottom(images: np.ndarray) -> None:
    padded = Pad((1, 2, 3, 4), fill=9)(images)
    assert padded.shape == (12, 3, 7 + 2 + 4, 10 + 1 + 3)
    np.testing.assert_array_equal(padded[:, :, 2:-4, 1:-3], images)
    assert (padded[:, :, :2] == 9).all() and (padded[:, :, :, -3:] == 9).all()
    assert Pad((1, 2))(images).shape == (12, 3, 11, 12) and Pad(1)(images).shape == (12, 3, 9, 12)


@pytest.mark.parametrize(
    ("mode", "row"),
    [("constant", [0, 0, 1, 2, 3, 0, 0]), ("edge", [1, 1, 1, 2, 3, 3, 3]),
     ("reflect", [3, 2, 1, 2, 3, 2, 1]), ("symmetric", [2, 1, 1, 2, 3, 3, 2])],
)  # fmt: skip
def test_borders_are_filled_by_their_mode(mode: str, row: list[int]) -> None:
    assert Pad((2, 0), padding_mode=mode)(np.array([[[1, 2, 3]]])).tolist() == [[row]]


@pytest.mark.parametrize("padding", [-1, 2.5, (1, 2, 3), (1, -2), (1.5, 2), (), "ab"])
def test_a_padding_that_is_none_is_refused(padding: Any) -> None:
    with pytest.raises(ArgumentError, match="Pad: padding must be 1, 2 or 4 integers"):
        Pad(padding)


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ArgumentError, match="padding_mode 'wrap' is unknown; use one of constant, edge, reflect"):
        RandomCrop(3, 1, padding_mode="wrap")


def test_the_center_is_kept() -> None:
    x = np.arange(35).reshape(1, 5, 7)
    assert CenterCrop(3)(x).tolist() == [[[9, 10, 11], [16, 17, 18], [23, 24, 25]]]
    np.testing.assert_array_equal(CenterCrop((5, 7))(x), x)
    assert CenterCrop((1, 1))(x).item() == x[0, 2, 3]


def test_a_crop_is_a_part_of_the_image_and_every_place_is_equally_likely() -> None:
    x = np.arange(2 * 4 * 5).reshape(1, 2, 4, 5)
    crops = RandomCrop((3, 2), generator=Generator(0))(np.repeat(x, 8000, axis=0))
    corner, counts = np.unique(crops[:, 0, 0, 0], return_counts=True)
    assert corner.tolist() == [row * 5 + column for row in range(2) for column in range(4)]
    assert (abs(counts - 1000) < 5 * np.sqrt(1000)).all()
    for crop in crops[:20]:
        row, column = divmod(crop[0, 0, 0], 5)
        np.testing.assert_array_equal(crop, x[0, :, row : row + 3, column : column + 2])


def test_padding_comes_before_the_crop(images: np.ndarray) -> None:
    crops = RandomCrop((7, 10), padding=2, fill=99, generator=Generator(3))(images)
    assert crops.shape == images.shape and (crops == 99).any()
    np.testing.assert_array_equal(RandomCrop((7, 10))(images), images)


@pytest.mark.parametrize("make", [CenterCrop, RandomCrop])
def test_a_crop_larger_than_the_image_is_refused(make: Any, images: np.ndarray) -> None:
    with pytest.raises(ShapeError, match=r"size \(8, 8\) does not fit into \(H, W\) = \(7, 10\)\nHint: pad"):
        make(8)(images)
