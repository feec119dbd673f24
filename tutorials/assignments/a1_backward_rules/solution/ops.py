"""Assignment 1: backward rules.

Each function gets dy = dL/dy and the inputs of its forward, and returns dL/dx, shaped like x. The forwards are in
given.py. Use NumPy only; write to none of the arguments.
"""

import math

import given
import numpy as np


def relu_backward(dy, x):
    """y = max(x, 0)"""
    # BEGIN SOLUTION
    return dy * (x > 0)
    # END SOLUTION


def leaky_relu_backward(dy, x):
    """y = x where x > 0, given.SLOPE · x elsewhere"""
    # BEGIN SOLUTION
    return np.where(x > 0, dy, given.SLOPE * dy).astype(dy.dtype)
    # END SOLUTION


def sigmoid_backward(dy, x):
    """y = 1 / (1 + exp(-x))"""
    # BEGIN SOLUTION
    y = given.sigmoid(x)
    return dy * y * (1.0 - y)
    # END SOLUTION


def gelu_backward(dy, x):
    """y = x Φ(x), where Φ(x) = (1 + erf(x/√2)) / 2 is the normal distribution; its derivative is exp(-x²/2) / √(2π)"""
    # BEGIN SOLUTION
    distribution = 0.5 * (1.0 + given.erf(x / math.sqrt(2.0)))
    density = np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
    return (dy * (distribution + x * density)).astype(dy.dtype)
    # END SOLUTION


def unbroadcast(dy, shape):
    """Sum dy over the axes along which an array of this shape was broadcast, so that the result has the shape."""
    # BEGIN SOLUTION
    dy = dy.sum(tuple(range(dy.ndim - len(shape))))
    stretched = tuple(i for i, n in enumerate(shape) if n == 1)
    return dy.sum(stretched, keepdims=True)
    # END SOLUTION


def add_backward(dy, a, b):
    """y = a + b, whose shapes broadcast; return (da, db)"""
    # BEGIN SOLUTION
    return unbroadcast(dy, a.shape).copy(), unbroadcast(dy, b.shape).copy()
    # END SOLUTION


def mul_backward(dy, a, b):
    """y = a · b, whose shapes broadcast; return (da, db)"""
    # BEGIN SOLUTION
    return unbroadcast(dy * b, a.shape), unbroadcast(dy * a, b.shape)
    # END SOLUTION


def div_backward(dy, a, b):
    """y = a / b, whose shapes broadcast; return (da, db)"""
    # BEGIN SOLUTION
    return unbroadcast(dy / b, a.shape), unbroadcast(-dy * a / (b * b), b.shape)
    # END SOLUTION


def mean_backward(dy, x, axis):
    """y = x.mean(axis)"""
    # BEGIN SOLUTION
    return np.broadcast_to(np.expand_dims(dy, axis), x.shape) / x.shape[axis]
    # END SOLUTION


def softmax_backward(dy, x):
    """y_i = exp(x_i) / Σ_j exp(x_j), along the last axis"""
    # BEGIN SOLUTION
    y = given.softmax(x)
    return y * (dy - (dy * y).sum(-1, keepdims=True))
    # END SOLUTION


def linear_backward(dy, x, weight, bias):
    """y = x @ weight.T + bias, with x (N, I), weight (O, I), bias (O,); return (dx, dweight, dbias)"""
    # BEGIN SOLUTION
    return dy @ weight, dy.T @ x, dy.sum(0)
    # END SOLUTION
