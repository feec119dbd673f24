"""conv2d_backward: overlapping windows overwrite each other in dx where they must add up."""

import numpy as np


def conv2d_backward(dy, x, weight, bias, stride=1, padding=0):
    (H, W), (R, S), (P, Q) = x.shape[2:], weight.shape[2:], dy.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dpadded, dweight = np.zeros_like(padded), np.zeros_like(weight)
    for r in range(R):
        for s in range(S):
            seen = np.s_[:, :, r : r + stride * P : stride, s : s + stride * Q : stride]
            dweight[:, :, r, s] = np.einsum("nkpq,ncpq->kc", dy, padded[seen])
            dpadded[seen] = np.einsum("nkpq,kc->ncpq", dy, weight[:, :, r, s])
    return dpadded[:, :, padding : padding + H, padding : padding + W].copy(), dweight, dy.sum((0, 2, 3))
