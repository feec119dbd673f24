"""rms_norm_backward: the mean is subtracted from the gradient, as if the forward had subtracted one."""

import given
import numpy as np


def rms_norm_backward(dy, x, weight):
    scale = 1.0 / np.sqrt((x * x).mean(-1, keepdims=True) + given.EPS)
    normal = x * scale
    g = dy * weight
    dx = scale * (g - g.mean(-1, keepdims=True) - normal * (g * normal).mean(-1, keepdims=True))
    return dx, (dy * normal).sum(0)
