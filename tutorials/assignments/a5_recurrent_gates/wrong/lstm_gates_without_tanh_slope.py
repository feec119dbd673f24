"""lstm_gates_backward: h' = o tanh c' is differentiated without the slope of tanh."""

import given
import numpy as np


def lstm_gates_backward(dys, a, c):
    dh, dc_new = dys
    ai, af, ag, ao = np.split(a, 4, axis=1)
    i, f, g, o = given.sigmoid(ai), given.sigmoid(af), np.tanh(ag), given.sigmoid(ao)
    squashed = np.tanh(f * c + i * g)
    through = dc_new + dh * o
    da = [through * g * i * (1.0 - i), through * c * f * (1.0 - f), through * i * (1.0 - g**2)]
    return np.concatenate([*da, dh * squashed * o * (1.0 - o)], axis=1), through * f
