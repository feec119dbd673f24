"""Images of another size.

Each axis is resized by a matrix whose row p holds the weights of the input pixels that output pixel p sees: a
triangle around its center, as wide as the larger of the two pixels, so that shrinking averages and does not skip.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import ShapeError
from .base import Images, ImageTransform, as_pixels, pair, working_dtype


class Resize(ImageTransform):
    """Resize to `size` = (height, width), or the shorter side to one number, with antialiased bilinear weights.

    Forward   y = A x Bᵀ
    Shapes    x (N, C, H, W), A (P, H), B (Q, W)  ->  y (N, C, P, Q)
    """

    def __init__(self, size: int | Sequence[int]) -> None:
        self.shorter = size if isinstance(size, int) else None
        self.size = pair("Resize", size)

    def apply(self, x_nchw: Images) -> Images:
        """Resize a batch."""
        H, W = x_nchw.shape[2:]
        if not H or not W:
            raise ShapeError(f"Resize: images of (H, W) = {(H, W)} have no pixels")
        P, Q = self.size
        if self.shorter is not None:
            P, Q = (self.shorter * n // min(H, W) for n in (H, W))
        dtype = working_dtype(x_nchw)
        y = resize_matrix(H, P).astype(dtype) @ x_nchw.astype(dtype) @ resize_matrix(W, Q).astype(dtype).T
        return as_pixels(y, x_nchw.dtype)


def resize_matrix(n: int, out: int) -> Images:
    """Return the weights (out, n): 1 - |i - center| / radius where positive, each row scaled to sum to 1.

    >>> resize_matrix(4, 2)[0].round(3).tolist()
    [0.429, 0.429, 0.143, 0.0]
    """
    center = (np.arange(out) + 0.5) * n / out - 0.5
    radius = max(n / out, 1.0)
    weights = np.maximum(0, 1 - np.abs(np.arange(n) - center[:, None]) / radius)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
