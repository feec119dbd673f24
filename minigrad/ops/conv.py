"""Convolution, as three faces of one trilinear form.

    T(x, w, y)  =  Σ  x[n, c, stride·p + dilation·r - padding, ...] · w[k, c, r, ...] · y[n, k, p, ...]

summed over everything, c within k's group. T is linear in each argument; its derivative by any one of them is an array
computed from the other two:

    slide    ∂T/∂y    slide the filters over the image          (conv1d, conv2d, conv3d; a bias may be added)
    paint    ∂T/∂x    paint every filter back where it looked   (conv_transpose1d, 2d, 3d)
    match    ∂T/∂w    match the image with the output           (the gradient of the filters)

The gradient of each is the other two. That is all the calculus here, and why second derivatives need no rule of
their own.

N images, C channels, H×W pixels · K filters of R×S taps · P×Q output pixels. The functions of this file work for one,
two and three spatial axes; the shapes show two, the sums one.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING

from ..autograd import Edge, record
from ..backend import Array, accelerable, array_module
from .fused import fused
from .geometry import Geometry

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__: list[str] = []


def slide(x: Tensor, w: Tensor, g: Geometry, b: Tensor | None = None) -> Tensor:
    """Slide the filters over the image: y = ∂T/∂y, plus a bias per filter.

    Forward   y[n, k, p] = b[k] + Σ_cr x[n, c, stride·p + dilation·r - padding] w[k, c, r]
    Backward  dx = paint(dy, w),  dw = match(x, dy),  db[k] = Σ_np dy[n, k, p]
    Shapes    x (N, C, H, W), w (K, C/groups, R, S), b (K)  ->  y (N, K, P, Q)
    Source    LeCun et al., "Gradient-based learning applied to document recognition", 1998, section II
    """

    @fused("channel_sums")
    def d_b(dy: Tensor, _: Tensor) -> Tensor:
        return dy.sum((0, *range(2, dy.array.ndim)))

    edges: list[Edge] = [(x, lambda dy, _: paint(dy, w, g)), (w, lambda dy, _: match(x, dy, g))]
    if b is not None:
        edges.append((b, d_b))
    return record("conv", slide_loop(x.array, w.array, g, None if b is None else b.array), *edges)


def paint(y: Tensor, w: Tensor, g: Geometry) -> Tensor:
    """Paint every filter back where it looked, as strongly as y says: x = ∂T/∂x.

    Forward   x[n, c, h] = Σ y[n, k, p] w[k, c, r]   over all k, p, r with stride·p + dilation·r - padding = h
    Backward  dy = slide(dx, w),  dw = match(dx, y)
    Shapes    y (N, K, P, Q), w (K, C/groups, R, S)  ->  x (N, C, H, W)
    Source    Zeiler et al., "Deconvolutional networks", 2010
    """
    return record(
        "conv_transpose",
        paint_loop(y.array, w.array, g),
        (y, lambda dx, _: slide(dx, w, g)),
        (w, lambda dx, _: match(dx, y, g)),
    )


def match(x: Tensor, y: Tensor, g: Geometry) -> Tensor:
    """Match the image with the output, tap by tap: w = ∂T/∂w.

    Forward   w[k, c, r] = Σ_np x[n, c, stride·p + dilation·r - padding] y[n, k, p]
    Backward  dx = paint(y, dw),  dy = slide(x, dw)
    Shapes    x (N, C, H, W), y (N, K, P, Q)  ->  w (K, C/groups, R, S)
    """
    return record(
        "conv_weight",
        match_loop(x.array, y.array, g),
        (x, lambda dw, _: paint(y, dw, g)),
        (y, lambda dw, _: slide(x, dw, g)),
    )


def columns(x_nchw: Array, g: Geometry) -> Array:
    """Copy every window of the image into a row of a matrix per group: (groups, N·P·Q, C/groups·R·S).

    A convolution is then one matrix product. Chellapilla et al., "High performance convolutional neural networks
    for document processing", 2006.
    """
    xp, d = array_module(x_nchw), len(g.size)
    padded = xp.pad(x_nchw, ((0, 0), (0, 0), *g.margins())) if any(map(any, g.margins())) else x_nchw
    N, C = x_nchw.shape[:2]
    span = tuple(t * (r - 1) + 1 for t, r in zip(g.dilation, g.kernel, strict=True))
    view = xp.lib.stride_tricks.sliding_window_view(padded, span, axis=tuple(range(2, 2 + d)))
    steps = [slice(None, s * (p - 1) + 1, s) for s, p in zip(g.stride, g.out, strict=True)]
    taps = [slice(None, None, t) for t in g.dilation]
    view = view[(slice(None), slice(None), *steps, *taps)]
    view = view.reshape(N, g.groups, C // g.groups, *g.out, *g.kernel)
    order = (1, 0, *range(3, 3 + d), 2, *range(3 + d, 3 + 2 * d))
    return view.transpose(order).reshape(g.groups, N * prod(g.out), C // g.groups * prod(g.kernel))


@accelerable
def slide_loop(x_nchw: Array, w_kcrs: Array, g: Geometry, b_k: Array | None = None) -> Array:
    """One matrix product per group: every window with every filter."""
    N, K = len(x_nchw), len(w_kcrs)
    filters = w_kcrs.reshape(g.groups, K // g.groups, w_kcrs.shape[1] * prod(g.kernel))
    y = columns(x_nchw, g) @ filters.swapaxes(1, 2)  # (groups, N·P·Q, K/groups)
    y = y.reshape(g.groups, N, prod(g.out), K // g.groups).transpose(1, 0, 3, 2)
    y = y.reshape(N, K, *g.out)
    return y if b_k is None else y + b_k.reshape(K, *(1,) * len(g.size))


@accelerable
def paint_loop(y_nkpq: Array, w_kcrs: Array, g: Geometry) -> Array:
    """Tap by tap: one matrix product says how strongly, one strided addition says where."""
    xp = array_module(y_nkpq)
    N, K, C = len(y_nkpq), len(w_kcrs), w_kcrs.shape[1] * g.groups
    margins = g.margins()
    canvas = xp.zeros((N, C, *(f + n + b for n, (f, b) in zip(g.size, margins, strict=True))), y_nkpq.dtype)
    y = y_nkpq.reshape(N, g.groups, K // g.groups, prod(g.out))
    for place in product(*map(range, g.kernel)):
        tap = w_kcrs[(..., *place)].reshape(g.groups, K // g.groups, C // g.groups)
        canvas[(..., *g.tap(place))] += (tap.swapaxes(1, 2) @ y).reshape(N, C, *g.out)
    inner = tuple(slice(f, f + n) for n, (f, _) in zip(g.size, margins, strict=True))
    return xp.ascontiguousarray(canvas[(..., *inner)])


@accelerable
def match_loop(x_nchw: Array, y_nkpq: Array, g: Geometry) -> Array:
    """One matrix product per group: every output channel with every column of taps."""
    N, K, C = len(y_nkpq), y_nkpq.shape[1], x_nchw.shape[1]
    y = y_nkpq.reshape(N, g.groups, K // g.groups, prod(g.out)).transpose(1, 2, 0, 3)
    y = y.reshape(g.groups, K // g.groups, N * prod(g.out))
    return (y @ columns(x_nchw, g)).reshape(K, C // g.groups, *g.kernel)
