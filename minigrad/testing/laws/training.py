"""Laws of training code: gradients that are accumulated, and states that are saved.

    accumulation    micro-batches one after another give the gradient of the whole batch
    saving          a state that was written and read back computes the same, bit for bit
"""

from __future__ import annotations

import copy
import itertools
import os
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...errors import ArgumentError, LawError
from ...grad_mode import no_grad
from ...io import load, save
from ...nn import Module
from ...ops import as_tensor
from ...tensor import Tensor
from ..compare import check_close
from .common import title, value

Loss = Callable[[Any, Any], Any]
Batches = Sequence[tuple[Tensor, Tensor]]


def accumulate(model: Module, loss: Loss, batches: Batches) -> None:
    """Add up the gradients of micro-batches, each in proportion to its share of the examples."""
    total = sum(len(x) for x, _ in batches)
    for x, target in batches:
        (loss(model(x), target) * (len(x) / total)).backward()


def check_accumulation(
    model: Module, x: Any, target: Any, loss: Loss, parts: int = 2,
    accumulate: Callable[[Module, Loss, Batches], None] = accumulate,
) -> None:  # fmt: skip
    """Check that `accumulate(model, loss, batches)` leaves the gradients of loss(model(x), target), a mean.

    Pass your own loop as `accumulate`: one that forgets to divide, or that clears the gradients in between, is found;
    so are a model that mixes its examples and a loss that sums. The batches are of unequal sizes where they can be.

    Raises  LawError naming the parameter and the element
    """
    x, target = as_tensor(x).detach(), as_tensor(target)
    if not 0 < parts <= len(x):
        raise ArgumentError(f"{title('accumulation', model)}: {len(x)} examples cannot be split into {parts} parts")
    cuts = [0, *range(1, parts), len(x)]
    model.zero_grad()
    loss(model(x), target).backward()
    whole = _gradients(model)
    model.zero_grad()
    accumulate(model, loss, [(x[a:b], target[a:b]) for a, b in itertools.pairwise(cuts)])
    for path, gradient in _gradients(model).items():
        wide = gradient.dtype == np.float64
        check_close(
            title("accumulation", model), f"the gradient of {path} from {parts} parts", gradient, whole[path],
            1e-9 if wide else 1e-4, 1e-11 if wide else 1e-6,
            "weigh each part by its share of the examples, and clear the gradients once, before the first part",
        )  # fmt: skip


def _gradients(model: Module) -> dict[str, Any]:
    return {path: np.zeros(p.shape) if p.grad is None else p.grad.numpy() for path, p in model.named_parameters()}


def check_saving(model: Module | Callable[[], Module], *xs: Any) -> None:
    """Check that a state dict that was saved and loaded into another module makes it compute the same, bit for bit.

    Given a class or a function that makes the module, two are made, so that what the state forgets differs.

    Raises  LawError naming the entry, or the output
    """
    first = model if isinstance(model, Module) else model()
    second = copy.deepcopy(first) if isinstance(model, Module) else model()
    law, state = title("saving", first), first.state_dict()
    with no_grad():
        for tensor in second.state_dict().values():
            tensor.zero_()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "state.safetensors")
        save(state, path)
        second.load_state_dict(load(path))
    for key, tensor in second.state_dict().items():
        if tensor.dtype != state[key].dtype or not np.array_equal(tensor.numpy(), state[key].numpy(), equal_nan=True):
            raise LawError(f"{law}: {key} came back as {tensor.dtype} with other values, it was {state[key].dtype}")
    got, expected = (value(m.eval(), *xs) for m in (second, first))
    hint = "keep what forward needs in Parameters and Buffers, so that state_dict() finds it"
    check_close(law, "the output after loading", got, expected, 0.0, 0.0, hint)
