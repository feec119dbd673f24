from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minigrad.data.transforms import RandomErasing
from minigrad.errors import ArgumentError, DtypeError
from minigrad.random import Generator

ONES = np.ones((2000, 2, 20, 30), np.float32)


def boxes(erased_nhw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return heights and widths, having checked that each region is one full rectangle."""
    height, width = erased_nhw.any(axis=2).sum(axis=1), erased_nhw.any(axis=1).sum(axis=1)
    np.testing.assert_array_equal(erased_nhw.sum(axis=(1, 2)), height * width)
    for lines in (erased_nhw.any(axis=2), erased_nhw.any(axis=1)):
        assert (np.abs(np.diff(lines.astype(int), prepend=0, append=0, axis=1)).sum(axis=1) <= 2).all()
    return height, width


def test_a_rectangle_of_the_right_size_and_shape_is_overwritten() -> None:
    erased = RandomErasing(1, (0.1, 0.3), (0.5, 2), value=-7, generator=Generator(0))(ONES) == -7
    np.testing.assert_array_equal(erased[:, 0], erased[:, 1])
    height, width = boxes(erased[:, 0])
    assert (height > 0).all()
    area = height * width / 600
    assert area.min() > 0.08 and area.max() < 0.33  # sides are whole pixels
    assert 0.4 < (height / width).min() < 0.6 and 1.7 < (height / width).max() < 2.4
    assert abs(np.log(height / width).mean()) < 0.1


def test_every_place_can_be_erased_and_the_middle_most_often() -> None:
    erased = RandomErasing(1, (0.05, 0.05), (1, 1), generator=Generator(1))(ONES)[:, 0] == 0
    chance = erased.mean(axis=0)
    assert (chance > 0).all() and chance[0, 0] < chance[10, 15]
    np.testing.assert_allclose(chance, chance[::-1, ::-1], atol=0.05)


def test_p_is_the_chance_of_an_image() -> None:
    touched = (RandomErasing(0.3, generator=Generator(2))(ONES) == 0).any(axis=(1, 2, 3)).sum()
    assert abs(touched - 600) < 5 * np.sqrt(2000 * 0.3 * 0.7)
    assert (RandomErasing(0)(ONES) == 1).all()


def test_what_never_fits_leaves_the_image_whole() -> None:
    assert (RandomErasing(1, (1, 1), (1, 1))(ONES[:50]) == 1).all()


def test_noise_is_normal_and_only_in_the_rectangle() -> None:
    y = RandomErasing(1, (0.3, 0.3), value="random", generator=Generator(3))(ONES)
    noise = y[y != 1]
    assert abs(noise.mean()) < 0.02 and abs(noise.std() - 1) < 0.02
    boxes((y != 1).any(axis=1))
    with pytest.raises(DtypeError, match='value="random" needs floats, got uint8'):
        RandomErasing(value="random")(np.ones((1, 4, 4), np.uint8))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": (0.5, 0.1)}, "scale must be (low, high), got (0.5, 0.1)"),
        ({"scale": 0.5}, "scale must be two numbers, got 0.5"),
        ({"scale": (-0.1, 0.1)}, "scale must lie in [0, 1]"),
        ({"scale": (0.1, 1.1)}, "scale must lie in [0, 1]"),
        ({"ratio": (0, 1)}, "ratio must be above 0, got (0, 1)"),
        ({"ratio": (1, float("inf"))}, "ratio must be two numbers, got (1, inf)"),
        ({"value": "zero"}, "value must be a number or \"random\", got 'zero'"),
    ],
)
def test_bad_arguments_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        RandomErasing(**options)
    assert message in str(caught.value)
