"""windows: the axes of the patches are swapped: rows for columns."""

import numpy as np


def windows(x, kernel, stride, padding):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    every = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=(2, 3))
    return every[:, :, ::stride, ::stride].swapaxes(-1, -2).copy()
