"""Recurrent networks one number vector at a time: the reference for the ops and for the layers."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def relu(x):
    return np.maximum(x, 0)


def asked(x, h, w_ih, w_hh, b_ih=0.0, b_hh=0.0):
    """Return what input and memory ask for, separately."""
    return np.einsum("...i,gi->...g", x, w_ih) + b_ih, np.einsum("...m,gm->...g", h, w_hh) + b_hh


def rnn(squash):
    def cell(x, h, *weights):
        a, u = asked(x, h, *weights)
        return squash(a + u)

    return cell


def gru(x, h, *weights):
    a, u = asked(x, h, *weights)
    M = h.shape[-1]
    r, z = sigmoid(a[..., :M] + u[..., :M]), sigmoid(a[..., M : 2 * M] + u[..., M : 2 * M])
    return (1 - z) * np.tanh(a[..., 2 * M :] + r * u[..., 2 * M :]) + z * h


def lstm(x, h, c, *weights):
    total, M = sum(asked(x, h, *weights)), c.shape[-1]
    i, f, o = (sigmoid(total[..., k * M : (k + 1) * M]) for k in (0, 1, 3))
    c = f * c + i * np.tanh(total[..., 2 * M : 3 * M])
    return o * np.tanh(c), c


def each_alone(cell, x, states, weights, lengths=None, reverse=False, w_hr=None):
    """Run every sequence by itself, without padding; return outputs, zeros for padding, and the last states."""
    T, B, _ = x.shape
    states = [np.array(s) for s in states]
    y = np.zeros((T, B, states[0].shape[1]))
    for b in range(B):
        state = [s[b] for s in states]
        steps = range(T if lengths is None else lengths[b])
        for t in reversed(steps) if reverse else steps:
            after = cell(x[t, b], *state, *weights)
            state = list(after) if isinstance(after, tuple) else [after]
            if w_hr is not None:
                state[0] = w_hr @ state[0]
            y[t, b] = state[0]
        for kept, s in zip(states, state, strict=True):
            kept[b] = s
    return y, *states
