"""attention_backward: the factor 1/√E of the forward is missing in dq and dk."""

import math

import numpy as np


def _softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attention_backward(dy, q, k, v, mask):
    scale = 1.0 / math.sqrt(q.shape[-1])
    scores = scale * (q @ k.swapaxes(-1, -2))
    w = _softmax(scores if mask is None else np.where(mask, scores, -np.inf))
    dw = dy @ v.swapaxes(-1, -2)
    ds = w * (dw - (dw * w).sum(-1, keepdims=True))
    return ds @ k, ds.swapaxes(-1, -2) @ q, w.swapaxes(-1, -2) @ dy
