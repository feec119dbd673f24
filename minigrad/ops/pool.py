"""Max pooling: the largest pixel of each window.

    y[p]  =  max_r x[stride·p + dilation·r - padding]           padding counts as -∞: it never wins

The window remembers which of its taps won. That tap's place in the plane is where the pixel was read, and where its
gradient is written: dy goes to the winner and to nobody else. Of equal pixels the first in row order wins, as in
PyTorch; NaN wins over every number.

N images, C channels, H×W pixels · windows of R×S taps · P×Q output pixels. One implementation serves one, two and
three spatial axes; the shapes show two, the sums one.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from ..autograd import constant, record
from ..backend import Array, accelerable, array_module
from ..errors import ArgumentError, DtypeError, ShapeError
from .fused import fused
from .geometry import Geometry, IntOrInts, per_axis, window_count
from .operands import tensor_of
from .pixels import scatter_pixels
from .tables import table_beside

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["max_pool1d", "max_pool2d", "max_pool3d"]

PIXELS = ("W", "H, W", "D, H, W")


def max_pool1d(
    input: Tensor, kernel_size: IntOrInts, stride: IntOrInts | None = None, padding: IntOrInts = 0,
    dilation: IntOrInts = 1, ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """Take the largest value of each window of a sequence. See `max_pool2d`.

    Shapes    input (N, C, W) or (C, W)  ->  (N, C, Q) or (C, Q)
    Raises    ShapeError, ArgumentError, DtypeError
    """
    return _max_pool("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Tensor, kernel_size: IntOrInts, stride: IntOrInts | None = None, padding: IntOrInts = 0,
    dilation: IntOrInts = 1, ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """Take the largest pixel of each window of R×S taps; `stride` is the size of the window if not given.

    With `return_indices` the result is (y, indices): the place W·h + w of each winner in its plane. With `ceil_mode` a
    last window may hang over the edge, if it starts inside.

    Forward   y[p] = x[h*],   h* = argmax_r x[stride·p + dilation·r - padding], the first of equals
    Backward  dx[h] = Σ dy[p] over the windows p that h won
    Shapes    input (N, C, H, W) or (C, H, W)  ->  (N, C, P, Q) or (C, P, Q),
              P = ⌊(H + 2·padding - dilation·(R - 1) - 1) / stride⌋ + 1, Q likewise; ⌈⌉ with ceil_mode
    Raises    ShapeError, ArgumentError, DtypeError
    Source    Ranzato et al., "Unsupervised learning of invariant feature hierarchies", 2007
    """
    return _max_pool("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    input: Tensor, kernel_size: IntOrInts, stride: IntOrInts | None = None, padding: IntOrInts = 0,
    dilation: IntOrInts = 1, ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """Take the largest value of each window of a volume. See `max_pool2d`.

    Shapes    input (N, C, D, H, W) or (C, D, H, W)  ->  (N, C, O, P, Q) or (C, O, P, Q)
    Raises    ShapeError, ArgumentError, DtypeError
    """
    return _max_pool("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _max_pool(
    op: str, d: int, input: Tensor, kernel_size: IntOrInts, stride: IntOrInts | None, padding: IntOrInts,
    dilation: IntOrInts, ceil_mode: bool, return_indices: bool,
) -> Any:  # fmt: skip
    x = tensor_of(op, input)
    if x.array.dtype.kind == "b":
        raise DtypeError(f"{op}: a bool tensor has no largest value\nHint: convert with .float(), or use any()")
    g = pool_geometry(op, d, x, kernel_size, stride, padding, dilation, ceil_mode)
    if _sees_nothing(g):
        raise ArgumentError(
            f"{op}: a window sees nothing but padding\n  image {g.size}, kernel {g.kernel}, stride {g.stride}, "
            f"padding {g.padding}, dilation {g.dilation}\nHint: use less padding or dilation"
        )
    y, winners = max_pool_forward(x.array, g)

    @fused("max_pool_backward", winners, g)
    def d_x(dy: Tensor, _: Tensor) -> Tensor:
        return scatter_pixels(dy, constant(places_of(winners, g)), g.size)

    pooled = record(op, y, (x, d_x))
    return (pooled, constant(places_of(winners, g))) if return_indices else pooled


def pool_geometry(
    op: str, d: int, x: Tensor, kernel_size: IntOrInts, stride: IntOrInts | None, padding: IntOrInts,
    dilation: IntOrInts = 1, ceil_mode: bool = False,
) -> Geometry:  # fmt: skip
    """Check the arguments of a pooling op and return its windows over the last `d` axes of x."""
    check_planes(op, d, x)
    kernel = per_axis(op, "kernel_size", kernel_size, d, 1)
    steps = kernel if stride is None else per_axis(op, "stride", stride, d, 1)
    front = per_axis(op, "padding", padding, d, 0)
    gaps = per_axis(op, "dilation", dilation, d, 1)
    if any(2 * f > t * (r - 1) + 1 for f, t, r in zip(front, gaps, kernel, strict=True)):
        raise ArgumentError(
            f"{op}: padding {front} is more than half of the window, kernel {kernel}, dilation {gaps}\n"
            "Hint: a window must not lie in the padding altogether; use less padding"
        )
    return window_count(op, Geometry(x.array.shape[-d:], (), kernel, steps, front, gaps), front, ceil_mode)


def check_planes(op: str, d: int, x: Tensor) -> None:
    """Check that x is a batch of C planes of `d` axes, or one example of it, with pixels in it."""
    if x.array.ndim not in (d + 1, d + 2):
        letters = PIXELS[d - 1]
        raise ShapeError(f"{op}: input needs axes (N, C, {letters}) or (C, {letters}), got shape {x.array.shape}")
    if 0 in x.array.shape[-d:]:
        raise ShapeError(f"{op}: the planes ({PIXELS[d - 1]}) = {x.array.shape[-d:]} have no pixels")


def _first_taps(g: Geometry, axis: int) -> Array:
    """Return, for each window along `axis`, the first of its taps that is not in the padding, or R if all are."""
    start = np.arange(g.out[axis]) * g.stride[axis] - g.padding[axis]
    first = np.maximum(-(start // g.dilation[axis]), 0)
    return np.where(start + g.dilation[axis] * first < g.size[axis], first, g.kernel[axis])


@lru_cache(256)
def _sees_nothing(g: Geometry) -> bool:
    """Say whether some window lies in the padding altogether."""
    return any((_first_taps(g, axis) >= taps).any() for axis, taps in enumerate(g.kernel))


def in_image(g: Geometry, axis: int, tap: int) -> tuple[slice, slice]:
    """Return the windows along `axis` whose tap lies in the image, and the pixels that it looks at."""
    stride, shift = g.stride[axis], g.dilation[axis] * tap - g.padding[axis]
    first = max(-(shift // stride), 0)
    last = min((g.size[axis] - 1 - shift) // stride, g.out[axis] - 1)
    if last < first:
        return slice(0, 0), slice(0, 0)
    return slice(first, last + 1), slice(stride * first + shift, stride * last + shift + 1, stride)


@accelerable
def max_pool_forward(x_nchw: Array, g: Geometry) -> tuple[Array, Array]:
    """Return the largest pixel of each window, and the number S·r + s of the tap that holds it; tap by tap.

    A tap that beats all before it notes its number. Numbers only grow, so no branch is needed: the last to beat all
    before it is the largest number noted.
    """
    xp, d = array_module(x_nchw), len(g.size)
    lowest = -xp.inf if x_nchw.dtype.kind == "f" else xp.iinfo(x_nchw.dtype).min
    y = xp.full((*x_nchw.shape[:-d], *g.out), lowest, x_nchw.dtype)
    tap_type = "uint8" if prod(g.kernel) <= 256 else "int32"
    winner = xp.zeros(y.shape, tap_type)
    winner[...] = table_beside(winner, _first_tap_numbers(g).astype(tap_type))
    for number, place in enumerate(product(*map(range, g.kernel))):
        windows, pixels = zip(*(in_image(g, axis, tap) for axis, tap in enumerate(place)), strict=True)
        best, taken = y[(..., *windows)], winner[(..., *windows)]
        value = xp.ascontiguousarray(x_nchw[(..., *pixels)])  # it is read three times
        beats = (value > best) | xp.isnan(value)
        xp.maximum(best, value, out=best)
        xp.maximum(taken, beats * taken.dtype.type(number), out=taken)
    return y, winner


def _first_tap_numbers(g: Geometry) -> Array:
    """Return the number S·r + s of the first tap of each window (p, q) that is not in the padding."""
    number = np.zeros((), int)
    for axis, taps in enumerate(g.kernel):
        number = number[..., None] * taps + _first_taps(g, axis)
    return number


def places_of(winner: Array, g: Geometry) -> Array:
    """Turn tap numbers into places in the plane: that of the window's first tap, plus the tap's distance from it."""
    place, distance = np.zeros((), int), np.zeros((), int)
    for axis, size in enumerate(g.size):
        place = place[..., None] * size + np.arange(g.out[axis]) * g.stride[axis] - g.padding[axis]
        distance = distance[..., None] * size + np.arange(g.kernel[axis]) * g.dilation[axis]
    return table_beside(winner, distance.reshape(-1)).take(winner) + table_beside(winner, place)
