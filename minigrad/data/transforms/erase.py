"""Random erasing: a network that has lost a part of the picture must look at the rest.

Source    Zhong et al., "Random erasing data augmentation", arXiv 1708.04896
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from ...errors import ArgumentError, DtypeError
from ...random import Generator
from ..stream import stream_for
from .base import Images, RandomTransform, check_probability, fill_value, low_high

ATTEMPTS = 10  # rectangles drawn for an image; if none of them fits, the image stays whole


class RandomErasing(RandomTransform):
    """Overwrite a rectangle with probability `p`.

    Its area is a part of the image from `scale`, its height / width is from `ratio`, uniform in the logarithm. It
    is filled with `value`, or with normal noise if that is "random".
    """

    def __init__(
        self,
        p: float = 0.5,
        scale: Sequence[float] = (0.02, 0.33),
        ratio: Sequence[float] = (0.3, 3.3),
        value: float | Literal["random"] = 0,
        *,
        generator: Generator | None = None,
    ) -> None:
        super().__init__(generator)
        self.p = check_probability("RandomErasing", p)
        self.scale = low_high("RandomErasing", "scale", scale)
        self.ratio = low_high("RandomErasing", "ratio", ratio)
        self.value = value
        if not 0 <= self.scale[0] <= self.scale[1] <= 1:
            raise ArgumentError(f"RandomErasing: scale must lie in [0, 1], got {scale}")
        if self.ratio[0] <= 0:
            raise ArgumentError(f"RandomErasing: ratio must be above 0, got {ratio}")
        if isinstance(value, str) and value != "random":
            raise ArgumentError(f'RandomErasing: value must be a number or "random", got {value!r}')

    def apply(self, x_nchw: Images) -> Images:
        """Erase from every image of a batch that chance picks a rectangle of its own."""
        erased_nhw = self._rectangles(*x_nchw.shape[:1], *x_nchw.shape[2:])
        if self.value != "random":
            value = fill_value("RandomErasing", float(self.value), x_nchw.dtype)
            return np.where(erased_nhw[:, None], value, x_nchw)
        if x_nchw.dtype.kind != "f":
            raise DtypeError(f'RandomErasing: value="random" needs floats, got {x_nchw.dtype}\nHint: ToFloat() first')
        noise = stream_for(self.generator).normal(x_nchw.shape, x_nchw.dtype)
        return np.where(erased_nhw[:, None], noise, x_nchw)

    def _rectangles(self, N: int, H: int, W: int) -> Images:
        """Return which pixels to erase, (N, H, W)."""
        chosen = self.uniform(N) < self.p
        u = self.uniform(2, N, ATTEMPTS)
        area = (self.scale[0] + (self.scale[1] - self.scale[0]) * u[0]) * H * W
        low, high = np.log(self.ratio)
        ratio = np.exp(low + (high - low) * u[1])
        heights, widths = np.rint(np.sqrt(area * ratio)), np.rint(np.sqrt(area / ratio))
        fits = (heights < H) & (widths < W)
        first = (np.arange(N), fits.argmax(axis=1))
        height, width = (np.where(fits.any(axis=1) & chosen, sides[first], 0) for sides in (heights, widths))
        u = self.uniform(2, N)
        top, left = np.floor(u[0] * (H - height + 1)), np.floor(u[1] * (W - width + 1))
        return _inside(top, height, H)[:, :, None] & _inside(left, width, W)[:, None, :]


def _inside(start: Images, length: Images, n: int) -> Images:
    """Return, for every image, which of n places lie in [start, start + length)."""
    place = np.arange(n)
    return (place >= start[:, None]) & (place < (start + length)[:, None])
