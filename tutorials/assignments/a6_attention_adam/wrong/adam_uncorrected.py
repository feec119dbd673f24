"""adam_step: the means are not corrected for having begun at 0."""

import numpy as np


def adam_step(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m, v = beta1 * m + (1.0 - beta1) * g, beta2 * v + (1.0 - beta2) * g * g
    return p * (1.0 - lr * weight_decay) - lr * m / (np.sqrt(v) + eps), m, v
