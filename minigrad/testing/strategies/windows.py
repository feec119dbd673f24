"""Problems for convolution and pooling: sizes, strides, padding, dilation, groups.

Borders that no window reaches, strides beyond the window, padding beyond it, dilation that looks past the image, one
pixel, one tap, unequal axes: each is a bug that was found in a published framework, and each comes up here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ..optional import st
from .shapes import Shape


class ConvProblem(NamedTuple):
    """A call of conv1d, conv2d or conv3d: conv(input, weight, **options)."""

    input: Shape  # (N, C, H, W)
    weight: Shape  # (K, C / groups, R, S)
    options: dict[str, Any]  # stride, padding, dilation, groups


class PoolProblem(NamedTuple):
    """A call of max_pool or avg_pool: pool(input, **options)."""

    input: Shape  # (N, C, H, W)
    options: dict[str, Any]  # kernel_size, stride, padding, ceil_mode; dilation for max pooling


class Axis(NamedTuple):
    """The windows along one axis."""

    size: int
    kernel: int
    stride: int
    padding: int
    dilation: int


@st.composite
def conv_geometries(draw: st.DrawFn, d: int = 2, most: int = 6) -> ConvProblem:
    """Draw a convolution over `d` spatial axes of about `most` pixels."""
    groups = draw(st.integers(1, 2))
    N, C, K = (draw(st.integers(1, 2)) for _ in range(3))
    axes = [draw(_conv_axis(most)) for _ in range(d)]
    options = {
        "stride": tuple(a.stride for a in axes),
        "padding": tuple(a.padding for a in axes),
        "dilation": tuple(a.dilation for a in axes),
        "groups": groups,
    }
    image, taps = tuple(a.size for a in axes), tuple(a.kernel for a in axes)
    return ConvProblem((N, groups * C, *image), (groups * K, C, *taps), options)


@st.composite
def _conv_axis(draw: st.DrawFn, most: int) -> Axis:
    kernel, stride, dilation = (draw(st.integers(1, n)) for n in (3, 3, 2))
    span = dilation * (kernel - 1) + 1
    padding = draw(st.integers(0, span + 1))
    size = draw(st.integers(max(1, span - 2 * padding), max(most, span)))
    return Axis(size, kernel, stride, padding, dilation)


@st.composite
def pool_geometries(draw: st.DrawFn, d: int = 2, most: int = 6, dilated: bool = True) -> PoolProblem:
    """Draw a pooling over `d` spatial axes; every window sees a pixel. Average pooling takes dilated=False."""
    ceil_mode = draw(st.booleans())
    axes = [draw(_pool_axis(most, dilated).filter(lambda a: _sees_pixels(a, ceil_mode))) for _ in range(d)]
    options: dict[str, Any] = {
        "kernel_size": tuple(a.kernel for a in axes),
        "stride": tuple(a.stride for a in axes),
        "padding": tuple(a.padding for a in axes),
        "ceil_mode": ceil_mode,
    }
    if dilated:
        options["dilation"] = tuple(a.dilation for a in axes)
    return PoolProblem((draw(st.integers(1, 2)), draw(st.integers(1, 2)), *(a.size for a in axes)), options)


@st.composite
def _pool_axis(draw: st.DrawFn, most: int, dilated: bool) -> Axis:
    kernel, stride = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    dilation = draw(st.integers(1, 2)) if dilated else 1
    span = dilation * (kernel - 1) + 1
    padding = draw(st.integers(0, span // 2 if dilated else kernel // 2))
    size = draw(st.integers(max(1, span - 2 * padding), max(most, span)))
    return Axis(size, kernel, stride, padding, dilation)


def _sees_pixels(a: Axis, ceil_mode: bool) -> bool:
    """Say whether every window along the axis has a tap in the image."""
    span, end = a.dilation * (a.kernel - 1) + 1, a.size + a.padding
    starts = range(-a.padding, a.size if ceil_mode else end - span + 1, a.stride)
    return all(any(0 <= start + a.dilation * r < a.size for r in range(a.kernel)) for start in starts)
