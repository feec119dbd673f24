from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from minigrad.data.transforms import RandomAffine, RandomRotation
from minigrad.data.transforms.warp import affine_matrix, sample_bilinear, warp_affine
from minigrad.errors import ArgumentError
from minigrad.random import Generator

RNG = np.random.default_rng(0)


def one(*values: float) -> list[np.ndarray]:
    return [np.array([value]) for value in values]


@pytest.mark.parametrize("fill", [0.0, 0.7])
def test_warping_agrees_with_scipy(images: np.ndarray, fill: float) -> None:
    N = len(images)
    matrix = affine_matrix(
        RNG.uniform(-180, 180, N), RNG.uniform(0.5, 2, N), RNG.uniform(-40, 40, N), RNG.uniform(-40, 40, N)
    )
    shift = RNG.uniform(-4, 4, (N, 2))
    warped = warp_affine(images, matrix, shift, fill)
    center = np.array([(7 - 1) / 2, (10 - 1) / 2])
    for n in range(N):
        inverse = np.linalg.inv(matrix[n])[::-1, ::-1]  # SciPy counts (row, column)
        offset = center - inverse @ (center + shift[n, ::-1])
        for c in range(3):
            expected = ndimage.affine_transform(
                images[n, c], inverse, offset, order=1, mode="grid-constant", cval=fill
            )
            np.testing.assert_allclose(warped[n, c], expected, atol=1e-12)


def test_sampling_agrees_with_scipy_anywhere(images: np.ndarray) -> None:
    row, column = RNG.uniform(-4, 11, (12, 5, 6)), RNG.uniform(-4, 14, (12, 5, 6))
    found = sample_bilinear(images, row, column, -2.0)
    for n in range(12):
        expected = ndimage.map_coordinates(images[n, 1], [row[n], column[n]], order=1, mode="grid-constant", cval=-2.0)
        np.testing.assert_allclose(found[n, 1], expected, atol=1e-12)


def test_quarter_turns_are_counter_clockwise() -> None:
    x = RNG.normal(size=(4, 2, 5, 5))
    turned = warp_affine(x, affine_matrix(np.array([0, 90, 180, -90]), np.ones(4), *np.zeros((2, 4))), np.zeros((4, 2)))
    for k, n in ((0, 0), (1, 1), (2, 2), (3, 3)):
        np.testing.assert_allclose(turned[n], np.rot90(x[n], k, axes=(1, 2)), atol=1e-12)


def test_whole_shifts_move_pixels_right_and_down() -> None:
    x = RNG.normal(size=(1, 1, 4, 5))
    moved = warp_affine(x, affine_matrix(*one(0, 1, 0, 0)), np.array([[2.0, 1.0]]), 9)
    np.testing.assert_array_equal(moved[:, :, 1:, 2:], x[:, :, :-1, :-2])
    assert (moved[:, :, :1] == 9).all() and (moved[:, :, :, :2] == 9).all()


def test_scaling_up_magnifies_about_the_center() -> None:
    x = np.zeros((1, 1, 9, 9))
    x[0, 0, 4, 6] = 1
    scaled = warp_affine(x, affine_matrix(*one(0, 2, 0, 0)), np.zeros((1, 2)))
    assert np.unravel_index(scaled.argmax(), (9, 9)) == (4, 8)


def test_a_shear_moves_rows_along_the_columns_and_keeps_the_area() -> None:
    matrix = affine_matrix(*one(0, 1, 45, 0))[0]
    np.testing.assert_allclose(matrix, [[1, 1], [0, 1]], atol=1e-12)
    turn = np.radians(33)
    expected = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) @ [[3, 6], [0, 3]]
    np.testing.assert_allclose(affine_matrix(*one(33, 3, np.degrees(np.arctan(2)), 0))[0], expected, atol=1e-12)
    matrix = affine_matrix(*one(33, 1, 50, -20))[0]
    np.testing.assert_allclose(np.linalg.det(matrix), 1)
    np.testing.assert_allclose(affine_matrix(*one(0, 1, 0, 45))[0], [[1, 0], [1, 1]], atol=1e-12)


