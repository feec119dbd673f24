"""Adadelta: a step in the units of the parameter, by the ratio of two running averages."""

from __future__ import annotations

from ..backend import Array, accelerable, array_module
from ..tensor import Tensor
from .optimizer import Optimizer, Params, arrays, objective_gradient
from .state import Group, Initial, zeros


class Adadelta(Optimizer):
    """Adaptive steps without a global scale.

    Update  g ← ∇f + λ θ                          λ: weight_decay
            v ← ρ v + (1 - ρ) g²                  square_avg
            Δ ← √(u + ε) / √(v + ε) · g
            u ← ρ u + (1 - ρ) Δ²                  acc_delta
            θ ← θ - η Δ                           η: lr, 1 in the paper
    Source  Zeiler, "ADADELTA: an adaptive learning rate method", arXiv:1212.5701, algorithm 1
    """

    def __init__(
        self, params: Params, lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0, *,
        maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            params, {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        )

    def initial_state(self, options: Group) -> dict[str, Initial]:
        """Return the beginning of the step count and of both averages."""
        return {"step": 0, "square_avg": zeros, "acc_delta": zeros}

    def update(self, options: Group, params: list[Tensor], grads: list[Array]) -> None:
        """Move `params` one step."""
        self.count_step(params)
        square_avgs, acc_deltas = self.columns(options, params, "square_avg", "acc_delta")
        adadelta_update(
            arrays(params), grads, square_avgs, acc_deltas, lr=options["lr"], rho=options["rho"], eps=options["eps"],
            weight_decay=options["weight_decay"], maximize=options["maximize"],
        )  # fmt: skip


@accelerable
def adadelta_update(
    params: list[Array], grads: list[Array], square_avgs: list[Array], acc_deltas: list[Array], lr: float, rho: float,
    eps: float, weight_decay: float, maximize: bool,
) -> None:  # fmt: skip
    """Take one step of Adadelta in place."""
    xp = array_module(params[0])
    for p, g, v, u in zip(params, grads, square_avgs, acc_deltas, strict=True):
        g = objective_gradient(p, g, weight_decay, maximize)
        v *= rho
        v += (1 - rho) * g * g
        delta = xp.sqrt(u + eps) / xp.sqrt(v + eps) * g
        u *= rho
        u += (1 - rho) * delta * delta
        p -= lr * delta
