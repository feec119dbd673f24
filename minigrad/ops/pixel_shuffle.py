"""Channels into pixels and back: every r·r channels become an r×r block of pixels.

    y[n, c, r·h + i, r·w + j] = x[n, c·r² + r·i + j, h, w]

A reordering, so the gradient is the gradient reordered back. N images, C channels, H×W pixels.

Source: Shi et al., "Real-time single image and video super-resolution using an efficient sub-pixel convolutional
neural network", 2016.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ArgumentError, ShapeError
from .operands import tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["pixel_shuffle", "pixel_unshuffle"]


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Spread channels over blocks of r×r pixels, r = `upscale_factor`.

    Shapes    (..., C·r², H, W)  ->  (..., C, H·r, W·r)
    Raises    ShapeError, ArgumentError
    """
    x, r = _checked("pixel_shuffle", input, "upscale_factor", upscale_factor)
    *batch, C, H, W = x.array.shape
    if C % (r * r):
        raise ShapeError(f"pixel_shuffle: C = {C} is not a multiple of upscale_factor² = {r * r}")
    b = len(batch)
    blocks = x.reshape(*batch, C // (r * r), r, r, H, W)
    return blocks.permute(*range(b), b, b + 3, b + 1, b + 4, b + 2).reshape(*batch, C // (r * r), H * r, W * r)


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Gather blocks of r×r pixels into channels, r = `downscale_factor`: the inverse of `pixel_shuffle`.

    Shapes    (..., C, H·r, W·r)  ->  (..., C·r², H, W)
    Raises    ShapeError, ArgumentError
    """
    x, r = _checked("pixel_unshuffle", input, "downscale_factor", downscale_factor)
    *batch, C, H, W = x.array.shape
    if H % r or W % r:
        raise ShapeError(f"pixel_unshuffle: (H, W) = {(H, W)} are not multiples of downscale_factor = {r}")
    b = len(batch)
    blocks = x.reshape(*batch, C, H // r, r, W // r, r)
    return blocks.permute(*range(b), b, b + 2, b + 4, b + 1, b + 3).reshape(*batch, C * r * r, H // r, W // r)


def _checked(op: str, input: Tensor, name: str, factor: int) -> tuple[Tensor, int]:
    x = tensor_of(op, input)
    if x.array.ndim < 3:
        raise ShapeError(f"{op}: input needs axes (..., C, H, W), got shape {x.array.shape}")
    if not hasattr(factor, "__index__") or factor < 1:
        raise ArgumentError(f"{op}: {name} must be a positive integer, got {factor!r}")
    return x, int(factor)
