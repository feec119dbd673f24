from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from minigrad.data.transforms import Resize
from minigrad.data.transforms.resize import resize_matrix
from minigrad.errors import ShapeError


@pytest.mark.parametrize("size", [(3, 4), (14, 20), (7, 10), (5, 23), (1, 1), (20, 3)])
def test_resizing_agrees_with_pillow(images: np.ndarray, size: tuple[int, int]) -> None:
    x = images[:2].astype(np.float32)
    found = Resize(size)(x)
    for n in range(2):
        for c in range(3):
            expected = Image.fromarray(x[n, c]).resize(size[::-1], Image.Resampling.BILINEAR)
            np.testing.assert_allclose(found[n, c], np.asarray(expected), atol=2e-6)


def test_one_number_is_the_shorter_side() -> None:
    assert Resize(14)(np.zeros((1, 7, 10))).shape == (1, 14, 20)
    assert Resize(5)(np.zeros((1, 9, 6))).shape == (1, 7, 5)


@pytest.mark.parametrize(("n", "out"), [(7, 3), (3, 7), (1, 5), (5, 1), (64, 64)])
def test_weights_sum_to_one_and_the_same_size_is_the_identity(n: int, out: int) -> None:
    weights = resize_matrix(n, out)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    assert (weights >= 0).all()
    if n == out:
        np.testing.assert_array_equal(weights, np.eye(n))


def test_integers_are_rounded() -> None:
    assert Resize((1, 1))(np.array([[[0, 1, 1]]], np.uint8)).item() == 1


def test_nothing_cannot_be_resized() -> None:
    with pytest.raises(ShapeError, match=r"Resize: images of \(H, W\) = \(0, 4\) have no pixels"):
        Resize(3)(np.zeros((1, 0, 4)))
