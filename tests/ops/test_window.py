import numpy as np
import pytest

import minigrad
from minigrad import Tensor, errors, ops
from tests.ops.laws import *


def seen(x, dimension, size, step, dilation=1):
    x = np.moveaxis(x, dimension, 0)
    starts = range(0, len(x) - dilation * (size - 1), step)
    y = np.stack([np.stack([x[p + r * dilation] for r in range(size)], -1) for p in starts])
    return np.moveaxis(y, 0, dimension % x.ndim)


def added(y, dimension, size, step, dilation=1):
    axis = dimension % (y.ndim - 1)
    y = np.moveaxis(y, axis, 0)
    x = np.zeros((size, *y.shape[1:-1]))
    for p in range(y.shape[0]):
        for r in range(y.shape[-1]):
            x[p * step + r * dilation] += y[p, ..., r]
    return np.moveaxis(x, 0, axis)


def pair(value):
    return (value, value) if isinstance(value, int) else value


def places(H, W, kernel_size, dilation, padding, stride):
    """Yield (column, tap, h, w) for every tap of every window that lies in the image."""
    (R, S), (dh, dw), (ph, pw), (th, tw) = map(pair, (kernel_size, dilation, padding, stride))
    P, Q = (H + 2 * ph - dh * (R - 1) - 1) // th + 1, (W + 2 * pw - dw * (S - 1) - 1) // tw + 1
    for p, q, r, s in np.ndindex(P, Q, R, S):
        h, w = p * th + r * dh - ph, q * tw + s * dw - pw
        yield p * Q + q, r * S + s, P * Q, R * S, (h, w) if 0 <= h < H and 0 <= w < W else None


def columns(x, kernel_size, dilation=1, padding=0, stride=1):
    *lead, H, W = x.shape
    y = None
    for column, tap, count, taps, place in places(H, W, kernel_size, dilation, padding, stride):
        y = np.zeros((*lead, taps, count)) if y is None else y
        if place:
            y[..., tap, column] = x[(..., *place)]
    return y.reshape(*lead[:-1], lead[-1] * y.shape[-2], y.shape[-1])


def image(y, output_size, kernel_size, dilation=1, padding=0, stride=1):
    (H, W), taps = pair(output_size), int(np.prod(pair(kernel_size)))
    y = y.reshape(*y.shape[:-2], -1, taps, y.shape[-1])
    x = np.zeros((*y.shape[:-2], H, W))
    for column, tap, _, _, place in places(H, W, kernel_size, dilation, padding, stride):
        if place:
            x[(..., *place)] += y[..., tap, column]
    return x


CASES = [
    *[Case("windows", ops.windows, seen, [A(*shape), *args]) for shape, args in [
        ((5,), (0, 2, 1)), ((3, 5), (-1, 3, 2)), ((5, 3), (0, 2, 3)), ((4, 2, 3), (0, 4, 1)), ((7, 2), (0, 3, 1, 2)), ((3,), (0, 1, 2)),
        ((0, 3), (1, 2, 1))]],
    *[Case("overlap_add", ops.overlap_add, added, [A(*shape), *args]) for shape, args in [
        ((4, 2), (0, 5, 1)), ((3, 2, 3), (-1, 5, 2)), ((2, 3, 2), (0, 6, 3)), ((3, 2, 3), (0, 8, 1, 2)), ((1, 1), (0, 3, 1))]],
    *[Case("unfold", ops.unfold, columns, [A(*shape), *args]) for shape, args in [
        ((2, 2, 3, 4), ((2, 3),)), ((1, 2, 4, 3), (2, (2, 1), (1, 0), (1, 2))), ((2, 3, 3), (2,)), ((1, 1, 3, 3), (3, 1, 1, 2)), ((1, 1, 1, 1), (1,))]],
    *[Case("fold", ops.fold, image, [A(*shape), *args]) for shape, args in [
        ((2, 12, 4), ((3, 4), (2, 3))), ((1, 8, 8), ((4, 3), 2, (2, 1), (1, 0), (1, 1))),
        ((8, 4), (3, 2)), ((1, 9, 4), (3, 3, 1, 1, 2))]],
]  # fmt: skip

X, IMAGE = minigrad.arange(5.0), minigrad.zeros(1, 2, 4, 4)


def test_windows_are_a_view_that_sees_what_is_written_and_cannot_be_written_to():
    x = minigrad.zeros(4)
    y = x.unfold(0, 2, 1)
    x[1] = 5
    assert y.tolist() == [[0, 5], [5, 0], [0, 0]]
    with pytest.raises(errors.InPlaceError):
        y.add_(1)


def test_a_write_to_what_windows_see_is_noticed_by_backward():
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True) * 1
    y = (x.unfold(0, 2, 1) ** 2).sum()
    x.mul_(2)
    with pytest.raises(errors.InPlaceError):
        y.backward()


def test_fold_counts_how_often_unfold_saw_each_pixel():
    count = ops.fold(ops.unfold(minigrad.ones(1, 1, 3, 3), 2), 3, 2)
    assert count.tolist() == [[[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: X.unfold(0, 6, 1), errors.ShapeError, r"unfold: a window that spans 6 does not fit into dim 0 of size 5, shape \(5,\)"),
        (lambda: X.unfold(0, 2, 0), errors.ArgumentError, "unfold: size, step and dilation must be at least 1, got 2, 0 and 1"),
        (lambda: X.unfold(1, 2, 1), errors.AxisError, "unfold: dim 1 is outside"),
        (lambda: minigrad.tensor(1.0).unfold(0, 1, 1), errors.ShapeError, "does not fit into dim 0 of size 0"),
        (lambda: ops.overlap_add(minigrad.zeros(3, 2), 0, 3, 1), errors.ShapeError,
         "overlap_add: 3 windows of 2 taps reach over 4 places, size is 3"),
        (lambda: ops.unfold(IMAGE, 5), errors.ShapeError, "unfold: a window that spans 5 does not fit into dim 2 of size 4"),
        (lambda: ops.unfold(X, 2), errors.ShapeError, r"unfold: input needs axes \(N, C, H, W\) or \(C, H, W\), got shape \(5,\)"),
        (lambda: ops.unfold(IMAGE, (2, 2, 2)), errors.ArgumentError, "unfold: kernel_size must be one or two integers, at least 1"),
        (lambda: ops.unfold(IMAGE, 0), errors.ArgumentError, "kernel_size must be .* at least 1, got 0"),
        (lambda: ops.unfold(IMAGE, 2, stride=0), errors.ArgumentError, "unfold: stride must be"),
        (lambda: ops.unfold(IMAGE, 2, padding=-1), errors.ArgumentError, "unfold: padding must be .* at least 0, got -1"),
        (lambda: ops.fold(minigrad.zeros(1, 5, 4), 3, 2), errors.ShapeError,
         r"fold: C·R·S is 5 in input, not a multiple of the R·S = 4 taps of kernel_size\n  input \(N, C·R·S, P·Q\) = \(1, 5, 4\)"),
        (lambda: ops.fold(minigrad.zeros(1, 4, 5), 3, 2), errors.ShapeError, "fold: P·Q is 5 in input, but output_size has 4 windows\n.*\nHint"),
        (lambda: ops.fold(minigrad.zeros(1, 4, 0), 1, 2), errors.ShapeError, "output_size has 0 windows"),
        (lambda: ops.fold(X, 3, 2), errors.ShapeError, "fold: input needs axes"),
    ],
)  # fmt: skip
def test_windows_that_do_not_fit_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
