"""relu_backward: the sign of the output's gradient decides, and not the sign of the input."""

import numpy as np


def relu_backward(dy, x):
    return np.maximum(dy, 0.0)
