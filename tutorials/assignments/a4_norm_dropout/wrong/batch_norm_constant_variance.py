"""batch_norm_backward: the mean depends on x, the variance is taken for a constant."""

import given
import numpy as np


def batch_norm_backward(dy, x, weight, bias):
    scale = 1.0 / np.sqrt(x.var(0) + given.EPS)
    g = dy * weight
    return scale * (g - g.mean(0)), (dy * (x - x.mean(0)) * scale).sum(0), dy.sum(0)
