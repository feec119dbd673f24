"""Average pooling: the mean of each window.

    average   y[p] = Σ_r x[stride·p + r - padding] / count[p]          look at every pixel of the window
    spread    x[h] = Σ y[p] / count[p]   over the windows p that see h   paint back where it looked

Each is the adjoint of the other. The sum over a window is a sum over its rows, then over its columns, so a window of
R×S taps costs R + S additions per pixel.

N images, C channels, H×W pixels · windows of R×S taps · P×Q output pixels. One implementation serves one, two and
three spatial axes; the shapes show two, the sums one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..autograd import record
from ..backend import Array, accelerable, array_module
from ..errors import ArgumentError, DtypeError
from .geometry import Geometry, IntOrInts
from .operands import quiet, tensor_of
from .pool import in_image, pool_geometry
from .tables import table_beside

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["avg_pool1d", "avg_pool2d", "avg_pool3d"]


def avg_pool1d(
    input: Tensor, kernel_size: IntOrInts, stride: IntOrInts | None = None, padding: IntOrInts = 0,
    ceil_mode: bool = False, count_include_pad: bool = True,
) -> Tensor:  # fmt: skip
    """Average each window of a sequence. See `avg_pool2d`.

    Shapes    input (N, C, W) or (C, W)  ->  (N, C, Q) or (C, Q)
    Raises    ShapeError, ArgumentError, DtypeError
    """
    return _avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Tensor, kernel_size: IntOrInts, stride: IntOrInts | None = None, padding: IntOrInts = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """Average each window of R×S taps; `stride` is the size of the window if not given.

    The count is the number of taps in the padded image, or in the image alone without `count_include_pad`, or
    `divisor_override`. With `ceil_mode` a last window may hang over the edge, if it starts inside.

    Forward   y[p] = Σ_r x[stride·p + r - padding] / count[p]
    Backward  dx[h] = Σ dy[p] / count[p] over the windows p that see h
    Shapes    input (N, C, H, W) or (C, H, W)  ->  (N, C, P, Q) or (C, P, Q),
              P = ⌊(H + 2·padding - R) / stride⌋ + 1, Q likewise; ⌈⌉ with ceil_mode
    Raises    ShapeError, ArgumentError, DtypeError
    Source    LeCun et al., "Gradient-based learning applied to document recognition", 1998, section II
    """
    options = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return _avg_pool("avg_pool2d", 2, input, *options)


def avg_pool3d(
    input: Tensor, kernel_size: IntOrInts, stride: IntOrInts | None = None, padding: IntOrInts = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """Average each window of a volume. See `avg_pool2d`.

    Shapes    input (N, C, D, H, W) or (C, D, H, W)  ->  (N, C, O, P, Q) or (C, O, P, Q)
    Raises    ShapeError, ArgumentError, DtypeError
    """
    options = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return _avg_pool("avg_pool3d", 3, input, *options)


def _avg_pool(
    op: str, d: int, input: Tensor, kernel_size: IntOrInts, stride: IntOrInts | None, padding: IntOrInts,
    ceil_mode: bool, count_include_pad: bool, divisor_override: int | None,
) -> Tensor:  # fmt: skip
    x = tensor_of(op, input)
    if x.array.dtype.kind != "f":
        raise DtypeError(f"{op}: needs a floating tensor, got {x.array.dtype}\nHint: convert with .float() first")
    if divisor_override == 0:
        raise ArgumentError(f"{op}: divisor_override must not be 0\nHint: None divides by the number of taps")
    g = pool_geometry(op, d, x, kernel_size, stride, padding, 1, ceil_mode)
    if divisor_override is not None:
        return average(x, g, np.full(g.out, float(divisor_override)))
    return average(x, g, _taps_inside(g, g.padding if count_include_pad else (0,) * d))


def _taps_inside(g: Geometry, margin: tuple[int, ...]) -> Array:
    """Return for each window how many of its taps lie in the image widened by `margin` on every side."""
    count = np.ones(())
    for axis, edge in enumerate(margin):
        start = np.arange(g.out[axis]) * g.stride[axis] - g.padding[axis]
        inside = np.minimum(start + g.kernel[axis], g.size[axis] + edge) - np.maximum(start, -edge)
        count = count[..., None] * np.maximum(inside, 1)  # a window of nothing but padding averages no pixels: 0
    return count


def average(x: Tensor, g: Geometry, count: Array) -> Tensor:
    """Add up each window and divide: y[p] = Σ_r x[stride·p + r - padding] / count[p].

    Backward  dx = spread(dy)
    Shapes    x (N, C, H, W), count (P, Q)  ->  y (N, C, P, Q)
    """
    with quiet():
        y = average_loop(x.array, g, count)
    return record("avg_pool", y, (x, lambda dy, _: spread(dy, g, count)))


def spread(y: Tensor, g: Geometry, count: Array) -> Tensor:
    """Divide and add to every pixel of the window: x[h] = Σ y[p] / count[p] over the windows p that see h.

    Backward  dy = average(dx)
    Shapes    y (N, C, P, Q), count (P, Q)  ->  x (N, C, H, W)
    """
    with quiet():
        x = spread_loop(y.array, g, count)
    return record("avg_pool_spread", x, (y, lambda dx, _: average(dx, g, count)))


@accelerable
def average_loop(x_nchw: Array, g: Geometry, count: Array) -> Array:
    """Sum tap by tap, one axis after the other; float16 is summed in float32."""
    xp = array_module(x_nchw)
    y = x_nchw.astype(xp.float32) if x_nchw.dtype == xp.float16 else x_nchw
    for axis, (out, taps) in enumerate(zip(g.out, g.kernel, strict=True)):
        at = y.ndim - len(g.size) + axis
        total = xp.zeros((*y.shape[:at], out, *y.shape[at + 1 :]), y.dtype)
        for tap in range(taps):
            windows, pixels = in_image(g, axis, tap)
            total[_along(at, windows)] += y[_along(at, pixels)]
        y = total
    y /= table_beside(y, count.astype(y.dtype))
    return y.astype(x_nchw.dtype, copy=False)


@accelerable
def spread_loop(y_ncpq: Array, g: Geometry, count: Array) -> Array:
    """Add tap by tap, one axis after the other; float16 is summed in float32."""
    xp = array_module(y_ncpq)
    x = y_ncpq / table_beside(y_ncpq, count.astype(xp.promote_types(y_ncpq.dtype, xp.float32)))
    for axis, (size, taps) in enumerate(zip(g.size, g.kernel, strict=True)):
        at = x.ndim - len(g.size) + axis
        total = xp.zeros((*x.shape[:at], size, *x.shape[at + 1 :]), x.dtype)
        for tap in range(taps):
            windows, pixels = in_image(g, axis, tap)
            total[_along(at, pixels)] += x[_along(at, windows)]
        x = total
    return x.astype(y_ncpq.dtype, copy=False)


def _along(axis: int, part: slice) -> tuple[slice, ...]:
    return (*(slice(None),) * axis, part)
