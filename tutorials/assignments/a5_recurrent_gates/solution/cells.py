"""Assignment 5: recurrent gates and backpropagation through time.

The forwards are in given.py. Use NumPy only; change none of the arguments.
"""

import given
import numpy as np


def lstm_cell(x, h, c, w_ih, w_hh, bias):
    """Return the new (h, c): x (B, I), h and c (B, H), w_ih (4H, I), w_hh (4H, H), bias (4H,); gates in order i f g o.

    i, f, o = σ(...), g = tanh(...) of x w_ihᵀ + h w_hhᵀ + bias;   c' = f c + i g,   h' = o tanh c'
    """
    # BEGIN SOLUTION
    return given.lstm_gates(x @ w_ih.T + h @ w_hh.T + bias, c)
    # END SOLUTION


def lstm_gates_backward(dys, a, c):
    """Return (da, dc) of given.lstm_gates; dys is the pair (dh', dc') of the gradients of its two results."""
    # BEGIN SOLUTION
    dh, dc_new = dys
    ai, af, ag, ao = np.split(a, 4, axis=1)
    i, f, g, o = given.sigmoid(ai), given.sigmoid(af), np.tanh(ag), given.sigmoid(ao)
    squashed = np.tanh(f * c + i * g)
    through = dc_new + dh * o * (1.0 - squashed**2)
    da = [through * g * i * (1.0 - i), through * c * f * (1.0 - f), through * i * (1.0 - g**2),
          dh * squashed * o * (1.0 - o)]  # fmt: skip
    return np.concatenate(da, axis=1), through * f
    # END SOLUTION


def gru_gates_backward(dy, a, u, h):
    """Return (da, du, dh) of given.gru_gates."""
    # BEGIN SOLUTION
    (ar, az, an), (ur, uz, un) = given.thirds(a), given.thirds(u)
    r, z = given.sigmoid(ar + ur), given.sigmoid(az + uz)
    n = np.tanh(an + r * un)
    dn = dy * (1.0 - z) * (1.0 - n**2)
    dz = dy * (h - n) * z * (1.0 - z)
    dr = dn * un * r * (1.0 - r)
    return np.concatenate([dr, dz, dn], axis=1), np.concatenate([dr, dz, dn * r], axis=1), dy * z
    # END SOLUTION


def rnn_backward(dy, x, h, w_ih, w_hh):
    """Return (dx, dh, dw_ih, dw_hh) of given.rnn; dy (T, B, H) has a share for every state."""
    # BEGIN SOLUTION
    states = given.rnn(x, h, w_ih, w_hh)
    before = np.concatenate([h[None], states[:-1]])
    dx, carried = np.zeros_like(x), np.zeros_like(h)
    dw_ih, dw_hh = np.zeros_like(w_ih), np.zeros_like(w_hh)
    for t in reversed(range(len(x))):
        da = (dy[t] + carried) * (1.0 - states[t] ** 2)
        dx[t], carried = da @ w_ih, da @ w_hh
        dw_ih += da.T @ x[t]
        dw_hh += da.T @ before[t]
    return dx, carried, dw_ih, dw_hh
    # END SOLUTION


def clip_grad_norm(grads, max_norm):
    """Return (new grads, norm): a list of arrays scaled together so that their common norm is at most max_norm.

    The norm is the root of the sum of all squares of all arrays, before clipping. Smaller gradients stay as they are.
    """
    # BEGIN SOLUTION
    norm = float(np.sqrt(sum((g * g).sum() for g in grads)))
    scale = max_norm / norm if norm > max_norm else 1.0
    return [g * scale for g in grads], norm
    # END SOLUTION
