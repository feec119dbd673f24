"""Whole training steps: forward, loss, backward, optimizer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from .networks import CNN, GPT, MLP, LeNet, LSTMLanguageModel, ResNet20
from .workload import Library, Step, Workload, fill, integers, tensor

Inputs = Callable[[Library], tuple[Any, Any]]


def training_step(network: Callable[[Library], Any], inputs: Inputs, lib: Library, tuned: bool = False) -> Step:
    """Train a network with Adam; `tuned` is PyTorch with channels_last and a fused optimizer."""
    model = fill(lib, network(lib))
    x, t = inputs(lib)
    options: dict[str, Any] = {"lr": 1e-4}
    if tuned:
        layout = {"memory_format": lib.channels_last}
        model, x, options["fused"] = model.to(**layout), x.to(**layout), True
    return one_step(lib, model, lib.optim.Adam(model.parameters(), **options), x, t)


def one_step(lib: Library, model: Any, optimizer: Any, x: Any, t: Any) -> Step:
    """Return a training step on one batch."""

    def step() -> Any:
        optimizer.zero_grad()
        loss = lib.nn.functional.cross_entropy(model(x), t)
        loss.backward()
        optimizer.step()
        return loss

    return step


def images(N: int, C: int, H: int, lib: Library) -> tuple[Any, Any]:
    """Return pictures and their classes."""
    return tensor(lib, N, C, H, H), integers(lib, 10, N)


def text(B: int, T: int, V: int, lib: Library) -> tuple[Any, Any]:
    """Return sequences of tokens, and what comes next at every place."""
    return integers(lib, V, B, T), integers(lib, V, B, T, seed=1).reshape(-1)


def _row(name: str, target: float | None, network: Callable[[Library], Any], inputs: Inputs) -> Workload:
    return Workload(f"training step, {name}", partial(training_step, network, inputs), target)


DIGITS = partial(images, 64, 1, 28)
WORKLOADS = [
    _row("MLP 784-256-10, batch 64", None, MLP, DIGITS),
    _row("LeNet, batch 64", None, LeNet, DIGITS),
    Workload(
        "training step, the main job's CNN, batch 64", partial(training_step, CNN, DIGITS), 0.50,
        tuned={"PyTorch channels_last + fused": (partial(training_step, CNN, DIGITS, tuned=True), 0.70)},
    ),
    _row("CIFAR ResNet-20, batch 32", 0.70, ResNet20, partial(images, 32, 3, 32)),
    _row("GPT 4 layers, 4 heads, 128 wide, context 64, batch 16", 0.80, GPT, partial(text, 16, 64, 96)),
    _row("LSTM language model, 256 wide, T64, batch 16", 1.00, LSTMLanguageModel, partial(text, 16, 64, 96)),
]  # fmt: skip
