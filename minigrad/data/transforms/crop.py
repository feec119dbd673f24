"""Borders added and borders cut off."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ...errors import ArgumentError, ShapeError
from ...random import Generator
from .base import Images, ImageTransform, RandomTransform, fill_value, pair

MODES = ("constant", "edge", "reflect", "symmetric")


class Pad(ImageTransform):
    """Add a border: of `padding` pixels, of (left and right, top and bottom), or of (left, top, right, bottom).

    `padding_mode` "constant" fills it with `fill`, "edge" repeats the last pixel, "reflect" mirrors without and
    "symmetric" with the last pixel.
    """

    def __init__(self, padding: int | Sequence[int], fill: float = 0, padding_mode: str = "constant") -> None:
        sides = [padding] if isinstance(padding, int) else list(padding) if isinstance(padding, Sequence) else []
        four = sides * (4 // len(sides)) if len(sides) in (1, 2) else sides
        if len(four) != 4 or not all(isinstance(n, int) and n >= 0 for n in four):
            raise ArgumentError(f"Pad: padding must be 1, 2 or 4 integers that are not negative, got {padding!r}")
        if padding_mode not in MODES:
            raise ArgumentError(f"Pad: padding_mode {padding_mode!r} is unknown; use one of {', '.join(MODES)}")
        self.left, self.top, self.right, self.bottom = four
        self.fill = fill
        self.padding_mode = padding_mode

    def apply(self, x_nchw: Images) -> Images:
        """Pad a batch."""
        widths = ((0, 0), (0, 0), (self.top, self.bottom), (self.left, self.right))
        if self.padding_mode == "constant":
            return np.pad(x_nchw, widths, constant_values=fill_value("Pad", self.fill, x_nchw.dtype))
        return np.pad(x_nchw, widths, mode=self.padding_mode)  # type: ignore[call-overload, no-any-return]


class CenterCrop(ImageTransform):
    """Keep `size` = (height, width) pixels in the middle."""

    def __init__(self, size: int | Sequence[int]) -> None:
        self.size = pair("CenterCrop", size)

    def apply(self, x_nchw: Images) -> Images:
        """Crop a batch."""
        height, width = _check_fits("CenterCrop", self.size, x_nchw)
        H, W = x_nchw.shape[2:]
        top, left = round((H - height) / 2), round((W - width) / 2)
        return x_nchw[:, :, top : top + height, left : left + width]


class RandomCrop(RandomTransform):
    """Pad, then keep `size` = (height, width) pixels at a random place."""

    def __init__(
        self,
        size: int | Sequence[int],
        padding: int | Sequence[int] | None = None,
        fill: float = 0,
        padding_mode: str = "constant",
        *,
        generator: Generator | None = None,
    ) -> None:
        super().__init__(generator)
        self.size = pair("RandomCrop", size)
        self.pad = None if padding is None else Pad(padding, fill, padding_mode)

    def apply(self, x_nchw: Images) -> Images:
        """Crop every image of a batch at a place of its own."""
        x_nchw = x_nchw if self.pad is None else self.pad.apply(x_nchw)
        N, _, H, W = x_nchw.shape
        height, width = _check_fits("RandomCrop", self.size, x_nchw)
        places = np.array([[H - height + 1], [W - width + 1]])
        top, left = (self.uniform(2, N) * places).astype(np.int64)
        windows = sliding_window_view(x_nchw, (height, width), axis=(2, 3))  # windows[n, c, top, left] is a crop
        return windows[np.arange(N), :, top, left]


def _check_fits(name: str, size: tuple[int, int], x_nchw: Images) -> tuple[int, int]:
    H, W = x_nchw.shape[2:]
    if size[0] > H or size[1] > W:
        raise ShapeError(f"{name}: size {size} does not fit into (H, W) = {(H, W)}\nHint: pad the images first")
    return size
