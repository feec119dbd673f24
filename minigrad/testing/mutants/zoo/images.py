"""Mistakes in convolution, pooling and resizing."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .... import ops
from ....ops import tensor
from ..example import Call, Probe, one_of
from ..mutant import Mutant
from . import laws

_IMAGE, _CONV = ((1, 2, 5, 5),), ((1, 2, 5, 5), (2, 2, 3, 3))
_CONVS = one_of(((2, 2, 4, 5), (3, 2, 2, 3)), ((1, 1, 3, 3), (1, 1, 2, 2)), ((2, 2, 6, 6), (2, 2, 3, 3)))
_POOLED = one_of(((1, 1, 4, 4),), ((2, 1, 4, 6),), ((1, 2, 5, 5),))
_conv = partial(ops.conv2d, padding=1, stride=2)


def _pooled(op: Any, **options: Any) -> Any:
    """Pool an image with a tie in every window and negative numbers only."""
    x = tensor(-np.array([[3.0, 1, 1, 2, 1], [1, 3, 2, 1, 1], [2, 2, 2, 2, 1], [4, 1, 1, 1, 5]]), requires_grad=True)
    y = op(x.unsqueeze(0), **options)
    y.backward(tensor(np.arange(1.0, y.numel() + 1).reshape(y.shape)))
    return y, x.grad


MUTANTS = [
    Mutant(
        "conv-flipped", "convolution", "minigrad.ops.conv:paint_loop",
        "w_kcrs[(..., *place)]", "w_kcrs[(..., *(r - 1 - i for r, i in zip(g.kernel, place, strict=True)))]",
        "the filters turned over once too often; of this family are Theano/Theano#602, neon#111, mlx#1449",
        laws.DIFFERENCES, Call(ops.conv2d, _CONV, _CONVS),
    ),
    Mutant(
        "conv-overwrites", "convolution", "minigrad.ops.conv:paint_loop",
        "canvas[(..., *g.tap(place))] += ", "canvas[(..., *g.tap(place))] = ",
        "an assignment where windows overlap",
        laws.DUPLICATES, Call(ops.conv2d, _CONV, _CONVS),
    ),
    Mutant(
        "conv-stride-ignored", "convolution", "minigrad.ops.conv:paint_loop",
        "*g.tap(place))]", "*g._replace(stride=(1,) * len(g.stride)).tap(place))]",
        "the windows' places not multiplied by the stride: enggen/Deep-Learning-Coursera#7",
        laws.OPTIONS, Call(_conv, _CONV, _CONVS),
    ),
    Mutant(
        "conv-dilation-ignored", "convolution", "minigrad.ops.geometry:Geometry.tap",
        "slice(d * r, d * r + s * (p - 1) + 1, s)", "slice(r, r + s * (p - 1) + 1, s)",
        "gaps between the taps in the forward pass only",
        laws.OPTIONS, Call(partial(ops.conv2d, dilation=2), _CONV, one_of(((1, 2, 5, 6), (1, 2, 2, 2)))),
    ),
    Mutant(
        "conv-padding-kept", "convolution", "minigrad.ops.conv:paint_loop",
        "tuple(slice(f, f + n) for n, (f, _) in", "tuple(slice(0, n) for n, (f, _) in",
        "the padding cut off at one side only: the gradient is shifted by it",
        laws.OPTIONS, Call(_conv, _CONV, _CONVS),
    ),
    Mutant(
        "conv-groups-interleaved", "convolution", "minigrad.ops.conv:slide_loop",
        "transpose(1, 0, 3, 2)", "transpose(1, 3, 0, 2)",
        "the filters of the groups dealt like cards, which is right for one group and for one filter each",
        laws.OPTIONS, Call(partial(ops.conv2d, groups=2), ((1, 4, 4, 4), (4, 2, 2, 2))),
    ),
    Mutant(
        "conv-weight-averaged", "convolution", "minigrad.ops.conv:match_loop",
        "(y @ columns(x_nchw, g))", "(y @ columns(x_nchw, g) / N)",
        "the batch averaged in the gradient of the filters, right for a batch of one",
        laws.DIFFERENCES, Call(ops.conv2d, _CONV, _CONVS),
    ),
    Mutant(
        "conv-rounded-up", "convolution", "minigrad.ops.geometry:window_count",
        "else room // s) + 1", "else -(-room // s)) + 1",
        "a window for the remainder too: the border that no window reaches is where peers refuse or go wrong",
        laws.VALUES, Call(partial(ops.conv2d, stride=3), _CONV), ("tests/ops/test_convolution.py",),
    ),
    Mutant(
        "conv-transpose-steps", "convolution", "minigrad.ops.conv:paint",
        "slide(dx, w, g)", "slide(dx, w, g._replace(stride=g.dilation, dilation=g.stride))",
        "stride and dilation exchanged in the gradient: huggingface/candle#2337",
        laws.OPTIONS, Call(partial(ops.conv_transpose2d, stride=2), ((1, 2, 3, 3), (2, 2, 3, 3))),
        ("tests/ops/test_convolution.py",),
    ),
    Mutant(
        "conv-second-gradient", "second order", "minigrad.ops.conv:slide",
        "lambda dy, _: match(x, dy, g)", "lambda dy, _: match(x.detach(), dy, g)",
        "the gradient of the gradient misses a term; DeZero's is broken, and no test of it asks",
        laws.SECOND, Call(ops.conv2d, _CONV, _CONVS, order=2), ("tests/ops/test_convolution.py",),
    ),
    Mutant(
        "conv-bias-mean", "convolution", "minigrad.ops.conv:slide",
        "dy.sum((0, *range(2, dy.array.ndim)))", "dy.sum((0, *range(2, dy.array.ndim))) / dy.array.shape[0]",
        "a bias whose gradient is averaged over the batch",
        laws.DIFFERENCES, Call(ops.conv2d, ((2, 2, 4, 4), (3, 2, 2, 2), (3,))),
    ),
    Mutant(
        "max-pool-zero-padding", "pooling", "minigrad.ops.pool:max_pool_forward",
        'lowest = -xp.inf if x_nchw.dtype.kind == "f"', 'lowest = 0.0 if x_nchw.dtype.kind == "f"',
        "padding that wins over every negative number",
        laws.VALUES, Probe(lambda: _pooled(ops.max_pool2d, kernel_size=2, padding=1)),
    ),
    Mutant(
        "max-pool-last-tie", "pooling", "minigrad.ops.pool:max_pool_forward",
        "(value > best) | xp.isnan(value)", "(value >= best) | xp.isnan(value)",
        "of equal pixels the last: another subgradient than that of every framework one might compare with",
        laws.TIES, Probe(lambda: _pooled(ops.max_pool2d, kernel_size=2)),
    ),
    Mutant(
        "max-pool-overwrites", "pooling", "minigrad.ops.pixels:scatter_pixels_loop",
        "add_at(x, _numbered(i_ncpq, size), y_ncpq.reshape(-1))", "x[_numbered(i_ncpq, size)] = y_ncpq.reshape(-1)",
        "a pixel that wins several windows keeps the gradient of one",
        laws.DUPLICATES, Call(lambda x: ops.max_pool2d(x, 2, 1), _IMAGE, _POOLED), ("tests/ops/test_pool.py",),
    ),
    Mutant(
        "max-pool-next-plane", "pooling", "minigrad.ops.pixels:_numbered",
        "arange(planes) * prod(size)", "arange(planes) * size[0] * size[0]",
        "the height for the width, right for square images",
        laws.SHAPES, Call(lambda x: ops.max_pool2d(x, 2), _IMAGE, _POOLED), ("tests/ops/test_pool.py",),
    ),
    Mutant(
        "pool-ceil-in-padding", "pooling", "minigrad.ops.geometry:window_count",
        "(p - 1) * s >= h + front", "(p - 1) * s > h + front",
        "a last window that starts behind the image: one output of nothing but padding",
        laws.OPTIONS, Probe(lambda: ops.avg_pool2d(tensor(np.ones((1, 4, 4))), 1, 2, ceil_mode=True)),
        ("tests/ops/test_pool.py", "tests/ops/test_avg_pool.py"),
    ),
    Mutant(
        "avg-pool-counts-padding", "pooling", "minigrad.ops.avg_pool:_avg_pool",
        "g.padding if count_include_pad else (0,) * d", "g.padding",
        "padding is counted, whatever was asked for: apache/tvm#1144",
        laws.OPTIONS, Probe(lambda: _pooled(ops.avg_pool2d, kernel_size=2, padding=1, count_include_pad=False)),
    ),
    Mutant(
        "avg-pool-overwrites", "pooling", "minigrad.ops.avg_pool:spread_loop",
        "total[_along(at, pixels)] += x[_along(at, windows)]", "total[_along(at, pixels)] = x[_along(at, windows)]",
        "an assignment where windows overlap",
        laws.DUPLICATES, Call(lambda x: ops.avg_pool2d(x, 3, 1), _IMAGE, _POOLED),
    ),
    Mutant(
        "avg-pool-undivided", "pooling", "minigrad.ops.avg_pool:spread_loop",
        "x = y_ncpq / table_beside(y_ncpq, count.astype(xp.promote_types(y_ncpq.dtype, xp.float32)))",
        "x = y_ncpq.astype(xp.promote_types(y_ncpq.dtype, xp.float32))",
        "a gradient that is not shared out: every pixel gets all of it",
        laws.DIFFERENCES, Call(lambda x: ops.avg_pool2d(x, 2), _IMAGE, _POOLED),
    ),
    Mutant(
        "adaptive-windows-short", "pooling", "minigrad.ops.adaptive_pool:window_bounds",
        "-(-(p + 1) * H // P)", "np.maximum((p + 1) * H // P, p * H // P + 1)",
        "window ends rounded down: pixels between two windows are seen by neither",
        laws.VALUES, Call(lambda x: ops.adaptive_avg_pool2d(x, 3), _IMAGE, _POOLED),
    ),
    Mutant(
        "resize-half-pixel", "resizing", "minigrad.ops.resize:_matrix",
        "else scale * (p + 0.5) - 0.5\n    if", "else scale * p\n    if",
        "pixels as points at their corners: a picture that drifts to the lower right",
        laws.VALUES, Call(lambda x: ops.interpolate(x, 3, mode="bilinear"), _IMAGE, _POOLED),
    ),
    Mutant(
        "resize-corners", "resizing", "minigrad.ops.resize:_matrix",
        "(H - 1) / (P - 1) if P > 1 else 0.0", "H / P",
        "align_corners without the alignment",
        laws.OPTIONS, Call(lambda x: ops.interpolate(x, 3, mode="bilinear", align_corners=True), _IMAGE, _POOLED),
    ),
    Mutant(
        "resize-not-transposed", "resizing", "minigrad.ops.resample:resample",
        "resample(dy, axis, matrix.transposed())",
        "resample(dy, axis, matrix if matrix.P == matrix.H else matrix.transposed())",
        "the adjoint taken only where the shapes insist on it",
        laws.COTANGENT, Call(lambda x: ops.interpolate(x, scale_factor=1.1, mode="bicubic"), _IMAGE),
        ("tests/ops/test_resize.py", "tests/ops/test_adaptive_pool.py"),
    ),
    Mutant(
        "unpool-batch-mixed", "pooling", "minigrad.ops.unpool:_max_unpool",
        "place.array.reshape(prod(planes), -1)), y.reshape(prod(planes), -1)",
        "place.array.reshape(prod(planes), -1)), y.reshape(-1, prod(planes)).mT",
        "planes and pixels read in the wrong order",
        laws.VALUES, Call(lambda y: ops.max_unpool2d(y, tensor([[[[0, 3], [9, 10]], [[5, 2], [8, 15]]]]), 2),
                          ((1, 2, 2, 2),)),
    ),
]  # fmt: skip
