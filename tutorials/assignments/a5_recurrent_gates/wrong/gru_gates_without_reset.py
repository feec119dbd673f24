"""gru_gates_backward: the state's part of the candidate gets its gradient without the factor r."""

import given
import numpy as np


def gru_gates_backward(dy, a, u, h):
    (ar, az, an), (ur, uz, un) = np.split(a, 3, axis=1), np.split(u, 3, axis=1)
    r, z = given.sigmoid(ar + ur), given.sigmoid(az + uz)
    n = np.tanh(an + r * un)
    dn = dy * (1.0 - z) * (1.0 - n**2)
    da = np.concatenate([dn * un * r * (1.0 - r), dy * (h - n) * z * (1.0 - z), dn], axis=1)
    return da, da.copy(), dy * z
