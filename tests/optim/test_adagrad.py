import math

import numpy as np

import minigrad
from minigrad.optim import Adagrad
from tests.optim.laws import *
from tests.optim.laws import refused


def adagrad(x, slopes, lr=1e-2, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10, maximize=False):
    total = initial_accumulator_value
    for t, g in enumerate(slopes, 1):
        g = (-g if maximize else g) + weight_decay * x
        total += g**2
        x = x - lr / (1 + (t - 1) * lr_decay) * g / (math.sqrt(total) + eps)
    return x


CASES = [
    Case(Adagrad, adagrad, {}, quadratic={"lr": 0.5}),
    Case(Adagrad, adagrad, {"lr": 0.3, "lr_decay": 0.1, "weight_decay": 0.2, "eps": 1e-2}, quadratic={"lr": 1.0, "lr_decay": 1e-3}),
    Case(Adagrad, adagrad, {"lr": 0.3, "initial_accumulator_value": 0.5, "maximize": True}, quadratic={"lr": 0.5}),
]


def test_the_first_step_is_the_learning_rate_whatever_the_gradient():
    x = minigrad.tensor([1.0, 1.0], dtype="float64", requires_grad=True)
    x.grad = minigrad.tensor([1e-4, -1e4], dtype="float64")
    Adagrad([x], lr=0.25).step()
    np.testing.assert_allclose(x.tolist(), [0.75, 1.25], rtol=1e-5)


def test_options_out_of_range_are_refused():
    refused(Adagrad, "Adagrad: lr_decay is -1, it must be a number in [0, ∞)", lr_decay=-1)
    refused(Adagrad, "Adagrad: initial_accumulator_value is -0.5, it must be a number in [0, ∞)", initial_accumulator_value=-0.5)
    refused(Adagrad, "Adagrad: eps is -1e-08, it must be a number in [0, ∞)", eps=-1e-8)
