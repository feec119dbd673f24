"""dropout: elements are dropped outside of training too."""

import numpy as np


def dropout(x, p, uniform, training):
    return np.where(uniform < p, 0.0, x / (1.0 - p))
