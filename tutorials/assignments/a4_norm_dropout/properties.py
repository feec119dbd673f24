"""What the functions of assignment 4 must satisfy."""

import numpy as np

from minigrad.classroom.draws import away, distinct, values
from minigrad.classroom.properties import Agrees, Gradient

from . import given


def matrix(rng, size):
    n, c = (int(k) for k in rng.permutation([2 + size, 2 + size // 2, 3 + size])[:2])
    return distinct(rng, (n, c)) + 0.1 * rng.normal(size=(n, c))


def scaled(rng, size):
    x = matrix(rng, size)
    return [x, away(rng, x.shape[1:]), values(rng, x.shape[1:])]


def unshifted(rng, size):
    return scaled(rng, size)[:2]


def flat(rng, size):
    """Rows and columns that hardly vary: EPS matters."""
    x, weight, bias = scaled(rng, size)
    return [1.0 + 0.02 * x, weight, bias]


def flat_unshifted(rng, size):
    x, weight = unshifted(rng, size)
    return [0.02 * x, weight]


def running(rng, size):
    x = matrix(rng, size)
    return [values(rng, x.shape[1:]), np.abs(away(rng, x.shape[1:])), x, float(rng.choice([0.1, 0.25, 0.9]))]


def moved(mean, var, x, momentum):
    n = len(x)
    center = x.sum(0) / n
    unbiased = ((x - center) ** 2).sum(0) / (n - 1)
    return mean + momentum * (center - mean), var + momentum * (unbiased - var)


def dropped(rng, size):
    x = away(rng, (size + 1, size + 2))
    return [x, float(rng.choice([0.0, 0.25, 0.5, 0.8])), rng.random(x.shape), bool(rng.random() < 0.5)]


def dropout(x, p, uniform, training):
    return x * (uniform >= p) / (1.0 - p) if training else x.copy()


PROPERTIES = [
    Gradient("batch_norm_backward", "all three", given.batch_norm, scaled, points=3),
    Gradient("batch_norm_backward", "small variance", given.batch_norm, flat, points=1, hidden=True),
    Gradient("layer_norm_backward", "all three", given.layer_norm, scaled, points=3, float32=True),
    Gradient("layer_norm_backward", "small variance", given.layer_norm, flat, points=1, hidden=True),
    Gradient("rms_norm_backward", "both", given.rms_norm, unshifted, points=3, float32=True),
    Gradient("rms_norm_backward", "small values", given.rms_norm, flat_unshifted, points=1, hidden=True),
    Agrees("update_running", "mean and variance", moved, running, points=2),
    Agrees("dropout", "dropped, scaled, or left alone", dropout, dropped, points=2, fresh=True, examples=20),
    Gradient("dropout_backward", "the same elements", dropout, dropped, points=2, wrt=(0,), examples=20),
]
