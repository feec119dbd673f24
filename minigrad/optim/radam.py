"""RAdam: Adam that waits with the division until its average of squares can be trusted."""

from __future__ import annotations

import math

from ..backend import Array, accelerable, array_module
from ..tensor import Tensor
from .optimizer import Optimizer, Params, arrays, objective_gradient
from .state import Group, Initial, zeros


class RAdam(Optimizer):
    """Rectified Adam. ρₜ is about the number of gradients that the average of squares has seen.

    Update  g ← ∇f + λ θ                          λ: weight_decay; decoupled: θ ← θ - η λ θ instead
            m ← β₁ m + (1 - β₁) g                 exp_avg
            v ← β₂ v + (1 - β₂) g²                exp_avg_sq
            m̂ = m / (1 - β₁ᵗ)
            ρₜ = ρ∞ - 2 t β₂ᵗ / (1 - β₂ᵗ),        ρ∞ = 2 / (1 - β₂) - 1
            θ ← θ - η m̂ rₜ √(1 - β₂ᵗ) / (√v + ε)  if ρₜ > 5, with the rectification
                rₜ = √((ρₜ - 4)(ρₜ - 2) ρ∞ / ((ρ∞ - 4)(ρ∞ - 2) ρₜ))
            θ ← θ - η m̂                           otherwise
    Source  Liu et al., "On the variance of the adaptive learning rate and beyond", arXiv:1908.03265, algorithm 2
    """

    def __init__(
        self, params: Params, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, decoupled_weight_decay: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize,
        })  # fmt: skip

    def initial_state(self, options: Group) -> dict[str, Initial]:
        """Return the beginning of the step count and of the moments."""
        return {"step": 0, "exp_avg": zeros, "exp_avg_sq": zeros}

    def update(self, options: Group, params: list[Tensor], grads: list[Array]) -> None:
        """Move `params` one step."""
        steps, (beta1, beta2) = self.step_numbers(params), options["betas"]
        exp_avgs, exp_avg_sqs = self.columns(options, params, "exp_avg", "exp_avg_sq")
        radam_update(
            arrays(params), grads, exp_avgs, exp_avg_sqs, steps, lr=options["lr"], beta1=beta1, beta2=beta2,
            eps=options["eps"], weight_decay=options["weight_decay"],
            decoupled_weight_decay=options["decoupled_weight_decay"], maximize=options["maximize"],
        )  # fmt: skip


def rectification(beta2: float, t: int) -> float | None:
    """Return rₜ, or None where the variance of 1/√v has no bound (ρₜ <= 5)."""
    rho_inf = 2 / (1 - beta2) - 1
    rho = rho_inf - 2 * t * beta2**t / (1 - beta2**t)
    if rho <= 5:
        return None
    return math.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))


@accelerable
def radam_update(
    params: list[Array], grads: list[Array], exp_avgs: list[Array], exp_avg_sqs: list[Array], steps: list[int],
    lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, decoupled_weight_decay: bool,
    maximize: bool,
) -> None:  # fmt: skip
    """Take one step of RAdam in place."""
    xp = array_module(params[0])
    for p, g, m, v, t in zip(params, grads, exp_avgs, exp_avg_sqs, steps, strict=True):
        g = objective_gradient(p, g, 0 if decoupled_weight_decay else weight_decay, maximize)
        if decoupled_weight_decay:
            p *= 1 - lr * weight_decay
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * g * g
        size = lr / (1 - beta1**t)
        r = rectification(beta2, t)
        if r is None:
            p -= size * m
        else:
            p -= size * r * math.sqrt(1 - beta2**t) * m / (xp.sqrt(v) + eps)
