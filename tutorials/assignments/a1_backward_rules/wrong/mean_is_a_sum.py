"""mean_backward: the gradient is spread as for a sum; the division by the number of elements is missing."""

import numpy as np


def mean_backward(dy, x, axis):
    return np.broadcast_to(np.expand_dims(dy, axis), x.shape).copy()
