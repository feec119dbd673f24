import math

import numpy as np
import pytest

import minigrad
from minigrad.optim import Adam, AdamW
from tests.optim.laws import *
from tests.optim.laws import refused


def adam(x, slopes, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False, maximize=False, decoupled_weight_decay=False):
    m, v, largest = 0.0, 0.0, 0.0
    for t, g in enumerate(slopes, 1):
        g = -g if maximize else g
        if decoupled_weight_decay:
            x = x - lr * weight_decay * x
        else:
            g = g + weight_decay * x
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        largest = max(largest, v)
        corrected = (largest if amsgrad else v) / (1 - betas[1] ** t)
        x = x - lr * m / (1 - betas[0] ** t) / (math.sqrt(corrected) + eps)
    return x


def adamw(x, slopes, weight_decay=1e-2, **options):
    return adam(x, slopes, weight_decay=weight_decay, decoupled_weight_decay=True, **options)


CASES = [
    Case(Adam, adam, {}, quadratic={"lr": 0.05}),
    Case(Adam, adam, {"lr": 0.05, "betas": (0.7, 0.95), "eps": 1e-2, "weight_decay": 0.3}),
    Case(Adam, adam, {"lr": 0.05, "betas": (0.7, 0.5), "amsgrad": True}),
    Case(Adam, adam, {"lr": 0.05, "betas": (0.0, 0.0), "eps": 1e-3}, quadratic={"lr": 0.01, "eps": 1e-3}),
    Case(Adam, adam, {"lr": 0.05, "maximize": True, "weight_decay": 0.3, "decoupled_weight_decay": True}),
    Case(AdamW, adamw, {}, quadratic={"lr": 0.05}),
    Case(AdamW, adamw, {"lr": 0.05, "weight_decay": 0.4, "amsgrad": True, "maximize": True}),
]


def test_the_first_step_is_the_learning_rate_whatever_the_gradient():
    x = minigrad.tensor([1.0, 1.0, 1.0], dtype="float64", requires_grad=True)
    x.grad = minigrad.tensor([1e-3, -1e5, 0.0], dtype="float64")
    Adam([x], lr=0.25).step()
    np.testing.assert_allclose(x.tolist(), [0.75, 1.25, 1.0], rtol=1e-4)


def test_squares_of_float16_gradients_do_not_drown():
    x = minigrad.tensor(np.array([1.0], "float16"), requires_grad=True)
    x.grad = minigrad.tensor(np.array([2e-4], "float16"))  # its square is below the smallest float16
    Adam([x], lr=0.25).step()
    np.testing.assert_allclose(x.tolist(), [0.75], rtol=1e-3)


@pytest.mark.parametrize(("kind", "wanted"), [(Adam, 2.0 - 0.1), (AdamW, 2.0 * (1 - 0.1 * 0.5))])
def test_without_a_gradient_coupled_decay_is_a_whole_step_and_decoupled_decay_a_shrinking(kind, wanted):
    x = minigrad.tensor([2.0], dtype="float64", requires_grad=True)
    x.grad = minigrad.tensor([0.0], dtype="float64")
    kind([x], lr=0.1, weight_decay=0.5).step()
    np.testing.assert_allclose(x.tolist(), [wanted])


def test_amsgrad_never_lets_the_denominator_shrink():
    x = minigrad.tensor([0.0], dtype="float64", requires_grad=True)
    optimizer = Adam([x], betas=(0.9, 0.5), amsgrad=True)
    seen = []
    for g in (3.0, 0.1, 0.1, 0.1):
        x.grad = minigrad.tensor([g], dtype="float64")
        optimizer.step()
        seen.append(optimizer.state[x]["max_exp_avg_sq"].item())
    assert seen == [4.5] * 4


def test_adamw_stays_decoupled_when_it_loads_a_state_of_adam():
    x = minigrad.tensor([2.0], requires_grad=True)
    x.grad = minigrad.tensor([1.0])
    adam = Adam([x])
    adam.step()
    adamw = AdamW([x])
    adamw.load_state_dict(adam.state_dict())
    assert adamw.param_groups[0]["decoupled_weight_decay"]


def test_a_parameter_that_had_no_gradient_counts_its_own_steps():
    a, b = (minigrad.tensor([1.0], requires_grad=True) for _ in range(2))
    optimizer = Adam([a, b], lr=0.1)
    a.grad = minigrad.tensor([1.0])
    optimizer.step()
    b.grad = minigrad.tensor([1.0])
    optimizer.step()
    assert (optimizer.state[a]["step"], optimizer.state[b]["step"]) == (2, 1)
    np.testing.assert_allclose(b.tolist(), [0.9], rtol=1e-6)


def test_options_out_of_range_are_refused():
    refused(Adam, "Adam: betas[0] is 1.0, it must be a number in [0, 1)", betas=(1.0, 0.999))
    refused(Adam, "Adam: betas[1] is -0.1, it must be a number in [0, 1)", betas=(0.9, -0.1))
    refused(Adam, "Adam: betas is 0.9, it must be a pair of numbers in [0, 1)", betas=0.9)
    refused(AdamW, "AdamW: lr is inf, it must be a number in [0, ∞)", lr=float("inf"))
