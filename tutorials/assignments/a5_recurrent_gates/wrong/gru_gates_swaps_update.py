"""gru_gates_backward: z and 1 - z are mixed up: z keeps the old state."""

import given
import numpy as np


def gru_gates_backward(dy, a, u, h):
    (ar, az, an), (ur, uz, un) = np.split(a, 3, axis=1), np.split(u, 3, axis=1)
    r, z = given.sigmoid(ar + ur), given.sigmoid(az + uz)
    n = np.tanh(an + r * un)
    dn = dy * (1.0 - z) * (1.0 - n**2)
    dn = dy * z * (1.0 - n**2)
    dr, dz = dn * un * r * (1.0 - r), dy * (n - h) * z * (1.0 - z)
    return np.concatenate([dr, dz, dn], axis=1), np.concatenate([dr, dz, dn * r], axis=1), dy * (1.0 - z)
