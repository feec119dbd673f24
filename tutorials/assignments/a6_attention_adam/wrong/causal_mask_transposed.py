"""causal_mask: queries look ahead and not back: the triangle is the upper one."""

import numpy as np


def causal_mask(T, U):
    return np.arange(U) >= np.arange(T)[:, None]
