"""Assignment 6: attention and Adam.

T queries, U keys, E numbers each; arrays may have further axes in front, which are all treated alike. Use NumPy only;
change none of the arguments.
"""

import math

import numpy as np


def softmax(x):
    """Return exp(x) / Σ exp(x) along the last axis, without overflow for large x; x may hold -inf, not everywhere."""
    # BEGIN SOLUTION
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)
    # END SOLUTION


def causal_mask(T, U):
    """Return bools (T, U): whether query t may look at key u. It may not look ahead: u ≤ t."""
    # BEGIN SOLUTION
    return np.arange(U) <= np.arange(T)[:, None]
    # END SOLUTION


def attention(q, k, v, mask):
    """Return softmax(q kᵀ / √E) v: q (..., T, E), k (..., U, E), v (..., U, F) -> (..., T, F).

    mask is None, or bools (T, U): where it is False a query gives a key no weight at all.
    """
    # BEGIN SOLUTION
    scores = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    return softmax(scores) @ v
    # END SOLUTION


def attention_backward(dy, q, k, v, mask):
    """Return (dq, dk, dv) of attention."""
    # BEGIN SOLUTION
    scale = 1.0 / math.sqrt(q.shape[-1])
    scores = scale * (q @ k.swapaxes(-1, -2))
    w = softmax(scores if mask is None else np.where(mask, scores, -np.inf))
    dw = dy @ v.swapaxes(-1, -2)
    ds = scale * w * (dw - (dw * w).sum(-1, keepdims=True))
    return ds @ k, ds.swapaxes(-1, -2) @ q, w.swapaxes(-1, -2) @ dy
    # END SOLUTION


def adam_step(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    """Return the new (p, m, v) after step number t = 1, 2, ... of AdamW, given the gradient g.

    p shrinks by the factor 1 - lr · weight_decay first; m and v are the running means of g and g², which began at 0 and
    are corrected for it; then p moves by -lr · m̂ / (√v̂ + eps).
    """
    # BEGIN SOLUTION
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * g * g
    first, second = m / (1.0 - beta1**t), v / (1.0 - beta2**t)
    return p * (1.0 - lr * weight_decay) - lr * first / (np.sqrt(second) + eps), m, v
    # END SOLUTION


def learning_rate(step, peak, warmup, total):
    """Return the rate of step 0, 1, ..., total: a line from 0 to peak over `warmup` steps, then half a cosine to 0."""
    # BEGIN SOLUTION
    if step < warmup:
        return peak * step / warmup
    return 0.5 * peak * (1.0 + math.cos(math.pi * (step - warmup) / (total - warmup)))
    # END SOLUTION
