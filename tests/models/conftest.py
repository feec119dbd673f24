"""What is asked of every model: scores of the right shape, gradients everywhere, and that it can learn."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad.nn import functional as F
from minigrad.optim import Adam


def check_gradients(model, x, classes=10):
    """Check that every parameter gets a gradient that is finite and not all 0."""
    y = minigrad.from_numpy(np.arange(len(x)) % classes)
    F.cross_entropy(model(x), y).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.shape == parameter.shape, name
        gradient = parameter.grad.numpy()
        assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0, name


def check_learning(model, x, steps, lr=0.003):
    """Check that the model learns random labels of a few pictures by heart."""
    y = minigrad.from_numpy(np.random.default_rng(5).integers(0, 10, len(x)))
    optimizer = Adam(model.parameters(), lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    assert np.array_equal(model(x).numpy().argmax(1), y.numpy())


def pictures(n, c, h, w, dtype="float32"):
    """Return n pictures of random numbers."""
    x = np.random.default_rng(2).normal(size=(n, c, h, w))
    return minigrad.from_numpy(x.astype(dtype))


@pytest.fixture(autouse=True)
def _seed():
    minigrad.manual_seed(0)


@pytest.fixture(name="check_gradients")
def check_gradients_fixture():
    return check_gradients


@pytest.fixture(name="check_learning")
def check_learning_fixture():
    return check_learning


@pytest.fixture(name="pictures")
def pictures_fixture():
    return pictures
