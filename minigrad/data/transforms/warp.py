"""Rotate, scale, shear and shift: affine maps of the image plane.

A point p = (column, row), seen from the image's center c, moves to q = M (p - c) + c + t. The picture is painted
from the other end: output pixel q shows the input at p = M⁻¹ (q - c - t) + c, which lies between four pixels.

    M = R S s     R = [ cos θ  sin θ]  turns by θ counter-clockwise (rows count downwards)
                      [-sin θ  cos θ]
                  S = [1       0] [1  tan a]  shears along the columns by a, then along the rows by b
                      [tan b   1] [0      1]
                  s scales
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from ...dtypes import Dtype
from ...errors import ArgumentError
from ...random import Generator
from .base import Images, RandomTransform, as_pixels, fill_value, low_high, two_numbers, working_dtype

Range: TypeAlias = "float | Sequence[float]"


class RandomAffine(RandomTransform):
    """Rotate, shift, scale and shear about the center, with bilinear interpolation.

    Units     degrees: (low, high) in degrees, counter-clockwise; one number d means (-d, d)
              translate: (a, b), shift by at most a of the width and b of the height
              scale: (low, high), as a factor
              shear: as degrees; four numbers are (low, high) along the columns, then along the rows
    """

    def __init__(
        self,
        degrees: Range,
        translate: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        shear: Range | None = None,
        fill: float = 0,
        *,
        generator: Generator | None = None,
    ) -> None:
        super().__init__(generator)
        name = type(self).__name__
        self.degrees = _symmetric(name, "degrees", degrees)
        self.translate = (0.0, 0.0) if translate is None else two_numbers(name, "translate", translate)
        self.scale = (1.0, 1.0) if scale is None else low_high(name, "scale", scale)
        if isinstance(shear, Sequence) and len(shear) == 4:
            halves: tuple[Range, Range] = shear[:2], shear[2:]
        else:
            halves = 0.0 if shear is None else shear, 0.0
        self.shear = tuple(_symmetric(name, "shear", half) for half in halves)
        self.fill = fill
        if not all(0 <= part <= 1 for part in self.translate):
            raise ArgumentError(f"{name}: translate must be fractions in [0, 1], got {translate}")
        if self.scale[0] <= 0:
            raise ArgumentError(f"{name}: scale must be above 0, got {scale}")
        if not all(-90 < angle < 90 for part in self.shear for angle in part):
            raise ArgumentError(f"{name}: shear must lie inside (-90, 90) degrees, got {shear}")

    def apply(self, x_nchw: Images) -> Images:
        """Warp every image of a batch in a way of its own."""
        N, _, H, W = x_nchw.shape
        u = self.uniform(6, N)
        extent = np.array([self.translate[0] * W, self.translate[1] * H])
        matrix = affine_matrix(
            _between(self.degrees, u[0]), _between(self.scale, u[1]), *map(_between, self.shear, u[2:4])
        )
        fill = fill_value(type(self).__name__, self.fill, x_nchw.dtype)
        return warp_affine(x_nchw, matrix, (2 * u[4:6].T - 1) * extent, fill)


class RandomRotation(RandomAffine):
    """Rotate about the center by an angle from (low, high), or from (-degrees, degrees).

    Units     degrees, counter-clockwise
    """

    def __init__(self, degrees: Range, fill: float = 0, *, generator: Generator | None = None) -> None:
        super().__init__(degrees, fill=fill, generator=generator)


def affine_matrix(angle: Images, scale: Images, shear_x: Images, shear_y: Images) -> Images:
    """Return M = R S s for each of N images, as an array (N, 2, 2). Angles in degrees."""
    theta, a, b = np.radians(angle), np.tan(np.radians(shear_x)), np.tan(np.radians(shear_y))
    rotation = np.array([[np.cos(theta), np.sin(theta)], [-np.sin(theta), np.cos(theta)]])
    one = np.ones_like(theta)
    shear = np.array([[one, a], [b, 1 + a * b]])
    return np.asarray(np.einsum("ijn,jkn,n->nik", rotation, shear, scale))


def warp_affine(x_nchw: Images, matrix_n22: Images, shift_n2: Images, fill: float = 0) -> Images:
    """Move image n by matrix n about its center, then by shift n = (columns, rows)."""
    H, W = x_nchw.shape[2:]
    across = np.arange(W) - (W - 1) / 2 - shift_n2[:, :1]  # q - c - t, (N, W) along the columns
    down = np.arange(H) - (H - 1) / 2 - shift_n2[:, 1:]  # and (N, H) along the rows
    inverse = np.linalg.inv(matrix_n22)[:, :, :, None, None]
    across, down = across[:, None, :], down[:, :, None]
    column = inverse[:, 0, 0] * across + inverse[:, 0, 1] * down + (W - 1) / 2
    row = inverse[:, 1, 0] * across + inverse[:, 1, 1] * down + (H - 1) / 2
    return sample_bilinear(x_nchw, row, column, fill)


def sample_bilinear(x_nchw: Images, row_npq: Images, column_npq: Images, fill: float = 0) -> Images:
    """Read images between their pixels; outside there is nothing but `fill`.

    Forward   y = Σ (1 - |r - h|) (1 - |c - w|) x[h, w] over the four pixels (h, w) around the place (r, c)
    Shapes    x (N, C, H, W), row and column (N, P, Q)  ->  y (N, C, P, Q)
    """
    (N, C, H, W), (P, Q) = x_nchw.shape, row_npq.shape[1:]
    # one pixel of fill all round: a place further out may be moved there, and all its four pixels exist
    framed = np.pad(x_nchw, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=fill)
    framed = framed.reshape(N, C, (H + 2) * (W + 2))
    top, down = _split(row_npq, H, working_dtype(x_nchw))
    left, right = _split(column_npq, W, working_dtype(x_nchw))
    corner = (top * (W + 2) + left).reshape(N, 1, P * Q)

    def pixels(offset: int) -> Images:
        return np.take_along_axis(framed, corner + offset, axis=2).reshape(N, C, P, Q)

    upper = (1 - right) * pixels(0) + right * pixels(1)
    lower = (1 - right) * pixels(W + 2) + right * pixels(W + 3)
    return as_pixels((1 - down) * upper + down * lower, x_nchw.dtype)


def _split(place_npq: Images, n: int, dtype: Dtype) -> tuple[Images, Images]:
    """Return the framed pixel before each place, (N, P, Q), and how far beyond it the place lies, (N, 1, P, Q)."""
    framed = np.clip(place_npq, -1, n) + 1
    before = np.minimum(framed.astype(np.int64), n)
    return before, (framed - before).astype(dtype)[:, None]


def _between(limits: Sequence[float], u: Images) -> Images:
    return limits[0] + (limits[1] - limits[0]) * u


def _symmetric(name: str, what: str, value: Range) -> tuple[float, float]:
    """Return (-d, d) for one number d."""
    if not isinstance(value, (int, float)):
        return low_high(name, what, value)
    if not 0 <= value < np.inf:
        raise ArgumentError(f"{name}: {what} as one number must not be negative, got {value}")
    return -float(value), float(value)
