"""adam_step: eps stands under the root."""

import numpy as np


def adam_step(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m, v = beta1 * m + (1.0 - beta1) * g, beta2 * v + (1.0 - beta2) * g * g
    first, second = m / (1.0 - beta1**t), v / (1.0 - beta2**t)
    return p * (1.0 - lr * weight_decay) - lr * first / np.sqrt(second + eps), m, v
