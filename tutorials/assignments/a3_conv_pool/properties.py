"""What the functions of assignment 3 must satisfy. The trusted forwards are loops, or minigrad's."""

import numpy as np

from minigrad import tensor
from minigrad.classroom.draws import distinct, grid, values
from minigrad.classroom.properties import Agrees, Gradient
from minigrad.nn import functional as F

from . import given


def layer(rng, size, stride=1, padding=0):
    r, s = (int(k) for k in rng.permutation([1, 2, 3])[:2])
    h, w = (int(k) for k in rng.integers(3, 4 + size, 2))
    n, c, k = (int(i) for i in rng.integers(1, 4, 3))
    return [values(rng, (n, c, h, w)), values(rng, (k, c, r, s)), values(rng, (k,)), stride, padding]


def plain(rng, size):
    return layer(rng, size)


def strided(rng, size):
    return layer(rng, size + 1, int(rng.integers(1, 4)), int(rng.integers(0, 3)))


def sizes(rng, size):
    kernel, stride, padding = (int(rng.integers(*bounds)) for bounds in ((1, 5), (1, 4), (0, 3)))
    return [kernel + int(rng.integers(0, 3 * size)), kernel, stride, padding]


def patches(rng, size):
    x, weight, _, stride, padding = strided(rng, size)
    return [x, weight.shape[2:], stride, padding]


def conv2d(x, weight, bias, stride=1, padding=0):
    return F.conv2d(tensor(x), tensor(weight), tensor(bias), stride, padding).numpy()


def count(size, kernel, stride, padding):
    return len(range(-padding, size + padding - kernel + 1, stride))


def windows(x, kernel, stride, padding):
    (N, C, H, W), (R, S) = x.shape, kernel
    P, Q = count(H, R, stride, padding), count(W, S, stride, padding)
    y = np.zeros((N, C, P, Q, R, S))
    for p, q, r, s in np.ndindex(P, Q, R, S):
        h, w = stride * p + r - padding, stride * q + s - padding
        if 0 <= h < H and 0 <= w < W:
            y[:, :, p, q, r, s] = x[:, :, h, w]
    return y


def pictures(rng, size, draw):
    side = int(rng.integers(1, 4))
    h, w = side * rng.integers(1, 3, 2) + rng.integers(0, side, 2)
    return [draw(rng, (int(rng.integers(1, 3)), int(rng.integers(1, 3)), int(h), int(w))), side]


def clear(rng, size):
    return pictures(rng, size, distinct)


def uneven(rng, size):
    """Windows whose sum is never 0: of a mean that is only rounding, nobody can say what is right."""
    return pictures(rng, size, lambda rng, shape: distinct(rng, shape) + 0.1 * rng.normal(size=shape))


def tied(rng, size):
    return pictures(rng, size, lambda rng, shape: np.round(grid(rng, shape) / 2.0))


def max_pool2d(x, size):
    return F.max_pool2d(tensor(x), size).numpy()


def max_pool2d_first(dy, x, size):
    dx = np.zeros_like(x)
    for n, c, p, q in np.ndindex(dy.shape):
        window = x[n, c, p * size : (p + 1) * size, q * size : (q + 1) * size]
        r, s = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, p * size + r, q * size + s] += dy[n, c, p, q]
    return dx


def tied_with_dy(rng, size):
    x, side = tied(rng, size)
    return [np.asarray(rng.integers(1, 9, max_pool2d(x, side).shape), float), x, side]


PROPERTIES = [
    Agrees("output_size", "whole numbers", count, sizes, points=1, examples=20),
    Agrees("windows", "strides and padding", windows, patches, points=2),
    Agrees("conv2d", "stride 1", conv2d, plain, points=2),
    Agrees("conv2d", "strides and padding", conv2d, strided, points=1, hidden=True),
    Gradient("conv2d_backward", "stride 1", conv2d, plain, points=3, examples=6),
    Gradient("conv2d_backward", "strides and padding", conv2d, strided, points=3, hidden=True, float32=True),
    Agrees("max_pool2d", "windows side by side", max_pool2d, clear, points=1),
    Gradient("max_pool2d_backward", "no ties", max_pool2d, clear, points=2),
    Agrees("max_pool2d_backward", "ties go to the first", max_pool2d_first, tied_with_dy, points=1, hidden=True),
    Gradient("avg_pool2d_backward", "the mean's share", given.avg_pool2d, uneven, points=2, float32=True),
]
