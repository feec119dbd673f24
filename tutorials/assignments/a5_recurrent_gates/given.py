"""The forwards of assignment 5. B sequences, H units."""

import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def lstm_gates(a, c):
    """What an LSTM does after its matrix products: a (B, 4H) holds i, f, g, o side by side; c (B, H) is the memory."""
    i, f, g, o = np.split(a, 4, axis=1)
    new = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(new), new


def thirds(a):
    """Return the parts r, z, n of an array (B, 3H)."""
    return np.split(a, 3, axis=1)


def gru_gates(a, u, h):
    """The same of a GRU: a (B, 3H) comes from the input, u (B, 3H) from the state; both hold r, z, n side by side."""
    (ar, az, an), (ur, uz, un) = thirds(a), thirds(u)
    r, z = sigmoid(ar + ur), sigmoid(az + uz)
    return (1.0 - z) * np.tanh(an + r * un) + z * h


def rnn(x, h, w_ih, w_hh):
    """A plain recurrent network: x (T, B, I), h (B, H) -> all states (T, B, H), each tanh(x w_ihᵀ + h w_hhᵀ)."""
    states = []
    for x_t in x:
        h = np.tanh(x_t @ w_ih.T + h @ w_hh.T)
        states.append(h)
    return np.stack(states)
