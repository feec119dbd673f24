"""Mirror images, each with probability p."""

from __future__ import annotations

import numpy as np

from ...random import Generator
from .base import Images, RandomTransform, check_probability


class RandomHorizontalFlip(RandomTransform):
    """Swap left and right with probability `p`."""

    axis = 3

    def __init__(self, p: float = 0.5, *, generator: Generator | None = None) -> None:
        super().__init__(generator)
        self.p = check_probability(type(self).__name__, p)

    def apply(self, x_nchw: Images) -> Images:
        """Flip the images of a batch that chance picks."""
        flipped = self.uniform(len(x_nchw)) < self.p
        return np.where(flipped[:, None, None, None], np.flip(x_nchw, self.axis), x_nchw)


class RandomVerticalFlip(RandomHorizontalFlip):
    """Swap top and bottom with probability `p`."""

    axis = 2
