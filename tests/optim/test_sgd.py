import numpy as np
import pytest

import minigrad
from minigrad.optim import SGD
from tests.optim.laws import *
from tests.optim.laws import refused


def sgd(x, slopes, lr=1e-3, momentum=0, dampening=0, weight_decay=0, nesterov=False, maximize=False):
    b = None
    for g in slopes:
        g = (-g if maximize else g) + weight_decay * x
        b = g if b is None else momentum * b + (1 - dampening) * g
        if momentum == 0:
            x = x - lr * g
        elif nesterov:
            x = x - lr * (g + momentum * b)
        else:
            x = x - lr * b
    return x


CASES = [
    Case(SGD, sgd, {}, quadratic={"lr": 0.1}),
    Case(SGD, sgd, {"lr": 0.1, "weight_decay": 0.2}),
    Case(SGD, sgd, {"lr": 0.1, "momentum": 0.9}, quadratic={"lr": 0.02}),
    Case(SGD, sgd, {"lr": 0.1, "momentum": 0.9, "dampening": 0.4, "weight_decay": 0.1}, quadratic={"lr": 0.02}),
    Case(SGD, sgd, {"lr": 0.1, "momentum": 0.8, "nesterov": True, "maximize": True}, quadratic={"lr": 0.02}),
]


def test_dampening_spares_the_first_step():
    x = minigrad.tensor([1.0], requires_grad=True)
    optimizer = SGD([x], lr=1.0, momentum=0.5, dampening=0.9)
    x.grad = minigrad.tensor([0.25])
    optimizer.step()
    assert x.tolist() == [0.75]


def test_momentum_switched_on_later_starts_from_the_gradient():
    x = minigrad.tensor([4.0], requires_grad=True)
    optimizer = SGD([x], lr=1.0)
    x.grad = minigrad.tensor([1.0])
    optimizer.step()
    optimizer.param_groups[0].update(momentum=0.5, dampening=0.5)
    optimizer.step()
    assert x.tolist() == [2.0]
    optimizer.step()
    assert x.tolist() == [1.0]  # b = 0.5 · 1 + (1 - 0.5) · 1


def test_without_momentum_nothing_is_remembered():
    x = minigrad.tensor([4.0], requires_grad=True)
    optimizer = SGD([x], lr=1.0)
    x.grad = minigrad.tensor([1.0])
    optimizer.step()
    assert optimizer.state_dict()["state"] == {}


def test_weight_decay_is_the_gradient_of_half_the_square():
    x = minigrad.tensor([4.0], dtype="float64", requires_grad=True)
    optimizer = SGD([x], lr=0.5, weight_decay=0.25)
    x.grad = minigrad.tensor([0.0], dtype="float64")
    optimizer.step()
    np.testing.assert_allclose(x.tolist(), [4.0 - 0.5 * 0.25 * 4.0])


@pytest.mark.parametrize("options", [{"momentum": 0.0}, {"momentum": 0.9, "dampening": 0.5}])
def test_nesterov_needs_momentum_and_no_dampening(options):
    got = f"{options['momentum']} and {options.get('dampening', 0)}"
    refused(SGD, f"SGD: nesterov needs momentum in (0, ∞) and dampening 0, got momentum {got}", nesterov=True, **options)


def test_options_out_of_range_are_refused():
    refused(SGD, "SGD: lr is -0.1, it must be a number in [0, ∞)", lr=-0.1)
    refused(SGD, "SGD: momentum is -0.5, it must be a number in [0, ∞)", momentum=-0.5)
    refused(SGD, "SGD: weight_decay is nan, it must be a number in [0, ∞)", weight_decay=float("nan"))
    refused(SGD, "SGD: dampening is 2.0, it must be a number in [0, 1]", momentum=0.9, dampening=2.0)
    refused(SGD, "SGD: lr is 'fast', it must be a number in [0, ∞)", lr="fast")
