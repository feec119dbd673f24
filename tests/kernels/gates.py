"""The formulas of gates and their slopes, in double precision."""

import numpy as np
from scipy import special

ROOT = np.sqrt(2 / np.pi)


def softplus(x):
    return np.logaddexp(0, x)


def u(x):
    return ROOT * (x + 0.044715 * x**3)


def gelu_slope(x):
    c = np.clip(x, -40, 40)
    return special.ndtr(c) + c * np.exp(-c * c / 2) / np.sqrt(2 * np.pi)


def gelu_tanh_slope(x):
    c = np.clip(x, -40, 40)
    s = special.expit(2 * u(c))
    return s + 2 * c * s * special.expit(-2 * u(c)) * ROOT * (1 + 3 * 0.044715 * c * c)


def mish_slope(x):
    c = np.clip(x, -80, 40)
    return np.tanh(softplus(c)) + c / np.cosh(softplus(c)) ** 2 * special.expit(c)
