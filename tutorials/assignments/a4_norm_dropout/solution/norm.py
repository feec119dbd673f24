"""Assignment 4: normalisation and dropout.

The forwards of the first three are in given.py, with given.EPS. Use NumPy only; change none of the arguments.
"""

import given
import numpy as np


def batch_norm_backward(dy, x, weight, bias):
    """Return (dx, dweight, dbias) of given.batch_norm: x (N, C), each column normalised over the batch."""
    # BEGIN SOLUTION
    scale = 1.0 / np.sqrt(x.var(0) + given.EPS)
    normal = (x - x.mean(0)) * scale
    g = dy * weight
    dx = scale * (g - g.mean(0) - normal * (g * normal).mean(0))
    return dx, (dy * normal).sum(0), dy.sum(0)
    # END SOLUTION


def layer_norm_backward(dy, x, weight, bias):
    """Return (dx, dweight, dbias) of given.layer_norm: x (N, C), each row normalised over its elements."""
    # BEGIN SOLUTION
    scale = 1.0 / np.sqrt(x.var(-1, keepdims=True) + given.EPS)
    normal = (x - x.mean(-1, keepdims=True)) * scale
    g = dy * weight
    dx = scale * (g - g.mean(-1, keepdims=True) - normal * (g * normal).mean(-1, keepdims=True))
    return dx, (dy * normal).sum(0), dy.sum(0)
    # END SOLUTION


def rms_norm_backward(dy, x, weight):
    """Return (dx, dweight) of given.rms_norm."""
    # BEGIN SOLUTION
    scale = 1.0 / np.sqrt((x * x).mean(-1, keepdims=True) + given.EPS)
    normal = x * scale
    g = dy * weight
    return scale * (g - normal * (g * normal).mean(-1, keepdims=True)), (dy * normal).sum(0)
    # END SOLUTION


def update_running(mean, var, x, momentum):
    """Return the running mean and variance after a batch x (N, C), N at least 2.

    Each moves to the batch's by the share `momentum`; the batch's variance is the unbiased one, divided by N - 1.
    """
    # BEGIN SOLUTION
    moved = (1.0 - momentum) * mean + momentum * x.mean(0)
    return moved, (1.0 - momentum) * var + momentum * x.var(0, ddof=1)
    # END SOLUTION


def dropout(x, p, uniform, training):
    """Return x with elements set to 0 where uniform < p, and the others scaled so that the mean stays.

    uniform holds numbers between 0 and 1, drawn for you; p is below 1. Without `training`, x comes back as it is, in a
    new array.
    """
    # BEGIN SOLUTION
    if not training:
        return x.copy()
    return np.where(uniform < p, 0.0, x / (1.0 - p))
    # END SOLUTION


def dropout_backward(dy, x, p, uniform, training):
    """Return dx of dropout."""
    # BEGIN SOLUTION
    if not training:
        return dy.copy()
    return np.where(uniform < p, 0.0, dy / (1.0 - p)).astype(dy.dtype)
    # END SOLUTION
