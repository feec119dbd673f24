"""What the functions of assignment 5 must satisfy."""

import numpy as np

from minigrad import tensor
from minigrad.classroom.draws import grid
from minigrad.classroom.properties import Agrees, Gradient
from minigrad.ops import lstm_cell as reference_cell

from . import given


def numbers(rng, size):
    """Return B, H and I, all different."""
    return (int(k) for k in rng.permutation([1 + size // 2, 2 + size // 2, 3 + size // 2]))


def normal(rng, *shape):
    return rng.normal(size=shape)


def cell(rng, size):
    b, h, i = numbers(rng, size)
    return [normal(rng, b, i), normal(rng, b, h), normal(rng, b, h), normal(rng, 4 * h, i), normal(rng, 4 * h, h),
            normal(rng, 4 * h)]  # fmt: skip


def lstm_cell(x, h, c, w_ih, w_hh, bias):
    new = reference_cell(tensor(x), (tensor(h), tensor(c)), tensor(w_ih), tensor(w_hh), tensor(bias))
    return tuple(y.numpy() for y in new)


def gates(rng, size):
    b, h, _ = numbers(rng, size)
    return [normal(rng, b, 4 * h), grid(rng, (b, h)) + 0.1]


def gru(rng, size):
    b, h, _ = numbers(rng, size)
    return [normal(rng, b, 3 * h), normal(rng, b, 3 * h), grid(rng, (b, h)) + 0.1]


def sequence(rng, size, steps=None):
    b, h, i = numbers(rng, min(size, 2))
    steps = steps or int(rng.integers(2, 3 + size))
    return [normal(rng, steps, b, i), normal(rng, b, h), 0.5 * normal(rng, h, i), 0.5 * normal(rng, h, h)]


def one_step(rng, size):
    return sequence(rng, size, 1)


def several(rng, size):
    shapes = [(2, size), (size,), (1, 2, 1)]
    grads = [rng.choice([0.1, 1.0, 10.0]) * normal(rng, *shape) for shape in shapes]
    return [grads, float(rng.choice([0.5, 2.0, 20.0]))]


def clipped(grads, max_norm):
    norm = np.linalg.norm(np.concatenate([g.reshape(-1) for g in grads]))
    return [g * min(1.0, max_norm / norm) for g in grads], norm


PROPERTIES = [
    Agrees("lstm_cell", "both results", lstm_cell, cell, points=3),
    Gradient("lstm_gates_backward", "both results pull", given.lstm_gates, gates, points=4),
    Gradient("gru_gates_backward", "all three", given.gru_gates, gru, points=4, float32=True),
    Gradient("rnn_backward", "one step", given.rnn, one_step, points=1),
    Gradient("rnn_backward", "through time", given.rnn, sequence, points=4, hidden=True, float32=True),
    Agrees("clip_grad_norm", "one norm for all", clipped, several, points=2, examples=16),
]
