"""The twins of slide_loop, paint_loop and match_loop, and which algorithm they run.

    Winograd    3×3 taps, stride 1, enough channels on both sides to pay for its transforms, enough tiles for vectors
    direct      all else: any number of axes, stride, padding, dilation, groups; 1×1 and depthwise as well

Both round differently, so the mode "exact" asks for the plain sums of the second. All of this is for float32; other
types, and arrays without elements, are the reference's.
"""

from __future__ import annotations

from math import prod
from types import ModuleType
from typing import Any

from ..registry import choice
from . import direct, winograd
from .buffers import FLOAT32

# Measured: below these, plain sums are faster.
FEWEST_CHANNELS, FEWEST_PAIRS, FEWEST_TILES = 8, 256, 32


def algorithm(g: Any, N: int, C: int, K: int) -> ModuleType:
    """Return the module with the fastest convolution of N images from C to K channels."""
    if g.kernel != (3, 3) or set(g.stride) != {1} or set(g.dilation) != {1} or g.groups > 1 or choice.mode == "exact":
        return direct
    pays = min(C, K) >= FEWEST_CHANNELS and C * K >= FEWEST_PAIRS
    return winograd if pays and N * prod(-(-n // 4) for n in g.out) >= FEWEST_TILES else direct


def _covered(*arrays: Any) -> bool:
    return all(a.dtype == FLOAT32 and a.size for a in arrays)


def slide_loop(x_nchw: Any, w_kcrs: Any, g: Any, b_k: Any = None) -> Any:
    """Slide the filters over the image; the bias is what sums start from, so it costs nothing."""
    if not _covered(x_nchw, w_kcrs):
        return NotImplemented
    N, C = x_nchw.shape[:2]
    return algorithm(g, N, C, len(w_kcrs)).slide(x_nchw, w_kcrs, g, b_k)


def paint_loop(y_nkpq: Any, w_kcrs: Any, g: Any) -> Any:
    """Paint every filter back where it looked."""
    if not _covered(y_nkpq, w_kcrs):
        return NotImplemented
    N, K = y_nkpq.shape[:2]
    return algorithm(g, N, w_kcrs.shape[1], K).paint(y_nkpq, w_kcrs, g)


def match_loop(x_nchw: Any, y_nkpq: Any, g: Any) -> Any:
    """Match the image with the output, tap by tap."""
    if not _covered(x_nchw, y_nkpq):
        return NotImplemented
    N, C = x_nchw.shape[:2]
    return algorithm(g, N, C, y_nkpq.shape[1]).match(x_nchw, y_nkpq, g)
