"""gelu_backward: only Φ(x) is there; the product rule's second term, x times the density, is missing."""

import math

import given


def gelu_backward(dy, x):
    return (dy * 0.5 * (1.0 + given.erf(x / math.sqrt(2.0)))).astype(dy.dtype)
