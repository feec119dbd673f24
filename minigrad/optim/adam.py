"""Adam and AdamW: steps scaled by running moments of the gradient."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ..backend import Array, array_module
from .optimizer import Group, Optimizer


class Adam(Optimizer):
    """Adaptive moment estimation.

    Update  g ← ∇ + λ θ                       λ: weight_decay
            m ← β1 m + (1 - β1) g             first moment
            v ← β2 v + (1 - β2) g²            second moment; with amsgrad its largest value so far
            θ ← θ - η (m / (1 - β1ᵗ)) / (√(v / (1 - β2ᵗ)) + ε)
    Source  Kingma and Ba, "Adam: a method for stochastic optimization", 2015; Reddi et al., "On the convergence of
            Adam and beyond", 2018, for amsgrad
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, amsgrad: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, {
            "lr": lr, "betas": tuple(betas), "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize,
        })  # fmt: skip

    def check(self, group: Group) -> None:
        """Raise if an option is outside its range."""
        super().check(group)
        self.require(len(group["betas"]) == 2 and all(0 <= b < 1 for b in group["betas"]), group, "betas", "in [0, 1)")
        self.require(group["eps"] >= 0, group, "eps", "at least 0")

    def update(self, p: Array, g: Array, state: dict[str, Any], group: Group) -> None:
        """Take one step."""
        xp, (beta1, beta2) = array_module(p), group["betas"]
        if not state:
            state.update(step=0, exp_avg=xp.zeros_like(p), exp_avg_sq=xp.zeros_like(p))
            if group["amsgrad"]:
                state["max_exp_avg_sq"] = xp.zeros_like(p)
        if self.decoupled:
            p *= 1 - group["lr"] * group["weight_decay"]
        state["step"] += 1
        m, v = state["exp_avg"], state["exp_avg_sq"]
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * (g * g)
        if group["amsgrad"]:
            v = xp.maximum(state["max_exp_avg_sq"], v, out=state["max_exp_avg_sq"])
        scale = xp.sqrt(v)
        scale /= math.sqrt(1 - beta2 ** state["step"])
        scale += group["eps"]
        p -= (group["lr"] / (1 - beta1 ** state["step"])) * (m / scale)


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameters themselves instead of entering the moments: θ ← θ - η λ θ first.

    Source  Loshchilov and Hutter, "Decoupled weight decay regularization", 2019
    """

    decoupled = True

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)
