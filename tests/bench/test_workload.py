"""Workloads are given the same numbers in every library."""

import numpy as np

import minigrad
from minigrad import nn
from minigrad.bench.workload import fill, integers, numbers, tensor, there_and_back


def test_numbers_depend_on_the_seed_alone():
    np.testing.assert_array_equal(numbers(3, 2), numbers(3, 2))
    assert not np.array_equal(numbers(3, 2), numbers(3, 2, seed=1))
    assert tensor(minigrad, 3, grad=True).requires_grad and integers(minigrad, 4, 100).numpy().max() == 3


def test_models_are_filled_alike_whatever_they_held():
    a, b = fill(minigrad, nn.Linear(4, 3)), fill(minigrad, nn.Linear(4, 3))
    np.testing.assert_array_equal(a.weight.numpy(), b.weight.numpy())
    np.testing.assert_allclose(a.weight.numpy(), numbers(3, 4) / 2, rtol=1e-6)


def test_a_step_there_and_back_returns_the_result_and_fresh_gradients():
    x, y = tensor(minigrad, 3, grad=True), tensor(minigrad, 3, seed=1)
    step = there_and_back(minigrad, lambda x, y: x * y, x, y)
    step()
    z, dx = step()
    np.testing.assert_allclose(z.detach().numpy(), x.detach().numpy() * y.numpy())
    np.testing.assert_allclose(dx.numpy(), numbers(3, seed=99) * y.numpy())
