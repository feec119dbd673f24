import numpy as np

import minigrad
from minigrad.optim import Adamax
from tests.optim.laws import *
from tests.optim.laws import refused


def adamax(x, slopes, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, maximize=False):
    m, u = 0.0, 0.0
    for t, g in enumerate(slopes, 1):
        g = (-g if maximize else g) + weight_decay * x
        m = betas[0] * m + (1 - betas[0]) * g
        u = max(betas[1] * u, abs(g) + eps)
        x = x - lr / (1 - betas[0] ** t) * m / u
    return x


CASES = [
    Case(Adamax, adamax, {}, quadratic={"lr": 0.05}),
    Case(Adamax, adamax, {"lr": 0.05, "betas": (0.7, 0.8), "eps": 1e-2, "weight_decay": 0.3}),
    Case(Adamax, adamax, {"lr": 0.05, "maximize": True}),
]


def test_a_step_is_at_most_about_the_learning_rate():
    x = minigrad.tensor([0.0], dtype="float64", requires_grad=True)
    optimizer, before = Adamax([x], lr=0.1, betas=(0.5, 0.9)), 0.0
    for g in (5.0, -3.0, 2.0, 8.0):
        x.grad = minigrad.tensor([g], dtype="float64")
        optimizer.step()
        assert abs(x.item() - before) <= 0.1 / (1 - 0.5) + 1e-12
        before = x.item()
    np.testing.assert_allclose(optimizer.state[x]["exp_inf"].item(), 8.0)


def test_options_out_of_range_are_refused():
    refused(Adamax, "Adamax: betas[1] is 1, it must be a number in [0, 1)", betas=(0.9, 1))
