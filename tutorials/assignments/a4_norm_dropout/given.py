"""The forwards of assignment 4."""

import numpy as np

EPS = 1e-5  # added to the variance


def batch_norm(x, weight, bias):
    """Normalise each column of x (N, C) over the batch, then scale and shift it."""
    mean, var = x.mean(0), x.var(0)
    return weight * (x - mean) / np.sqrt(var + EPS) + bias


def layer_norm(x, weight, bias):
    """Normalise each row of x (N, C), then scale and shift its elements."""
    mean, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return weight * (x - mean) / np.sqrt(var + EPS) + bias


def rms_norm(x, weight):
    """Divide each row of x (N, C) by its root mean square, then scale its elements."""
    return weight * x / np.sqrt((x * x).mean(-1, keepdims=True) + EPS)
