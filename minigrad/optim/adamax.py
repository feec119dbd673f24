"""Adamax: Adam with the largest gradient in place of the mean square."""

from __future__ import annotations

from ..backend import Array, accelerable, array_module
from ..tensor import Tensor
from .optimizer import Optimizer, Params, arrays, objective_gradient
from .state import Group, Initial, zeros


class Adamax(Optimizer):
    """Adam by the infinity norm.

    Update  g ← ∇f + λ θ                          λ: weight_decay
            m ← β₁ m + (1 - β₁) g                 exp_avg
            u ← max(β₂ u, |g| + ε)                exp_inf
            θ ← θ - η / (1 - β₁ᵗ) · m / u         η: lr
    Source  Kingma and Ba, "Adam: a method for stochastic optimization", arXiv:1412.6980, algorithm 2
    """

    def __init__(
        self, params: Params, lr: float = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        )

    def initial_state(self, options: Group) -> dict[str, Initial]:
        """Return the beginning of the step count, the momentum and the norm."""
        return {"step": 0, "exp_avg": zeros, "exp_inf": zeros}

    def update(self, options: Group, params: list[Tensor], grads: list[Array]) -> None:
        """Move `params` one step."""
        steps, (beta1, beta2) = self.step_numbers(params), options["betas"]
        exp_avgs, exp_infs = self.columns(options, params, "exp_avg", "exp_inf")
        adamax_update(
            arrays(params), grads, exp_avgs, exp_infs, steps, lr=options["lr"], beta1=beta1, beta2=beta2,
            eps=options["eps"], weight_decay=options["weight_decay"], maximize=options["maximize"],
        )  # fmt: skip


@accelerable
def adamax_update(
    params: list[Array], grads: list[Array], exp_avgs: list[Array], exp_infs: list[Array], steps: list[int],
    lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, maximize: bool,
) -> None:  # fmt: skip
    """Take one step of Adamax in place."""
    xp = array_module(params[0])
    for p, g, m, u, t in zip(params, grads, exp_avgs, exp_infs, steps, strict=True):
        g = objective_gradient(p, g, weight_decay, maximize)
        m *= beta1
        m += (1 - beta1) * g
        u *= beta2
        xp.maximum(u, xp.abs(g) + eps, out=u)
        p -= lr / (1 - beta1**t) * m / u
