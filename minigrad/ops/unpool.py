"""Max unpooling: every value goes back to the pixel that won it, the other pixels are 0.

    x = 0;  x[n, c, i[n, c, p]] = y[n, c, p]        i as returned by max pooling with return_indices

N images, C channels, H×W pixels · windows of R×S taps · P×Q values.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from ..backend import array_module
from ..errors import ArgumentError, DtypeError, RangeError, ShapeError
from .bounds import insist_within
from .geometry import IntOrInts, per_axis
from .index import index_put
from .operands import tensor_of
from .pool import check_planes

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["max_unpool1d", "max_unpool2d", "max_unpool3d"]


def max_unpool1d(
    input: Tensor, indices: Tensor, kernel_size: IntOrInts, stride: IntOrInts | None = None, padding: IntOrInts = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:  # fmt: skip
    """Put values back into a sequence. See `max_unpool2d`.

    Shapes    input and indices (N, C, Q) or (C, Q)  ->  (N, C, W) or (C, W)
    Raises    ShapeError, ArgumentError, DtypeError, RangeError
    """
    return _max_unpool("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor, indices: Tensor, kernel_size: IntOrInts, stride: IntOrInts | None = None, padding: IntOrInts = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:  # fmt: skip
    """Put values back into planes of zeros, each at its index W·h + w. Of several for one pixel the last one stays.

    Several sizes H have the same number of windows P; `output_size`, (H, W) or the whole shape, picks another.

    Forward   x = 0, x[n, c, i[n, c, p]] = y[n, c, p]
    Backward  dy[n, c, p] = dx[n, c, i[n, c, p]], and 0 for values that were written over
    Shapes    input and indices (N, C, P, Q) or (C, P, Q)  ->  (N, C, H, W) or (C, H, W),
              H = stride·(P - 1) - 2·padding + R, W likewise
    Raises    ShapeError, ArgumentError, DtypeError, RangeError
    Source    Zeiler et al., "Adaptive deconvolutional networks for mid and high level feature learning", 2011
    """
    return _max_unpool("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor, indices: Tensor, kernel_size: IntOrInts, stride: IntOrInts | None = None, padding: IntOrInts = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:  # fmt: skip
    """Put values back into a volume. See `max_unpool2d`.

    Shapes    input and indices (N, C, O, P, Q) or (C, O, P, Q)  ->  (N, C, D, H, W) or (C, D, H, W)
    Raises    ShapeError, ArgumentError, DtypeError, RangeError
    """
    return _max_unpool("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)


def _max_unpool(
    op: str, d: int, input: Tensor, indices: Tensor, kernel_size: IntOrInts, stride: IntOrInts | None,
    padding: IntOrInts, output_size: Sequence[int] | None,
) -> Tensor:  # fmt: skip
    y, place = tensor_of(op, input), tensor_of(op, indices, "indices")
    check_planes(op, d, y)
    if place.array.dtype.kind not in "iu":
        raise DtypeError(f"{op}: indices must be integers, got {place.array.dtype}\nHint: use return_indices=True")
    if place.array.shape != y.array.shape:
        raise ShapeError(f"{op}: input has shape {y.array.shape} but indices {place.array.shape}")
    kernel = per_axis(op, "kernel_size", kernel_size, d, 1)
    steps = kernel if stride is None else per_axis(op, "stride", stride, d, 1)
    front = per_axis(op, "padding", padding, d, 0)
    size = tuple(
        s * (p - 1) - 2 * f + r for s, p, f, r in zip(steps, y.array.shape[-d:], front, kernel, strict=True)
    )
    if output_size is not None:
        size = _chosen(op, size, steps, tuple(output_size))
    if min(size) < 1:
        raise ShapeError(f"{op}: the planes would have size {size}\nHint: use less padding than {front}")
    pixels, planes = prod(size), y.array.shape[:-d]

    def complain(i: int) -> Exception:
        return RangeError(
            f"{op}: indices holds {i}, a plane of size {size} has pixels 0 to {pixels - 1}\n"
            "Hint: use the kernel_size and stride of the pooling, or pass output_size"
        )

    insist_within(place.array, 0, pixels, complain)
    rows = array_module(y.array).arange(prod(planes))[:, None]
    flat = index_put(
        y.new_zeros(prod(planes), pixels), (rows, place.array.reshape(prod(planes), -1)), y.reshape(prod(planes), -1)
    )
    return flat.reshape(*planes, *size)


def _chosen(op: str, size: tuple[int, ...], steps: tuple[int, ...], wanted: tuple[int, ...]) -> tuple[int, ...]:
    """Return the sizes that were asked for, if they are less than a stride away from `size`."""
    d = len(size)
    chosen = wanted[2:] if len(wanted) == d + 2 else wanted
    if len(chosen) != d:
        raise ArgumentError(f"{op}: output_size must have {d} sizes, or {d + 2} with N and C, got {wanted}")
    if any(abs(n - m) >= s for n, m, s in zip(chosen, size, steps, strict=True)):
        raise ArgumentError(
            f"{op}: output_size {chosen} must be less than a stride, {steps}, away from {size}\n"
            "Hint: pass the size of the image that was pooled"
        )
    return chosen
