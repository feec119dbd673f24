"""Windows that slide over an axis, and the sum of overlapping windows.

    windows       y[p, r] = x[p·step + r·dilation]         read: a view
    overlap_add   x = 0;  x[p·step + r·dilation] += y[p, r]   write back; where windows overlap, they add up

Each is the adjoint of the other. Over the two axes of an image, `unfold` (im2col) puts every R×S window into a column,
so that a convolution becomes a matrix product; `fold` (col2im) is its adjoint. Both are compositions:

    unfold   pad,         windows over H and W,      columns in front
    fold     axes back,   overlap_add over W and H,  crop

N images · C channels · H×W pixels · windows of R×S taps · P×Q windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..autograd import record
from ..backend import Array, accelerable, array_module
from ..errors import ArgumentError, ShapeError
from ..overwrites import share_memory
from ..shapes import describe, normalize_axis
from .operands import tensor_of
from .padding import pad
from .shape import shape_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["fold", "overlap_add", "unfold", "windows"]


def windows(input: Tensor, dimension: int, size: int, step: int, dilation: int = 1) -> Tensor:
    """Slide a window of `size` taps over an axis; `Tensor.unfold`, where dilation is 1.

    Forward   y[p, r] = x[p·step + r·dilation]
    Backward  dx = the sum of the overlapping dy: `overlap_add`
    Shapes    (..., n, ...)  ->  (..., P, ..., size),   P = ⌊(n - dilation (size - 1) - 1) / step⌋ + 1

    >>> from minigrad import arange
    >>> arange(5).unfold(0, 3, 2)
    tensor([[0, 1, 2],
            [2, 3, 4]])
    """
    x = tensor_of("unfold", input)
    axis, shape = normalize_axis("unfold", dimension, x.array.ndim), x.array.shape
    if size < 1 or step < 1 or dilation < 1:
        raise ArgumentError(f"unfold: size, step and dilation must be at least 1, got {size}, {step} and {dilation}")
    n = shape[axis] if shape else 0
    span = dilation * (size - 1) + 1
    if span > n:
        raise ShapeError(f"unfold: a window that spans {span} does not fit into dim {axis} of size {n}, shape {shape}")
    y = _seen_in_windows(x.array, axis, (n - span) // step + 1, size, step, dilation)
    seen = record("unfold", y, (x, lambda dy, _: overlap_add(dy, axis, n, step, dilation)))
    share_memory(seen, x)
    seen.is_view = True
    return seen


def _seen_in_windows(x: Array, axis: int, count: int, size: int, step: int, dilation: int) -> Array:
    """Return a view in which `axis` counts the windows, and a new last axis the taps."""
    shape = (*x.shape[:axis], count, *x.shape[axis + 1 :], size)
    stride = x.strides[axis]
    strides = (*x.strides[:axis], stride * step, *x.strides[axis + 1 :], stride * dilation)
    y = array_module(x).lib.stride_tricks.as_strided(x, shape, strides)
    if hasattr(y.flags, "writeable"):
        y.flags.writeable = False  # one element may be seen in several windows
    return y


def overlap_add(input: Tensor, dimension: int, size: int, step: int, dilation: int = 1) -> Tensor:
    """Put windows back on an axis of `size` places, adding where they overlap. The adjoint of `windows`.

    Forward   x = 0, then x[p·step + r·dilation] += y[p, r]
    Backward  dy[p, r] = dx[p·step + r·dilation]
    Shapes    (..., P, ..., R)  ->  (..., size, ...)
    """
    y = tensor_of("overlap_add", input)
    if y.array.ndim < 2:
        raise ShapeError(f"overlap_add: needs an axis of windows and a last axis of taps, got shape {y.array.shape}")
    axis = normalize_axis("overlap_add", dimension, y.array.ndim - 1)
    count, taps = y.array.shape[axis], y.array.shape[-1]
    if not count or not taps:
        raise ShapeError(f"overlap_add: needs at least one window of one tap, got shape {y.array.shape}")
    reach = (count - 1) * step + (taps - 1) * dilation + 1
    if reach > size:
        raise ShapeError(f"overlap_add: {count} windows of {taps} taps reach over {reach} places, size is {size}")

    def d_y(dx: Tensor, _: Tensor) -> Tensor:
        return windows(dx, axis, taps, step, dilation).narrow(axis, 0, count)

    return record("overlap_add", overlap_add_forward(y.array, axis, size, step, dilation), (y, d_y))


@accelerable
def overlap_add_forward(y: Array, axis: int, size: int, step: int, dilation: int) -> Array:
    """Add up overlapping windows: all first taps, then all second taps, and so on."""
    x = array_module(y).zeros((*y.shape[:axis], size, *y.shape[axis + 1 : -1]), y.dtype)
    before, reach = (slice(None),) * axis, (y.shape[axis] - 1) * step + 1
    for r in range(y.shape[-1]):
        x[(*before, slice(r * dilation, r * dilation + reach, step))] += y[..., r]
    return x


def _pair(op: str, name: str, value: int | Sequence[int], least: int) -> tuple[int, int]:
    """Return one number, or two, as numbers for H and W."""
    found = shape_of(op, (value,))
    found = found * 2 if len(found) == 1 else found
    if len(found) != 2 or min(found) < least:
        raise ArgumentError(f"{op}: {name} must be one or two integers, at least {least}, got {value}")
    return found[0], found[1]


def unfold(
    input: Tensor, kernel_size: int | Sequence[int], dilation: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0, stride: int | Sequence[int] = 1,
) -> Tensor:  # fmt: skip
    """Put every window of an image into a column (im2col).

    Forward   y[n, (c, r, s), (p, q)] = x[n, c, p·stride + r·dilation - padding, q·stride + s·dilation - padding]
    Backward  dx = every column added back to where it was seen: `fold`
    Shapes    (N, C, H, W)  ->  (N, C·R·S, P·Q); without N likewise
    """
    x = tensor_of("unfold", input)
    if x.array.ndim == 3:
        return unfold(x.unsqueeze(0), kernel_size, dilation, padding, stride).squeeze(0)
    if x.array.ndim != 4:
        raise ShapeError(f"unfold: input needs axes (N, C, H, W) or (C, H, W), got shape {x.array.shape}")
    (R, S), (step_h, step_w) = _pair("unfold", "kernel_size", kernel_size, 1), _pair("unfold", "stride", stride, 1)
    (dil_h, dil_w), (pad_h, pad_w) = _pair("unfold", "dilation", dilation, 1), _pair("unfold", "padding", padding, 0)
    x = pad(x, (pad_w, pad_w, pad_h, pad_h))
    y_ncpwr = windows(x, 2, R, step_h, dil_h)
    y_ncpqrs = windows(y_ncpwr, 3, S, step_w, dil_w)
    N, C, P, Q = y_ncpqrs.shape[:4]
    return y_ncpqrs.permute(0, 1, 4, 5, 2, 3).reshape(N, C * R * S, P * Q)


def fold(
    input: Tensor, output_size: int | Sequence[int], kernel_size: int | Sequence[int],
    dilation: int | Sequence[int] = 1, padding: int | Sequence[int] = 0, stride: int | Sequence[int] = 1,
) -> Tensor:  # fmt: skip
    """Add columns back into an image, each to the window it stands for (col2im). The adjoint of `unfold`.

    Forward   x = 0, then x[n, c, p·stride + r·dilation - padding, q·...] += y[n, (c, r, s), (p, q)]
    Backward  dy = the windows of dx in columns: `unfold`
    Shapes    (N, C·R·S, P·Q)  ->  (N, C, H, W), where (H, W) = output_size; without N likewise
    """
    y = tensor_of("fold", input)
    if y.array.ndim == 2:
        return fold(y.unsqueeze(0), output_size, kernel_size, dilation, padding, stride).squeeze(0)
    (H, W), (R, S) = _pair("fold", "output_size", output_size, 1), _pair("fold", "kernel_size", kernel_size, 1)
    (step_h, step_w), (dil_h, dil_w) = _pair("fold", "stride", stride, 1), _pair("fold", "dilation", dilation, 1)
    pad_h, pad_w = _pair("fold", "padding", padding, 0)
    P = (H + 2 * pad_h - dil_h * (R - 1) - 1) // step_h + 1
    Q = (W + 2 * pad_w - dil_w * (S - 1) - 1) // step_w + 1
    _check_columns(y, R * S, P * Q if min(P, Q) > 0 else 0)
    N, C = y.array.shape[0], y.array.shape[1] // (R * S)
    y_ncpqrs = y.reshape(N, C, R, S, P, Q).permute(0, 1, 4, 5, 2, 3)
    x_ncpwr = overlap_add(y_ncpqrs, 3, W + 2 * pad_w, step_w, dil_w)
    x = overlap_add(x_ncpwr, 2, H + 2 * pad_h, step_h, dil_h)
    return pad(x, (-pad_w, -pad_w, -pad_h, -pad_h))


def _check_columns(y: Tensor, taps: int, count: int) -> None:
    rows = {"input": (y, "N C·R·S P·Q")}
    if y.array.ndim != 3:
        raise ShapeError(f"fold: input needs axes (N, C·R·S, P·Q) or (C·R·S, P·Q), got shape {y.array.shape}")
    if y.array.shape[1] % taps:
        what = f"C·R·S is {y.array.shape[1]} in input, not a multiple of the R·S = {taps} taps of kernel_size"
        raise ShapeError(describe("fold", what, rows, ""))
    if y.array.shape[2] != count or not count:
        what = f"P·Q is {y.array.shape[2]} in input, but output_size has {count} windows"
        raise ShapeError(describe("fold", what, rows, "use the output_size, stride, padding and dilation of unfold"))
