"""rnn_backward: the weights get the share of the first step only: = where += is meant."""

import given
import numpy as np


def rnn_backward(dy, x, h, w_ih, w_hh):
    states = given.rnn(x, h, w_ih, w_hh)
    before = np.concatenate([h[None], states[:-1]])
    dx, carried = np.zeros_like(x), np.zeros_like(h)
    dw_ih, dw_hh = np.zeros_like(w_ih), np.zeros_like(w_hh)
    for t in reversed(range(len(x))):
        da = (dy[t] + carried) * (1.0 - states[t] ** 2)
        dx[t], carried = da @ w_ih, da @ w_hh
        dw_ih = da.T @ x[t]
        dw_hh = da.T @ before[t]
    return dx, carried, dw_ih, dw_hh
