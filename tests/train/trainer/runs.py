"""Small runs, how to interrupt them, and how to compare their states."""

import os
import signal

import numpy as np

import minigrad
from minigrad import nn
from minigrad.nn import functional as F
from minigrad.optim import SGD
from minigrad.train import Callback, Trainer


class CtrlC(Callback):
    """Presses Ctrl-C while batch number `at` is under way."""

    def __init__(self, at):
        self.at = at

    def batch_ended(self, trainer, means):
        if trainer.batches == self.at:
            os.kill(os.getpid(), signal.SIGINT)


def flat(state):
    """Return a state as a dict from paths to numbers and arrays."""
    if isinstance(state, dict):
        return {f"{key}/{rest}": value for key, part in state.items() for rest, value in flat(part).items()}
    if isinstance(state, (list, tuple)):
        return flat(dict(enumerate(state)))
    return {"": state.numpy().copy() if isinstance(state, minigrad.Tensor) else state}


def assert_bitwise_equal(one, other):
    one, other = flat(one), flat(other)
    assert one.keys() == other.keys()
    for key, value in one.items():
        if isinstance(value, np.ndarray):
            assert value.dtype == other[key].dtype and value.tobytes() == other[key].tobytes(), key
        else:
            assert value == other[key], key


def linear_run(rows=6, batch=2, **options):
    """Return a trainer of one linear layer on a regression, and its batches as a list."""
    minigrad.manual_seed(0)
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(rows, 3)), rng.normal(size=(rows, 1))
    model = nn.Linear(3, 1).to("float64")
    trainer = Trainer(model, SGD(model.parameters(), lr=0.1), F.mse_loss, **options)
    tensors = [tuple(map(minigrad.from_numpy, (x[i : i + batch], y[i : i + batch]))) for i in range(0, rows, batch)]
    return trainer, tensors, x, y
