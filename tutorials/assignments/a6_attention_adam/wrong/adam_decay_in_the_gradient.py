"""adam_step: weight decay is added to the gradient, as in Adam with L2; AdamW shrinks p itself."""

import numpy as np


def adam_step(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    g = g + weight_decay * p
    m, v = beta1 * m + (1.0 - beta1) * g, beta2 * v + (1.0 - beta2) * g * g
    first, second = m / (1.0 - beta1**t), v / (1.0 - beta2**t)
    return p - lr * first / (np.sqrt(second) + eps), m, v
