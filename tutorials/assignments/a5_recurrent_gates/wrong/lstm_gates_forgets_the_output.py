"""lstm_gates_backward: only the gradient of c' reaches the memory; what comes through h' is forgotten."""

import given
import numpy as np


def lstm_gates_backward(dys, a, c):
    dh, dc_new = dys
    ai, af, ag, ao = np.split(a, 4, axis=1)
    i, f, g, o = given.sigmoid(ai), given.sigmoid(af), np.tanh(ag), given.sigmoid(ao)
    squashed = np.tanh(f * c + i * g)
    da = [dc_new * g * i * (1.0 - i), dc_new * c * f * (1.0 - f), dc_new * i * (1.0 - g**2)]
    return np.concatenate([*da, dh * squashed * o * (1.0 - o)], axis=1), dc_new * f
