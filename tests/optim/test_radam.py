import math

import numpy as np
import pytest

import minigrad
from minigrad.optim import RAdam
from minigrad.optim.radam import rectification
from tests.optim.laws import *
from tests.optim.laws import refused


def radam(x, slopes, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, decoupled_weight_decay=False, maximize=False):
    m, v = 0.0, 0.0
    longest = 2 / (1 - betas[1]) - 1
    for t, g in enumerate(slopes, 1):
        g = -g if maximize else g
        if decoupled_weight_decay:
            x = x - lr * weight_decay * x
        else:
            g = g + weight_decay * x
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        direction = m / (1 - betas[0] ** t)
        length = longest - 2 * t * betas[1] ** t / (1 - betas[1] ** t)
        if length > 5:
            r = math.sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))
            direction = direction * r * math.sqrt(1 - betas[1] ** t) / (math.sqrt(v) + eps)
        x = x - lr * direction
    return x


CASES = [
    Case(RAdam, radam, {}, quadratic={"lr": 0.2}),
    Case(RAdam, radam, {"lr": 0.05, "betas": (0.7, 0.9), "eps": 1e-2, "weight_decay": 0.3}),
    Case(RAdam, radam, {"lr": 0.05, "betas": (0.7, 0.5)}),
    Case(RAdam, radam, {"lr": 0.05, "weight_decay": 0.3, "decoupled_weight_decay": True, "maximize": True}, quadratic={"lr": 0.2}),
]


def test_the_division_waits_for_enough_gradients():
    assert [rectification(0.999, t) is None for t in range(1, 8)] == [True] * 5 + [False] * 2
    assert rectification(0.5, 1000) is None  # so short an average can never be trusted


def test_the_rectification_rises_to_one():
    found = [rectification(0.99, t) for t in (10, 100, 1000, 10_000)]
    assert found == sorted(found) and found[-1] == pytest.approx(1.0)


def test_decoupled_decay_shrinks_without_a_gradient():
    x = minigrad.tensor([2.0], dtype="float64", requires_grad=True)
    x.grad = minigrad.tensor([0.0], dtype="float64")
    RAdam([x], lr=0.1, weight_decay=0.5, decoupled_weight_decay=True).step()
    np.testing.assert_allclose(x.tolist(), [2.0 * (1 - 0.1 * 0.5)])


def test_options_out_of_range_are_refused():
    refused(RAdam, "RAdam: eps is -1, it must be a number in [0, ∞)", eps=-1)
