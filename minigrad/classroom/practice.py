"""A real network for a student's functions: 2,000 handwritten digits to learn from, 500 others to tell how well.

    with classroom.use("relu", classroom.numpy_op("relu", given.relu, ops.relu_backward)):
        practice.train(model)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..data import load
from ..grad_mode import no_grad
from ..nn import Module
from ..nn import functional as F
from ..ops import tensor
from ..optim import SGD
from ..tensor import Tensor

TRAINING, TEST, BATCH = 2000, 500, 50
Backward = Callable[[Tensor], Any]


def digits(split: str, count: int) -> tuple[Any, Any]:
    """Return so many digits as pictures (N, 28, 28) of mean 0 and deviation 1, and their labels."""
    found = load("digits", split)
    x = (np.asarray(found.x[:count], np.float32) / 255.0 - 0.1307) / 0.3081
    return x.astype(np.float32), np.asarray(found.y[:count], np.int64)


def train(
    model: Module, optimizer: Any = None, steps: int = 200, backward: Backward = Tensor.backward, seed: int = 0
) -> float:
    """Train on batches of pictures (50, 1, 28, 28), say how it goes, and return the share of test digits it reads."""
    x, y = digits("train", TRAINING)
    optimizer = optimizer or SGD(model.parameters(), lr=0.03, momentum=0.9)
    rng = np.random.default_rng(seed)
    for step in range(1, steps + 1):
        chosen = rng.integers(0, TRAINING, BATCH)
        loss = F.cross_entropy(model(tensor(x[chosen][:, None])), tensor(y[chosen]))
        optimizer.zero_grad()
        backward(loss)
        optimizer.step()
        if step % 50 == 0:
            print(f"step {step:>4}  loss {loss.item():.3f}", flush=True)
    return accuracy(model)


def accuracy(model: Module) -> float:
    """Return the share of the test digits that the model reads."""
    x, y = digits("test", TEST)
    model.eval()
    with no_grad():
        scores = model(tensor(x[:, None])).numpy()
    model.train()
    share = float((scores.argmax(1) == y).mean())
    print(f"{share:.1%} of {TEST} digits it has never seen are read right")
    return share
