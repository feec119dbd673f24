"""The forwards of assignment 1. They work; you write their backwards, in ops.py."""

import math

import numpy as np

SLOPE = 0.01  # of leaky_relu, left of 0

# erf by Abramowitz and Stegun would be too coarse for a derivative check; Python's is exact, and works on numbers
erf = np.vectorize(math.erf, otypes=[float])


def relu(x):
    return np.maximum(x, 0.0)


def leaky_relu(x):
    return np.where(x > 0, x, SLOPE * x)


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def gelu(x):
    return 0.5 * x * (1.0 + erf(x / math.sqrt(2.0)))


def add(a, b):
    return a + b


def mul(a, b):
    return a * b


def div(a, b):
    return a / b


def mean(x, axis):
    return x.mean(axis)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def linear(x, weight, bias):
    """x (N, I), weight (O, I), bias (O,) -> (N, O)"""
    return x @ weight.T + bias
