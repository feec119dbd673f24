"""clip_grad_norm: gradients that are small enough are scaled up to max_norm."""

import numpy as np


def clip_grad_norm(grads, max_norm):
    norm = float(np.sqrt(sum((g * g).sum() for g in grads)))
    return [g * (max_norm / norm) for g in grads], norm
