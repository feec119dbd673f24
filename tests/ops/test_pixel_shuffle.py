import numpy as np
import pytest

import minigrad
from minigrad import ops
from minigrad.errors import ArgumentError, ShapeError
from tests.ops.laws import *


def shuffled(x, r):
    """Put every pixel where the formula says."""
    *batch, C, H, W = x.shape
    y = np.empty((*batch, C // r**2, H * r, W * r))
    for c, i, j in np.ndindex(C // r**2, r, r):
        y[..., c, i::r, j::r] = x[..., c * r**2 + r * i + j, :, :]
    return y


def unshuffled(x, r):
    *batch, C, H, W = x.shape
    y = np.empty((*batch, C * r**2, H // r, W // r))
    for c, i, j in np.ndindex(C, r, r):
        y[..., c * r**2 + r * i + j, :, :] = x[..., c, i::r, j::r]
    return y


CASES = [
    Case("pixel_shuffle", ops.pixel_shuffle, shuffled, [A(2, 8, 2, 3), 2]),
    Case("pixel_shuffle", ops.pixel_shuffle, shuffled, [A(9, 1, 2), 3]),
    Case("pixel_shuffle", ops.pixel_shuffle, shuffled, [A(0, 4, 1, 2), 2]),
    Case("pixel_unshuffle", ops.pixel_unshuffle, unshuffled, [A(2, 2, 4, 6), 2]),
    Case("pixel_unshuffle", ops.pixel_unshuffle, unshuffled, [A(2, 1, 1, 3, 3), 3]),
]


def test_unshuffling_undoes_shuffling():
    x = np.random.default_rng(0).normal(size=(2, 18, 3, 4))
    y = ops.pixel_unshuffle(ops.pixel_shuffle(minigrad.tensor(x), 3), 3)
    np.testing.assert_array_equal(y.numpy(), x)


@pytest.mark.parametrize(("call", "kind", "words"), [
    (lambda: ops.pixel_shuffle(minigrad.zeros(6, 2, 2), 2), ShapeError, "C = 6 is not a multiple of upscale_factor² = 4"),
    (lambda: ops.pixel_shuffle(minigrad.zeros(4, 4), 2), ShapeError, "input needs axes (..., C, H, W), got shape (4, 4)"),
    (lambda: ops.pixel_shuffle(minigrad.zeros(4, 2, 2), 0), ArgumentError, "upscale_factor must be a positive integer"),
    (lambda: ops.pixel_unshuffle(minigrad.zeros(1, 4, 5), 2), ShapeError, "(H, W) = (4, 5) are not multiples"),
    (lambda: ops.pixel_unshuffle(minigrad.zeros(1, 4, 4), 2.0), ArgumentError, "downscale_factor must be a positive"),
])  # fmt: skip
def test_bad_arguments_are_refused_with_their_values(call, kind, words):
    with pytest.raises(kind) as error:
        call()
    assert words in str(error.value)
