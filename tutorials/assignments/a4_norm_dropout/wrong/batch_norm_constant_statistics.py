"""batch_norm_backward: mean and variance are taken for constants, although they depend on x."""

import given
import numpy as np


def batch_norm_backward(dy, x, weight, bias):
    scale = 1.0 / np.sqrt(x.var(0) + given.EPS)
    return dy * weight * scale, (dy * (x - x.mean(0)) * scale).sum(0), dy.sum(0)
