"""Assignment 3: convolution and pooling, on images x (N, C, H, W).

Filters are weight (K, C, R, S) and bias (K,). Stride and padding are whole numbers, the same for rows and columns. Use
NumPy only; change none of the arguments.
"""

import numpy as np


def output_size(size, kernel, stride, padding):
    """Return how many windows of `kernel` pixels fit into `size` pixels with `padding` zeros at both ends."""
    # BEGIN SOLUTION
    return (size + 2 * padding - kernel) // stride + 1
    # END SOLUTION


def windows(x, kernel, stride, padding):
    """Return every window of x, padded with zeros, as an array (N, C, P, Q, R, S); kernel is the pair (R, S).

    windows[n, c, p, q] is the patch whose upper left pixel is (stride·p, stride·q) of the padded image.
    """
    # BEGIN SOLUTION
    margin = (padding, padding)
    padded = np.pad(x, ((0, 0), (0, 0), margin, margin))
    every = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=(2, 3))
    return every[:, :, ::stride, ::stride].copy()
    # END SOLUTION


def conv2d(x, weight, bias, stride=1, padding=0):
    """y[n, k, p, q] = bias[k] + Σ_crs x[n, c, stride·p + r - padding, stride·q + s - padding] weight[k, c, r, s]"""
    # BEGIN SOLUTION
    patches = windows(x, weight.shape[2:], stride, padding)
    y = np.tensordot(patches, weight, ((1, 4, 5), (1, 2, 3)))
    return np.ascontiguousarray(y.transpose(0, 3, 1, 2)) + bias[:, None, None]
    # END SOLUTION


def conv2d_backward(dy, x, weight, bias, stride=1, padding=0):
    """Return (dx, dweight, dbias) of conv2d, from dy (N, K, P, Q)."""
    # BEGIN SOLUTION
    patches = windows(x, weight.shape[2:], stride, padding)
    dweight = np.tensordot(dy, patches, ((0, 2, 3), (0, 2, 3)))
    spread = np.tensordot(dy, weight, (1, 0)).transpose(0, 3, 1, 2, 4, 5)
    (N, C, H, W), (P, Q) = x.shape, dy.shape[2:]
    canvas = np.zeros((N, C, H + 2 * padding, W + 2 * padding), x.dtype)
    for r in range(weight.shape[2]):
        for s in range(weight.shape[3]):
            canvas[:, :, r : r + stride * P : stride, s : s + stride * Q : stride] += spread[..., r, s]
    dx = canvas[:, :, padding : padding + H, padding : padding + W].copy()
    return dx, dweight, dy.sum((0, 2, 3))
    # END SOLUTION


def max_pool2d(x, size):
    """Return the largest pixel of each window of size × size pixels; the windows lie side by side.

    H and W need not be multiples of size: what is left over at the right and at the bottom is not looked at.
    """
    # BEGIN SOLUTION
    return windows(x, (size, size), size, 0).max((4, 5))
    # END SOLUTION


def max_pool2d_backward(dy, x, size):
    """Return dx of max_pool2d. Where pixels tie for the largest, the first in reading order gets the gradient."""
    # BEGIN SOLUTION
    (N, C), (P, Q) = x.shape[:2], dy.shape[2:]
    winners = windows(x, (size, size), size, 0).reshape(N, C, P, Q, size * size).argmax(-1)
    n, c, p, q = np.indices(dy.shape)
    dx = np.zeros_like(x)
    dx[n, c, p * size + winners // size, q * size + winners % size] = dy
    return dx
    # END SOLUTION


def avg_pool2d_backward(dy, x, size):
    """Return dx of given.avg_pool2d, the mean of each window instead of the largest pixel."""
    # BEGIN SOLUTION
    spread = np.repeat(np.repeat(dy, size, 2), size, 3) / (size * size)
    dx = np.zeros_like(x)
    dx[:, :, : spread.shape[2], : spread.shape[3]] = spread
    return dx
    # END SOLUTION
