from __future__ import annotations

import numpy as np
import pytest

from minigrad.data.transforms import RandomHorizontalFlip, RandomVerticalFlip
from minigrad.random import Generator


@pytest.mark.parametrize(("make", "axis"), [(RandomHorizontalFlip, 3), (RandomVerticalFlip, 2)])
def test_images_are_mirrored_or_left(make: type[RandomHorizontalFlip], axis: int, images: np.ndarray) -> None:
    np.testing.assert_array_equal(make(1)(images), np.flip(images, axis))
    np.testing.assert_array_equal(make(0)(images), images)
    mirrored = 0
    many = np.repeat(images, 100, axis=0)
    for before, after in zip(many, make(0.25, generator=Generator(0))(many), strict=True):
        mirrored += (after != before).any()
        assert (after == before).all() or (after == np.flip(before, axis - 1)).all()
    assert abs(mirrored - 300) < 5 * np.sqrt(1200 * 0.25 * 0.75)
