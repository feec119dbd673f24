"""layer_norm_backward: dy reaches x without the factor weight."""

import given
import numpy as np


def layer_norm_backward(dy, x, weight, bias):
    scale = 1.0 / np.sqrt(x.var(-1, keepdims=True) + given.EPS)
    normal = (x - x.mean(-1, keepdims=True)) * scale
    dx = scale * (dy - dy.mean(-1, keepdims=True) - normal * (dy * normal).mean(-1, keepdims=True))
    return dx, (dy * normal).sum(0), dy.sum(0)
