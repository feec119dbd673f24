"""clip_grad_norm: every array is clipped by its own norm, so that the direction of the step changes."""

import numpy as np


def clip_grad_norm(grads, max_norm):
    norms = [np.linalg.norm(g) for g in grads]
    return [g * min(1.0, max_norm / n) for g, n in zip(grads, norms, strict=True)], float(np.linalg.norm(norms))
