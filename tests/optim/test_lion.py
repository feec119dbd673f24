import numpy as np

import minigrad
from minigrad.optim import Lion
from tests.optim.laws import *
from tests.optim.laws import refused


def lion(x, slopes, lr=1e-4, betas=(0.9, 0.99), weight_decay=0, maximize=False):
    m = 0.0
    for g in slopes:
        g = -g if maximize else g
        direction = betas[0] * m + (1 - betas[0]) * g
        x = x - lr * ((direction > 0) - (direction < 0) + weight_decay * x)
        m = betas[1] * m + (1 - betas[1]) * g
    return x


CASES = [
    Case(Lion, lion, {}, quadratic={"lr": 0.01, "betas": (0.5, 0.8)}),
    Case(Lion, lion, {"lr": 0.05, "betas": (0.5, 0.8), "weight_decay": 0.3}, quadratic={"lr": 0.01, "betas": (0.5, 0.8)}),
    Case(Lion, lion, {"lr": 0.05, "maximize": True}, quadratic={"lr": 0.01, "betas": (0.5, 0.8)}),
]


def test_every_element_moves_by_the_learning_rate():
    x = minigrad.tensor([1.0, 1.0, 1.0], dtype="float64", requires_grad=True)
    x.grad = minigrad.tensor([1e-7, -300.0, 0.0], dtype="float64")
    Lion([x], lr=0.25).step()
    assert x.tolist() == [0.75, 1.25, 1.0]


def test_the_decay_stays_out_of_the_momentum():
    x = minigrad.tensor([2.0], dtype="float64", requires_grad=True)
    x.grad = minigrad.tensor([0.0], dtype="float64")
    optimizer = Lion([x], lr=0.1, weight_decay=0.5)
    optimizer.step()
    np.testing.assert_allclose(x.tolist(), [2.0 * (1 - 0.1 * 0.5)])
    assert optimizer.state[x]["exp_avg"].tolist() == [0.0]


def test_options_out_of_range_are_refused():
    refused(Lion, "Lion: betas is (0.9,), it must be a pair of numbers in [0, 1)", betas=(0.9,))