def test_integers_are_rounded_not_cut_off() -> None:
    moved = warp_affine(np.array([[[[4, 0, 4]]]], np.uint8), affine_matrix(*one(0, 1, 0, 0)), np.array([[0.3, 0]]))
    assert moved.tolist() == [[[[3, 1, 3]]]]  # 2.8, 1.2 and 2.8
    x = np.full((1, 1, 5, 5), 200, np.uint8)
    turned = RandomRotation((30, 30), fill=200)(x)
    assert turned.dtype == np.uint8 and (turned == 200).all()


def test_a_fixed_angle_is_that_angle(images: np.ndarray) -> None:
    fixed = RandomRotation((25, 25))(images)
    expected = ndimage.rotate(images, 25, axes=(3, 2), reshape=False, order=1, mode="grid-constant")
    np.testing.assert_allclose(fixed, expected, atol=1e-12)


def measured(transform: RandomAffine, monkeypatch: pytest.MonkeyPatch) -> tuple[np.ndarray, np.ndarray]:
    """Return the matrices and shifts that a transform makes for 3000 images of 4 rows and 10 columns."""
    seen: list[np.ndarray] = []
    monkeypatch.setattr(
        "minigrad.data.transforms.warp.warp_affine", lambda x, matrix, shift, fill: seen.extend((matrix, shift)) or x
    )
    transform(np.zeros((3000, 1, 4, 10), np.float32))
    return seen[0], seen[1]


def test_the_ranges_are_kept_and_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix, shift = measured(RandomAffine(30, (0.2, 0.5), (0.5, 2), generator=Generator(0)), monkeypatch)
    scale = np.sqrt(np.linalg.det(matrix))
    angle = np.degrees(np.arctan2(matrix[:, 0, 1], matrix[:, 0, 0]))
    for values, low, high in ((angle, -30, 30), (scale, 0.5, 2), (shift[:, 0], -2, 2), (shift[:, 1], -2, 2)):
        span = high - low
        assert low <= values.min() < low + span / 100 and high - span / 100 < values.max() <= high
        assert abs(values.mean() - (low + high) / 2) < 5 * span / np.sqrt(12 * 3000)


def test_shears_along_both_axes(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix, _ = measured(RandomAffine(0, shear=(10, 20, -40, -30), generator=Generator(0)), monkeypatch)
    along, down = np.degrees(np.arctan(matrix[:, 0, 1])), np.degrees(np.arctan(matrix[:, 1, 0]))
    assert (along >= 10 - 1e-9).all() and (along <= 20).all() and (down >= -40 - 1e-9).all() and (down <= -30).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"degrees": -5}, "degrees as one number must not be negative, got -5"),
        ({"degrees": (20, 10)}, "degrees must be (low, high), got (20, 10)"),
        ({"degrees": (1, 2, 3)}, "degrees must be two numbers"),
        ({"degrees": "ab"}, "degrees must be two numbers, got 'ab'"),
        ({"degrees": float("nan")}, "degrees as one number must not be negative, got nan"),
        ({"degrees": 0, "translate": 0.1}, "translate must be two numbers, got 0.1"),
        ({"degrees": 0, "translate": (0.1, 1.5)}, "translate must be fractions in [0, 1]"),
        ({"degrees": 0, "scale": (0, 1)}, "scale must be above 0, got (0, 1)"),
        ({"degrees": 0, "scale": (2, 1)}, "scale must be (low, high), got (2, 1)"),
        ({"degrees": 0, "shear": 90}, "shear must lie inside (-90, 90) degrees, got 90"),
        ({"degrees": 0, "shear": (1, 2, 3)}, "shear must be two numbers"),
    ],
)
def test_ranges_that_make_no_sense_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        RandomAffine(**options)
    assert str(caught.value).startswith("RandomAffine: ") and message in str(caught.value)
