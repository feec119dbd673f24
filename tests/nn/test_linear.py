import math

import numpy as np

import minigrad
from minigrad import nn


def test_linear_maps_the_last_axis():
    layer = nn.Linear(3, 2).double()
    x = np.random.default_rng(0).normal(size=(4, 5, 3))
    expected = x @ layer.weight.numpy().T + layer.bias.numpy()
    np.testing.assert_allclose(layer(minigrad.tensor(x)).numpy(), expected)


def test_linear_starts_uniform_within_its_bound():
    minigrad.manual_seed(0)
    layer = nn.Linear(25, 400)
    for values in (layer.weight.numpy(), layer.bias.numpy()):
        assert np.abs(values).max() <= 1 / math.sqrt(25) and np.abs(values).max() > 0.19
    assert nn.Linear(2, 2, bias=False).bias is None


def test_the_seed_decides_the_weights():
    minigrad.manual_seed(5)
    a = nn.Linear(3, 3).weight.numpy().copy()
    minigrad.manual_seed(5)
    np.testing.assert_array_equal(nn.Linear(3, 3).weight.numpy(), a)


def test_identity_ignores_its_arguments():
    x = minigrad.ones(2)
    assert nn.Identity(3, anything=True)(x) is x
