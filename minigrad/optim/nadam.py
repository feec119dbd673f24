"""NAdam: Adam with Nesterov's look ahead."""

from __future__ import annotations

from ..backend import Array, accelerable, array_module
from ..tensor import Tensor
from .optimizer import Optimizer, Params, arrays, objective_gradient
from .state import Group, Initial, zeros


class NAdam(Optimizer):
    """Adam with Nesterov momentum, which warms up: μₜ = β₁ (1 - ½ 0.96^(t ψ)).

    Update  g ← ∇f + λ θ                          λ: weight_decay; decoupled: θ ← θ - η λ θ instead
            m ← β₁ m + (1 - β₁) g                 exp_avg
            v ← β₂ v + (1 - β₂) g²                exp_avg_sq
            m̂ = μₜ₊₁ m / (1 - ∏ᵢ₌₁ᵗ⁺¹ μᵢ) + (1 - μₜ) g / (1 - ∏ᵢ₌₁ᵗ μᵢ),   v̂ = v / (1 - β₂ᵗ)
            θ ← θ - η m̂ / (√v̂ + ε)                η: lr, ψ: momentum_decay, ε: eps
    Source  Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016, algorithm 2
    """

    def __init__(
        self, params: Params, lr: float = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, momentum_decay: float = 4e-3, decoupled_weight_decay: bool = False, *,
        maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize,
        })  # fmt: skip

    def initial_state(self, options: Group) -> dict[str, Initial]:
        """Return the beginning of the step count, of the product of the μ and of the moments."""
        return {"step": 0, "mu_product": 1.0, "exp_avg": zeros, "exp_avg_sq": zeros}

    def update(self, options: Group, params: list[Tensor], grads: list[Array]) -> None:
        """Move `params` one step."""
        steps, (beta1, beta2) = self.step_numbers(params), options["betas"]
        before, exp_avgs, exp_avg_sqs = self.columns(options, params, "mu_product", "exp_avg", "exp_avg_sq")
        mu_products = [product * warming(beta1, t, options["momentum_decay"])
                       for product, t in zip(before, steps, strict=True)]  # fmt: skip
        for p, product in zip(params, mu_products, strict=True):
            self.state[p]["mu_product"] = product
        nadam_update(
            arrays(params), grads, exp_avgs, exp_avg_sqs, mu_products, steps, lr=options["lr"], beta1=beta1,
            beta2=beta2, eps=options["eps"], weight_decay=options["weight_decay"],
            momentum_decay=options["momentum_decay"], decoupled_weight_decay=options["decoupled_weight_decay"],
            maximize=options["maximize"],
        )  # fmt: skip


def warming(beta1: float, t: int, momentum_decay: float) -> float:
    """Return μₜ, which rises from about β₁/2 to β₁."""
    return float(beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay)))


@accelerable
def nadam_update(
    params: list[Array], grads: list[Array], exp_avgs: list[Array], exp_avg_sqs: list[Array],
    mu_products: list[float], steps: list[int], lr: float, beta1: float, beta2: float, eps: float,
    weight_decay: float, momentum_decay: float, decoupled_weight_decay: bool, maximize: bool,
) -> None:  # fmt: skip
    """Take one step of NAdam in place. A mu_product includes this step's μ."""
    xp = array_module(params[0])
    for p, g, m, v, mu_product, t in zip(params, grads, exp_avgs, exp_avg_sqs, mu_products, steps, strict=True):
        mu, mu_next = warming(beta1, t, momentum_decay), warming(beta1, t + 1, momentum_decay)
        g = objective_gradient(p, g, 0 if decoupled_weight_decay else weight_decay, maximize)
        if decoupled_weight_decay:
            p *= 1 - lr * weight_decay
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * g * g
        m_hat = mu_next / (1 - mu_product * mu_next) * m + (1 - mu) / (1 - mu_product) * g
        p -= lr * m_hat / (xp.sqrt(v / (1 - beta2**t)) + eps)
