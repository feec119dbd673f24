import math

import numpy as np

import minigrad
from minigrad.optim import RMSprop
from tests.optim.laws import *
from tests.optim.laws import refused


def rmsprop(x, slopes, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False, maximize=False):
    mean_square, mean, buffer = 0.0, 0.0, 0.0
    for g in slopes:
        g = (-g if maximize else g) + weight_decay * x
        mean_square = alpha * mean_square + (1 - alpha) * g**2
        mean = alpha * mean + (1 - alpha) * g
        size = mean_square - mean**2 if centered else mean_square
        buffer = momentum * buffer + g / (math.sqrt(size) + eps)
        x = x - lr * buffer
    return x


CASES = [
    Case(RMSprop, rmsprop, {}),
    Case(RMSprop, rmsprop, {"lr": 0.03, "alpha": 0.8, "eps": 1e-3, "weight_decay": 0.2}),
    Case(RMSprop, rmsprop, {"lr": 0.03, "momentum": 0.7, "maximize": True}, quadratic={"lr": 0.005}),
    Case(RMSprop, rmsprop, {"lr": 0.03, "centered": True, "eps": 1e-2}),
    Case(RMSprop, rmsprop, {"lr": 0.03, "centered": True, "eps": 1e-2, "momentum": 0.5, "weight_decay": 0.1}, quadratic={"lr": 0.005}),
]


def test_a_variance_that_rounding_makes_negative_counts_as_zero():
    x = minigrad.tensor(np.full(1000, 1.0, "float32"), requires_grad=True)
    optimizer = RMSprop([x], lr=1e-3, alpha=0.5, eps=1e-3, centered=True)
    g = np.random.default_rng(0).uniform(1e3, 1e4, 1000).astype("float32")
    for _ in range(60):  # the mean of g² goes to g², its mean to g
        x.grad = minigrad.tensor(g)
        optimizer.step()
    state = optimizer.state[x]
    assert (state["square_avg"].array < state["grad_avg"].array ** 2).any()
    assert np.isfinite(x.detach().numpy()).all()


def test_only_what_the_options_need_is_remembered():
    for options, names in (
        ({}, {"step", "square_avg"}),
        ({"momentum": 0.5}, {"step", "square_avg", "momentum_buffer"}),
        ({"centered": True}, {"step", "square_avg", "grad_avg"}),
    ):
        x = minigrad.tensor([1.0], requires_grad=True)
        x.grad = minigrad.tensor([1.0])
        optimizer = RMSprop([x], **options)
        optimizer.step()
        assert set(optimizer.state[x]) == names


def test_options_out_of_range_are_refused():
    refused(RMSprop, "RMSprop: alpha is 1.1, it must be a number in [0, 1]", alpha=1.1)
    refused(RMSprop, "RMSprop: momentum is -1, it must be a number in [0, ∞)", momentum=-1)
