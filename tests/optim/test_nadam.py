import math

import numpy as np
import pytest

import minigrad
from minigrad.optim import NAdam
from minigrad.optim.nadam import warming
from tests.optim.laws import *
from tests.optim.laws import refused


def nadam(x, slopes, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, momentum_decay=4e-3, decoupled_weight_decay=False, maximize=False):
    m, v = 0.0, 0.0
    mu = [betas[0] * (1 - 0.5 * 0.96 ** (t * momentum_decay)) for t in range(len(slopes) + 2)]
    for t, g in enumerate(slopes, 1):
        g = -g if maximize else g
        if decoupled_weight_decay:
            x = x - lr * weight_decay * x
        else:
            g = g + weight_decay * x
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        ahead = mu[t + 1] * m / (1 - math.prod(mu[1 : t + 2])) + (1 - mu[t]) * g / (1 - math.prod(mu[1 : t + 1]))
        x = x - lr * ahead / (math.sqrt(v / (1 - betas[1] ** t)) + eps)
    return x


CASES = [
    Case(NAdam, nadam, {}, quadratic={"lr": 0.05}),
    Case(NAdam, nadam, {"lr": 0.05, "betas": (0.7, 0.9), "eps": 1e-2, "weight_decay": 0.3, "momentum_decay": 0.2}),
    Case(NAdam, nadam, {"lr": 0.05, "weight_decay": 0.3, "decoupled_weight_decay": True, "maximize": True}),
]


def test_the_momentum_warms_up_from_half_to_the_whole_of_beta():
    assert warming(0.9, 0, 0.004) == pytest.approx(0.45)
    assert warming(0.9, 10**6, 0.004) == pytest.approx(0.9)
    assert warming(0.9, 1, 0.004) < warming(0.9, 2, 0.004)


def test_decoupled_decay_shrinks_without_a_gradient():
    x = minigrad.tensor([2.0], dtype="float64", requires_grad=True)
    x.grad = minigrad.tensor([0.0], dtype="float64")
    NAdam([x], lr=0.1, weight_decay=0.5, decoupled_weight_decay=True).step()
    np.testing.assert_allclose(x.tolist(), [2.0 * (1 - 0.1 * 0.5)])


def test_options_out_of_range_are_refused():
    refused(NAdam, "NAdam: momentum_decay is -0.1, it must be a number in [0, ∞)", momentum_decay=-0.1)
