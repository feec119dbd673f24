"""avg_pool2d_backward: every pixel gets the whole gradient; the division by the size of the window is missing."""

import numpy as np


def avg_pool2d_backward(dy, x, size):
    spread = np.repeat(np.repeat(dy, size, 2), size, 3)
    dx = np.zeros_like(x)
    dx[:, :, : spread.shape[2], : spread.shape[3]] = spread
    return dx
