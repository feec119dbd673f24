"""Gradient descent, with momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..backend import Array
from ..errors import ArgumentError
from .optimizer import Group, Optimizer


class SGD(Optimizer):
    """Stochastic gradient descent.

    Update  g ← ∇ + λ θ                 λ: weight_decay
            m ← μ m + (1 - τ) g         μ: momentum, τ: dampening; the first time m ← g
            θ ← θ - η m                 η: lr; with nesterov  θ ← θ - η (g + μ m)
    Source  Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, momentum: float = 0, dampening: float = 0,
        weight_decay: float = 0, nesterov: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
            "maximize": maximize,
        })  # fmt: skip

    def check(self, group: Group) -> None:
        """Raise if an option is outside its range."""
        super().check(group)
        self.require(group["momentum"] >= 0, group, "momentum", "at least 0")
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ArgumentError("SGD: nesterov needs a momentum above 0 and no dampening")

    def update(self, p: Array, g: Array, state: dict[str, Any], group: Group) -> None:
        """Take one step."""
        momentum = group["momentum"]
        if momentum:
            m = state.get("momentum_buffer")
            if m is None:
                m = state["momentum_buffer"] = g.copy()
            else:
                m *= momentum
                m += (1 - group["dampening"]) * g
            g = g + momentum * m if group["nesterov"] else m
        p -= group["lr"] * g
