"""Adaptive pooling: the number of windows is given, and their sizes follow from it.

Window p of P covers the pixels ⌊p·H / P⌋ to ⌈(p + 1)·H / P⌉ - 1: together all of them, and neighbors overlap where P
does not divide H.

N images, C channels, H×W pixels · P×Q output pixels. An output size of None keeps that of the input.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ..autograd import constant
from ..backend import Array, accelerable, array_module
from ..errors import ArgumentError, DtypeError
from .avg_pool import average
from .geometry import Geometry
from .operands import tensor_of
from .pixels import gather_pixels
from .pool import check_planes
from .resample import Sparse, resample
from .tables import table_beside

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d", "adaptive_max_pool2d",
    "adaptive_max_pool3d",
]  # fmt: skip

Size: TypeAlias = "int | Sequence[int | None] | None"


def adaptive_avg_pool1d(input: Tensor, output_size: Size) -> Tensor:
    """Average a sequence down to `output_size` values. See `adaptive_avg_pool2d`.

    Shapes    input (N, C, W) or (C, W)  ->  (N, C, Q) or (C, Q)
    """
    return _adaptive_avg_pool("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: Size) -> Tensor:
    """Average an image down to `output_size`, P×Q; a size of 1 is the mean of the whole image.

    Forward   y[p] = (1/count[p]) Σ x[h] over the pixels h of window p
    Backward  dx[h] = Σ dy[p] / count[p] over the windows p that see h
    Shapes    input (N, C, H, W) or (C, H, W)  ->  (N, C, P, Q) or (C, P, Q)
    Raises    ShapeError, ArgumentError, DtypeError
    Source    Lin et al., "Network in network", 2013, section 3.2 (for a size of 1)
    """
    return _adaptive_avg_pool("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_avg_pool3d(input: Tensor, output_size: Size) -> Tensor:
    """Average a volume down to `output_size`. See `adaptive_avg_pool2d`.

    Shapes    input (N, C, D, H, W) or (C, D, H, W)  ->  (N, C, O, P, Q) or (C, O, P, Q)
    """
    return _adaptive_avg_pool("adaptive_avg_pool3d", 3, input, output_size)


def adaptive_max_pool1d(input: Tensor, output_size: Size, return_indices: bool = False) -> Any:
    """Take the largest values of a sequence, `output_size` of them. See `adaptive_max_pool2d`.

    Shapes    input (N, C, W) or (C, W)  ->  (N, C, Q) or (C, Q)
    """
    return _adaptive_max_pool("adaptive_max_pool1d", 1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Tensor, output_size: Size, return_indices: bool = False) -> Any:
    """Take the largest pixels of an image, P×Q of them; with `return_indices` the result is (y, indices).

    Forward   y[p] = max x[h] over the pixels h of window p; of equals the first in row order wins
    Backward  dx[h] = Σ dy[p] over the windows p that h won
    Shapes    input (N, C, H, W) or (C, H, W)  ->  (N, C, P, Q) or (C, P, Q)
    Raises    ShapeError, ArgumentError, DtypeError
    """
    return _adaptive_max_pool("adaptive_max_pool2d", 2, input, output_size, return_indices)


def adaptive_max_pool3d(input: Tensor, output_size: Size, return_indices: bool = False) -> Any:
    """Take the largest values of a volume. See `adaptive_max_pool2d`.

    Shapes    input (N, C, D, H, W) or (C, D, H, W)  ->  (N, C, O, P, Q) or (C, O, P, Q)
    """
    return _adaptive_max_pool("adaptive_max_pool3d", 3, input, output_size, return_indices)


def _out_sizes(op: str, d: int, x: Tensor, output_size: Size) -> tuple[int, ...]:
    check_planes(op, d, x)
    wanted = tuple(output_size) if isinstance(output_size, Sequence) else (output_size,) * d
    if len(wanted) != d:
        raise ArgumentError(f"{op}: output_size must be one size or {d} of them, got {output_size!r}")
    out = tuple(h if n is None else n for n, h in zip(wanted, x.array.shape[-d:], strict=True))
    if not all(hasattr(n, "__index__") for n in out) or min(out) < 1:
        raise ArgumentError(f"{op}: output sizes must be positive integers, got {output_size!r}")
    return out


def window_bounds(H: int, P: int) -> tuple[Array, Array]:
    """Return where the P windows over H pixels start, and where they end (exclusive)."""
    p = np.arange(P)
    return p * H // P, -(-(p + 1) * H // P)


def _adaptive_avg_pool(op: str, d: int, input: Tensor, output_size: Size) -> Tensor:
    x = tensor_of(op, input)
    if x.array.dtype.kind != "f":
        raise DtypeError(f"{op}: needs a floating tensor, got {x.array.dtype}\nHint: convert with .float() first")
    out, size = _out_sizes(op, d, x, output_size), x.array.shape[-d:]
    if not any(h % p for h, p in zip(size, out, strict=True)):  # windows of one size, side by side
        kernel = tuple(h // p for h, p in zip(size, out, strict=True))
        return average(x, Geometry(size, out, kernel, kernel, (0,) * d, (1,) * d), np.full(out, float(np.prod(kernel))))
    for axis, (h, p) in enumerate(zip(size, out, strict=True), start=-d):
        x = resample(x, axis, _averages(h, p))
    return x


def _averages(H: int, P: int) -> Sparse:
    """Return the matrix that averages each of P windows over H pixels."""
    start, end = window_bounds(H, P)
    p = np.repeat(np.arange(P), end - start)
    h = np.arange(len(p)) - np.repeat(np.cumsum(end - start) - end, end - start)
    return Sparse(P, H, p, h, 1 / (end - start)[p])


def _adaptive_max_pool(op: str, d: int, input: Tensor, output_size: Size, return_indices: bool) -> Any:
    x = tensor_of(op, input)
    if x.array.dtype.kind == "b":
        raise DtypeError(f"{op}: a bool tensor has no largest value\nHint: convert with .float(), or use any()")
    indices = constant(adaptive_winners(x.array, _out_sizes(op, d, x, output_size)))
    y = gather_pixels(x, indices, d)
    return (y, indices) if return_indices else y


@accelerable
def adaptive_winners(x_nchw: Array, out: tuple[int, ...]) -> Array:
    """Return the index in the plane of the first largest pixel of each window."""
    xp, d = array_module(x_nchw), len(out)
    size, planes = x_nchw.shape[-d:], x_nchw.shape[:-d]
    place = np.arange(int(np.prod(size))).reshape(size)
    indices = xp.empty((*planes, *out), "int64")
    bounds = [list(zip(*window_bounds(h, p), strict=True)) for h, p in zip(size, out, strict=True)]
    for at in product(*map(range, out)):
        window = tuple(slice(*bounds[axis][i]) for axis, i in enumerate(at))
        pixels = place[window].reshape(-1)
        values = x_nchw[(..., *window)].reshape(*planes, len(pixels))
        indices[(..., *at)] = table_beside(x_nchw, pixels)[values.argmax(-1)]
    return indices
