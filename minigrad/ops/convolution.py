"""The convolutions that users call: PyTorch's arguments, checked and turned into one of the faces of conv.py.

N images, C channels, H×W pixels · K filters of R×S taps · P×Q output pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import ArgumentError, DtypeError, ShapeError
from ..shapes import describe
from .conv import paint, slide
from .geometry import Geometry, IntOrInts, per_axis, window_count
from .operands import on_one_device, tensor_of
from .precision import lowered

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]

_PIXELS, _TAPS, _OUT = ("W", "H W", "D H W"), ("S", "R S", "O R S"), ("Q", "P Q", "O P Q")


def conv1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: IntOrInts = 1, padding: IntOrInts | str = 0,
    dilation: IntOrInts = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """Slide K filters of S taps along each sequence of C channels.

    Forward   y[n, k, q] = b[k] + Σ_cs x[n, c, stride·q + dilation·s - padding] w[k, c, s]
    Backward  see conv.py
    Shapes    input (N, C, W) or (C, W), weight (K, C/groups, S), bias (K)  ->  (N, K, Q) or (K, Q)
    Raises    ShapeError, ArgumentError, DtypeError
    """
    return _conv("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: IntOrInts = 1, padding: IntOrInts | str = 0,
    dilation: IntOrInts = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """Slide K filters of R×S taps over each image of C channels.

    `padding` is a number per axis, "valid" (none) or "same" (P×Q = H×W; stride must be 1). With `groups`, output
    channels of group g see only input channels of group g; groups = C is a depthwise convolution.

    Forward   y[n, k, p, q] = b[k] + Σ_crs x[n, c, stride·p + dilation·r - padding, ...] w[k, c, r, s]
    Backward  see conv.py
    Shapes    input (N, C, H, W) or (C, H, W), weight (K, C/groups, R, S), bias (K)  ->  (N, K, P, Q) or (K, P, Q),
              P = ⌊(H + 2·padding - dilation·(R - 1) - 1) / stride⌋ + 1, Q likewise
    Raises    ShapeError, ArgumentError, DtypeError
    Source    LeCun et al., "Gradient-based learning applied to document recognition", 1998, section II
    """
    return _conv("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: IntOrInts = 1, padding: IntOrInts | str = 0,
    dilation: IntOrInts = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """Slide K filters of O×R×S taps through each volume of C channels.

    Shapes    input (N, C, D, H, W) or (C, D, H, W), weight (K, C/groups, O, R, S), bias (K)  ->  (N, K, ...)
    Raises    ShapeError, ArgumentError, DtypeError
    """
    return _conv("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: IntOrInts = 1, padding: IntOrInts = 0,
    output_padding: IntOrInts = 0, groups: int = 1, dilation: IntOrInts = 1,
) -> Tensor:  # fmt: skip
    """Paint filters along a sequence: the adjoint of `conv1d` of the same arguments.

    Shapes    input (N, K, Q) or (K, Q), weight (K, C/groups, S), bias (C)  ->  (N, C, W) or (C, W)
    Raises    ShapeError, ArgumentError, DtypeError
    """
    options = (stride, padding, output_padding, groups, dilation)
    return _conv_transpose("conv_transpose1d", 1, input, weight, bias, *options)


def conv_transpose2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: IntOrInts = 1, padding: IntOrInts = 0,
    output_padding: IntOrInts = 0, groups: int = 1, dilation: IntOrInts = 1,
) -> Tensor:  # fmt: skip
    """Paint filters over an image: the adjoint of `conv2d` of the same arguments.

    Several image sizes H have the same number of windows P; `output_padding` picks a larger one.

    Shapes    input (N, K, P, Q) or (K, P, Q), weight (K, C/groups, R, S), bias (C)  ->  (N, C, H, W) or (C, H, W),
              H = stride·(P - 1) + dilation·(R - 1) + 1 - 2·padding + output_padding, W likewise
    Raises    ShapeError, ArgumentError, DtypeError
    Source    Zeiler et al., "Deconvolutional networks", 2010
    """
    options = (stride, padding, output_padding, groups, dilation)
    return _conv_transpose("conv_transpose2d", 2, input, weight, bias, *options)


def conv_transpose3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: IntOrInts = 1, padding: IntOrInts = 0,
    output_padding: IntOrInts = 0, groups: int = 1, dilation: IntOrInts = 1,
) -> Tensor:  # fmt: skip
    """Paint filters through a volume: the adjoint of `conv3d` of the same arguments.

    Shapes    input (N, K, O, P, Q) or (K, O, P, Q), weight (K, C/groups, ...), bias (C)  ->  (N, C, D, H, W)
    Raises    ShapeError, ArgumentError, DtypeError
    """
    options = (stride, padding, output_padding, groups, dilation)
    return _conv_transpose("conv_transpose3d", 3, input, weight, bias, *options)


def _conv(
    op: str, d: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: IntOrInts, padding: IntOrInts | str,
    dilation: IntOrInts, groups: int,
) -> Tensor:  # fmt: skip
    x, w = lowered(tensor_of(op, input)), lowered(tensor_of(op, weight, "weight"))
    on_one_device(op, input=x, weight=w)
    batched = _check_axes(op, d, x, w, f"C {_PIXELS[d - 1]}", f"K C/groups {_TAPS[d - 1]}")
    x = x if batched else x.unsqueeze(0)
    C, K = x.array.shape[1], w.array.shape[0]
    if groups < 1 or C % groups or K % groups or w.array.shape[1] * groups != C:
        raise ShapeError(describe(
            op, f"C is {C} in input but {w.array.shape[1]} in weight, times groups = {groups}, K = {K}",
            {"input": (x, f"N C {_PIXELS[d - 1]}"), "weight": (w, f"K C/groups {_TAPS[d - 1]}")},
            "build the layer with in_channels equal to C of the input; groups must divide C and K",
        ))  # fmt: skip
    steps = per_axis(op, "stride", stride, d, 1)
    gaps = per_axis(op, "dilation", dilation, d, 1)
    kernel = w.array.shape[2:]
    front, back = _padding(op, d, padding, kernel, steps, gaps)
    g = window_count(op, Geometry(x.array.shape[2:], (), kernel, steps, front, gaps, groups), back)
    y = slide(x, w, g, _checked_bias(op, bias, x, K))
    return y if batched else y.squeeze(0)


def _conv_transpose(
    op: str, d: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: IntOrInts, padding: IntOrInts,
    output_padding: IntOrInts, groups: int, dilation: IntOrInts,
) -> Tensor:  # fmt: skip
    y, w = lowered(tensor_of(op, input)), lowered(tensor_of(op, weight, "weight"))
    on_one_device(op, input=y, weight=w)
    batched = _check_axes(op, d, y, w, f"K {_OUT[d - 1]}", f"K C/groups {_TAPS[d - 1]}")
    y = y if batched else y.unsqueeze(0)
    K = y.array.shape[1]
    if groups < 1 or K % groups or w.array.shape[0] != K:
        raise ShapeError(describe(
            op, f"K is {K} in input but {w.array.shape[0]} in weight, groups = {groups}",
            {"input": (y, f"N K {_OUT[d - 1]}"), "weight": (w, f"K C/groups {_TAPS[d - 1]}")},
            "build the layer with in_channels equal to K of the input; groups must divide it",
        ))  # fmt: skip
    steps = per_axis(op, "stride", stride, d, 1)
    gaps = per_axis(op, "dilation", dilation, d, 1)
    front = per_axis(op, "padding", padding, d, 0)
    extra = per_axis(op, "output_padding", output_padding, d, 0)
    if any(e >= max(s, t) for e, s, t in zip(extra, steps, gaps, strict=True)):
        raise ArgumentError(f"{op}: output_padding {extra} must be smaller than stride {steps} or dilation {gaps}")
    kernel, out = w.array.shape[2:], y.array.shape[2:]
    size = tuple(
        s * (p - 1) + t * (r - 1) + 1 - 2 * f + e
        for p, r, s, t, f, e in zip(out, kernel, steps, gaps, front, extra, strict=True)
    )
    if min(size) < 1:
        raise ShapeError(f"{op}: the image would have size {size}\nHint: use less padding than {front}")
    g = Geometry(size, out, kernel, steps, front, gaps, groups)
    C = w.array.shape[1] * groups
    x, b = paint(y, w, g), _checked_bias(op, bias, y, C)
    x = x if b is None else x + b.reshape(C, *(1,) * d)
    return x if batched else x.squeeze(0)


def _check_axes(op: str, d: int, x: Tensor, w: Tensor, letters: str, taps: str) -> bool:
    """Check the number of axes and the types; return whether the input has a batch axis."""
    if x.array.ndim not in (d + 1, d + 2) or w.array.ndim != d + 2:
        raise ShapeError(
            f"{op}: input needs axes (N, {letters.replace(' ', ', ')}) or ({letters.replace(' ', ', ')}) and weight "
            f"({taps.replace(' ', ', ')}), got shapes {x.array.shape} and {w.array.shape}"
        )
    if 0 in x.array.shape[-d:] or 0 in w.array.shape[2:]:
        raise ShapeError(f"{op}: an axis of pixels or taps is empty, shapes {x.array.shape} and {w.array.shape}")
    if x.array.dtype != w.array.dtype:
        raise DtypeError(
            f"{op}: input is {x.array.dtype} but weight is {w.array.dtype}\nHint: convert one with .to(dtype)"
        )
    return bool(x.array.ndim == d + 2)


def _padding(
    op: str, d: int, padding: IntOrInts | str, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return how many pixels of padding lie in front of, and behind, each axis."""
    if not isinstance(padding, str):
        front = per_axis(op, "padding", padding, d, 0)
        return front, front
    if padding == "valid":
        return (0,) * d, (0,) * d
    if padding != "same":
        raise ArgumentError(f'{op}: padding is {padding!r}; use numbers, "valid" or "same"')
    if max(stride) > 1:
        raise ArgumentError(f'{op}: padding "same" needs stride 1, got {tuple(stride)}\nHint: give it in pixels')
    total = [t * (r - 1) for t, r in zip(dilation, kernel, strict=True)]
    return tuple(n // 2 for n in total), tuple(n - n // 2 for n in total)


def _checked_bias(op: str, bias: Tensor | None, input: Tensor, channels: int) -> Tensor | None:
    """Check that the bias has a number of the type of the input for each channel."""
    if bias is None:
        return None
    b = lowered(tensor_of(op, bias, "bias"))
    on_one_device(op, input=input, bias=b)
    if b.array.shape != (channels,):
        raise ShapeError(f"{op}: bias has shape {b.array.shape}, one number for each of {channels} channels is needed")
    if b.array.dtype != input.array.dtype:
        raise DtypeError(
            f"{op}: input is {input.array.dtype} but bias is {b.array.dtype}\nHint: convert one with .to(dtype)"
        )
    return b
