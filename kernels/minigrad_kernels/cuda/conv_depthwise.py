"""Depthwise convolution of images on the GPU: for the sizes of filters that networks use, others are conv_few.cu's."""

from __future__ import annotations

from typing import Any

from .arrays import blocks, dense, room
from .conv_shares import PROCESSORS, added
from .program import Program

PROGRAM = Program("conv_depthwise")
BLOCK, ROWS = 256, 4  # threads; results of one, below one another
KINDS = {(3, 1), (3, 2), (5, 1), (7, 1)}  # taps along an axis, stride


def is_usual_depthwise(g: Any, C: int, K: int) -> bool:
    """Say whether each channel has one filter, of a kind that there is a kernel for."""
    one = g.groups == C == K and len(g.size) == 2 and set(g.dilation) == {1}
    return one and g.kernel[0] == g.kernel[1] and g.stride[0] == g.stride[1] and (g.kernel[0], g.stride[0]) in KINDS


def _strips(P: int, Q: int) -> int:
    return blocks(P, ROWS) * Q


def depthwise_slide(x: Any, w: Any, b: Any, g: Any) -> Any:
    """Slide the filters over the image."""
    return _slid(x, w, b, g.out, g.stride[0], False, g.padding)


def depthwise_paint(y: Any, w: Any, g: Any) -> Any:
    """Paint every filter back where it looked, with stride 1: slide them turned by half."""
    return _slid(y, w, None, g.size, 1, True, tuple(g.kernel[0] - 1 - n for n in g.padding))


def _slid(x: Any, w: Any, b: Any, out: tuple[int, int], stride: int, turned: bool, padding: tuple[int, int]) -> Any:
    N, C, H, W = x.shape
    y = room((N, C, *out))
    kernel = f"depthwise<{w.shape[-1]}, {stride}, {str(turned).lower()}>"
    grid = (blocks(N * C * _strips(*out), BLOCK),)
    PROGRAM.launch(kernel, grid, BLOCK, dense(x), dense(w), dense(b), y, N * C, C, H, W, *out, *padding)
    return y


def depthwise_match(x: Any, y: Any, g: Any) -> Any:
    """Match the image with the output, tap by tap."""
    (N, C, H, W), R = x.shape, g.kernel[0]
    shares = max(1, min(8 * PROCESSORS // C, blocks(N * _strips(*g.out), 2 * BLOCK)))
    w = room((shares, C, 1, R, R))
    kernel = f"depthwise_match<{R}, {g.stride[0]}>"
    PROGRAM.launch(kernel, (C, shares), BLOCK, dense(x), dense(y), w, N, C, H, W, *g.out, *g.padding)
    return added(w)
