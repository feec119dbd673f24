"""layer_norm_backward: rows and columns are mixed up: it normalises over the batch."""

import given
import numpy as np


def layer_norm_backward(dy, x, weight, bias):
    scale = 1.0 / np.sqrt(x.var(0) + given.EPS)
    normal = (x - x.mean(0)) * scale
    g = dy * weight
    return scale * (g - g.mean(0) - normal * (g * normal).mean(0)), (dy * normal).sum(0), dy.sum(0)
