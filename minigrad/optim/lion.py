"""Lion: steps of one size, in the direction of a momentum's sign."""

from __future__ import annotations

from ..backend import Array, accelerable, array_module
from ..tensor import Tensor
from .optimizer import Optimizer, Params, arrays, objective_gradient
from .state import Group, Initial, zeros


class Lion(Optimizer):
    """Evolved sign momentum. Its steps are larger than Adam's: use a learning rate 3 to 10 times smaller.

    Update  θ ← θ - η λ θ                         η: lr, λ: weight_decay, decoupled
            θ ← θ - η sign(β₁ m + (1 - β₁) g)     g = ∇f
            m ← β₂ m + (1 - β₂) g                 exp_avg
    Source  Chen et al., "Symbolic discovery of optimization algorithms", arXiv:2302.06675, program 1
    """

    def __init__(
        self, params: Params, lr: float = 1e-4, betas: tuple[float, float] = (0.9, 0.99), weight_decay: float = 0, *,
        maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay, "maximize": maximize})

    def initial_state(self, options: Group) -> dict[str, Initial]:
        """Return the beginning of the momentum."""
        return {"exp_avg": zeros}

    def update(self, options: Group, params: list[Tensor], grads: list[Array]) -> None:
        """Move `params` one step."""
        beta1, beta2 = options["betas"]
        (exp_avgs,) = self.columns(options, params, "exp_avg")
        lion_update(
            arrays(params), grads, exp_avgs, lr=options["lr"], beta1=beta1, beta2=beta2,
            weight_decay=options["weight_decay"], maximize=options["maximize"],
        )  # fmt: skip


@accelerable
def lion_update(
    params: list[Array], grads: list[Array], exp_avgs: list[Array], lr: float, beta1: float, beta2: float,
    weight_decay: float, maximize: bool,
) -> None:  # fmt: skip
    """Take one step of Lion in place."""
    xp = array_module(params[0])
    for p, g, m in zip(params, grads, exp_avgs, strict=True):
        g = objective_gradient(p, g, 0, maximize)
        p *= 1 - lr * weight_decay
        p -= lr * xp.sign(beta1 * m + (1 - beta1) * g)
        m *= beta2
        m += (1 - beta2) * g
