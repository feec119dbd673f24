"""Adagrad: a step size per element, by the squares of all its gradients so far."""

from __future__ import annotations

from ..backend import Array, accelerable, array_module
from ..ops import full_like
from ..tensor import Tensor
from .optimizer import Optimizer, Params, arrays, objective_gradient
from .state import Group, Initial, state_dtype


class Adagrad(Optimizer):
    """Adaptive gradients.

    Update  g ← ∇f + λ θ                          λ: weight_decay
            s ← s + g²                            s₀: initial_accumulator_value
            θ ← θ - ηₜ g / (√s + ε),              ηₜ = η / (1 + (t - 1) κ),   η: lr, κ: lr_decay, ε: eps
    Source  Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization",
            JMLR 12, 2011
    """

    def __init__(
        self, params: Params, lr: float = 1e-2, lr_decay: float = 0, weight_decay: float = 0,
        initial_accumulator_value: float = 0, eps: float = 1e-10, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "maximize": maximize,
        })  # fmt: skip

    def initial_state(self, options: Group) -> dict[str, Initial]:
        """Return the beginning of the step count and of the sum of squares."""
        start = options["initial_accumulator_value"]
        return {"step": 0, "sum": lambda p: full_like(p, start, dtype=state_dtype(p))}

    def update(self, options: Group, params: list[Tensor], grads: list[Array]) -> None:
        """Move `params` one step."""
        steps = self.step_numbers(params)
        (sums,) = self.columns(options, params, "sum")
        adagrad_update(
            arrays(params), grads, sums, steps, lr=options["lr"], lr_decay=options["lr_decay"],
            weight_decay=options["weight_decay"], eps=options["eps"], maximize=options["maximize"],
        )  # fmt: skip


@accelerable
def adagrad_update(
    params: list[Array], grads: list[Array], sums: list[Array], steps: list[int], lr: float, lr_decay: float,
    weight_decay: float, eps: float, maximize: bool,
) -> None:  # fmt: skip
    """Take one step of Adagrad in place."""
    xp = array_module(params[0])
    for p, g, s, t in zip(params, grads, sums, steps, strict=True):
        g = objective_gradient(p, g, weight_decay, maximize)
        s += g * g
        p -= lr / (1 + (t - 1) * lr_decay) * g / (xp.sqrt(s) + eps)
