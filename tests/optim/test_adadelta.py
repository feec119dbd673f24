import math

import numpy as np

import minigrad
from minigrad.optim import Adadelta
from tests.optim.laws import *
from tests.optim.laws import refused


def adadelta(x, slopes, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0, maximize=False):
    mean_square, mean_square_step = 0.0, 0.0
    for g in slopes:
        g = (-g if maximize else g) + weight_decay * x
        mean_square = rho * mean_square + (1 - rho) * g**2
        step = math.sqrt(mean_square_step + eps) / math.sqrt(mean_square + eps) * g
        mean_square_step = rho * mean_square_step + (1 - rho) * step**2
        x = x - lr * step
    return x


CASES = [
    Case(Adadelta, adadelta, {}, quadratic={"lr": 8.0}),
    Case(Adadelta, adadelta, {"lr": 0.6, "rho": 0.7, "eps": 1e-3, "weight_decay": 0.1}, quadratic={"lr": 0.3}),
    Case(Adadelta, adadelta, {"lr": 2.0, "eps": 1e-4, "maximize": True}),
]


def test_a_rescaled_gradient_gives_the_same_steps():
    plain, scaled = (minigrad.tensor([1.0], dtype="float64", requires_grad=True) for _ in range(2))
    one, other = Adadelta([plain], eps=1e-12), Adadelta([scaled], eps=1e-12)
    for g in (0.3, -2.0, 1.5, 0.7):
        plain.grad, scaled.grad = (minigrad.tensor([f * g], dtype="float64") for f in (1.0, 1000.0))
        one.step()
        other.step()
    np.testing.assert_allclose(plain.tolist(), scaled.tolist(), rtol=1e-9)


def test_options_out_of_range_are_refused():
    refused(Adadelta, "Adadelta: rho is 1.5, it must be a number in [0, 1]", rho=1.5)
