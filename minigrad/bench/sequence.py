"""Attention and recurrent layers, forward and backward."""

from __future__ import annotations

from functools import partial
from typing import Any

from .workload import Library, Step, Workload, fill, tensor, there_and_back


def attention(B: int, A: int, T: int, E: int, causal: bool, lib: Library) -> Step:
    """Attend with A heads of width E over T positions."""
    f = partial(lib.nn.functional.scaled_dot_product_attention, is_causal=causal)
    return there_and_back(lib, f, *(tensor(lib, B, A, T, E, seed=i, grad=True) for i in range(3)))


def recurrent(kind: str, T: int, B: int, width: int, hidden: int, lib: Library) -> Step:
    """Run a layer over a sequence, and back through time."""
    layer = fill(lib, getattr(lib.nn, kind)(width, hidden))
    x = tensor(lib, T, B, width, grad=True)
    dy = tensor(lib, T, B, hidden, seed=9)

    def step() -> Any:
        x.grad = None
        layer.zero_grad()
        y = layer(x)[0]
        y.backward(dy)
        return [y, x.grad, *(p.grad for p in layer.parameters())]

    return step


def _attention_row(B: int, A: int, T: int, E: int, causal: bool) -> Workload:
    kind = "causal attention" if causal else "attention"
    return Workload(f"{kind} B{B} A{A} T{T} E{E}", partial(attention, B, A, T, E, causal), 0.70)


def _recurrent_row(kind: str, T: int, B: int, width: int, hidden: int) -> Workload:
    return Workload(f"{kind} T{T} B{B} I{width} H{hidden}", partial(recurrent, kind, T, B, width, hidden), 1.0)


WORKLOADS = [
    _attention_row(8, 8, 256, 64, True), _attention_row(8, 8, 256, 64, False), _attention_row(32, 4, 64, 32, True),
    *(_recurrent_row(kind, 64, 32, 128, 256) for kind in ("LSTM", "GRU")),
    *(_recurrent_row(kind, 20, 8, 32, 32) for kind in ("LSTM", "GRU", "RNN")),
]  # fmt: skip
