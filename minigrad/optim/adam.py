"""Adam and AdamW: momentum, divided by a running average of the gradient's size."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..backend import Array, accelerable, array_module
from ..tensor import Tensor
from .optimizer import Optimizer, Params, arrays, objective_gradient
from .state import Group, Initial, zeros


class Adam(Optimizer):
    """Adaptive moment estimation.

    Update  g ← ∇f + λ θ                          λ: weight_decay; decoupled: θ ← θ - η λ θ instead
            m ← β₁ m + (1 - β₁) g                 exp_avg
            v ← β₂ v + (1 - β₂) g²                exp_avg_sq; with amsgrad, its maximum so far is used below
            m̂ = m / (1 - β₁ᵗ),  v̂ = v / (1 - β₂ᵗ)     averages that began at 0, corrected for that
            θ ← θ - η m̂ / (√v̂ + ε)                η: lr, ε: eps
    Source  Kingma and Ba, "Adam: a method for stochastic optimization", arXiv:1412.6980, algorithm 1; Reddi, Kale and
            Kumar, "On the convergence of Adam and beyond", arXiv:1904.09237, for amsgrad
    """

    def __init__(
        self, params: Params, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, amsgrad: bool = False, *, maximize: bool = False,
        decoupled_weight_decay: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize, "decoupled_weight_decay": decoupled_weight_decay,
        })  # fmt: skip

    def initial_state(self, options: Group) -> dict[str, Initial]:
        """Return the beginning of the step count and of the moments."""
        maximum = {"max_exp_avg_sq": zeros} if options["amsgrad"] else {}
        return {"step": 0, "exp_avg": zeros, "exp_avg_sq": zeros, **maximum}

    def update(self, options: Group, params: list[Tensor], grads: list[Array]) -> None:
        """Move `params` one step."""
        steps, (beta1, beta2) = self.step_numbers(params), options["betas"]
        exp_avgs, exp_avg_sqs, maxima = self.columns(options, params, "exp_avg", "exp_avg_sq", "max_exp_avg_sq")
        adam_update(
            arrays(params), grads, exp_avgs, exp_avg_sqs, maxima, steps, lr=options["lr"], beta1=beta1, beta2=beta2,
            eps=options["eps"], weight_decay=options["weight_decay"],
            decoupled_weight_decay=options["decoupled_weight_decay"], maximize=options["maximize"],
        )  # fmt: skip


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameters and stays out of the moments: θ ← θ - η λ θ.

    Source  Loshchilov and Hutter, "Decoupled weight decay regularization", arXiv:1711.05101, algorithm 2
    """

    def __init__(
        self, params: Params, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True
        )  # fmt: skip

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from a state of AdamW or Adam; the decay stays decoupled."""
        super().load_state_dict(state_dict)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True


@accelerable
def adam_update(
    params: list[Array], grads: list[Array], exp_avgs: list[Array], exp_avg_sqs: list[Array],
    max_exp_avg_sqs: list[Array | None], steps: list[int], lr: float, beta1: float, beta2: float, eps: float,
    weight_decay: float, decoupled_weight_decay: bool, maximize: bool,
) -> None:  # fmt: skip
    """Take one step of Adam in place. A max_exp_avg_sq is None without amsgrad."""
    xp = array_module(params[0])
    for p, g, m, v, v_max, t in zip(params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, steps, strict=True):
        g = objective_gradient(p, g, 0 if decoupled_weight_decay else weight_decay, maximize)
        if decoupled_weight_decay:
            p *= 1 - lr * weight_decay
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * g * g
        if v_max is not None:
            v = xp.maximum(v_max, v, out=v_max)
        p -= lr / (1 - beta1**t) * m / (xp.sqrt(v) / math.sqrt(1 - beta2**t) + eps)
