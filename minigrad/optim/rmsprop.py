"""RMSprop: the gradient divided by a running average of its size."""

from __future__ import annotations

from ..backend import Array, accelerable, array_module
from ..tensor import Tensor
from .optimizer import Optimizer, Params, arrays, objective_gradient
from .state import Group, Initial, zeros


class RMSprop(Optimizer):
    """Root mean square propagation.

    Update  g ← ∇f + λ θ                          λ: weight_decay
            v ← α v + (1 - α) g²                  square_avg
            a ← α a + (1 - α) g                   grad_avg, if centered: then v - a², a variance, is used for v
            b ← μ b + g / (√v + ε)                μ: momentum
            θ ← θ - η b                           η: lr
    Source  Hinton, "Neural networks for machine learning", lecture 6e, 2012; Graves, "Generating sequences with
            recurrent neural networks", arXiv:1308.0850, equations 38-45, for centered
    """

    def __init__(
        self, params: Params, lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8, weight_decay: float = 0,
        momentum: float = 0, centered: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "maximize": maximize,
        })  # fmt: skip

    def initial_state(self, options: Group) -> dict[str, Initial]:
        """Return the beginning of the step count, of the averages and of the momentum."""
        optional = {"momentum_buffer": options["momentum"] > 0, "grad_avg": options["centered"]}
        return {"step": 0, "square_avg": zeros, **{name: zeros for name, used in optional.items() if used}}

    def update(self, options: Group, params: list[Tensor], grads: list[Array]) -> None:
        """Move `params` one step."""
        self.count_step(params)
        square_avgs, grad_avgs, buffers = self.columns(options, params, "square_avg", "grad_avg", "momentum_buffer")
        rmsprop_update(
            arrays(params), grads, square_avgs, grad_avgs, buffers, lr=options["lr"], alpha=options["alpha"],
            eps=options["eps"], weight_decay=options["weight_decay"], momentum=options["momentum"],
            maximize=options["maximize"],
        )  # fmt: skip


@accelerable
def rmsprop_update(
    params: list[Array], grads: list[Array], square_avgs: list[Array], grad_avgs: list[Array | None],
    momentum_buffers: list[Array | None], lr: float, alpha: float, eps: float, weight_decay: float, momentum: float,
    maximize: bool,
) -> None:  # fmt: skip
    """Take one step of RMSprop in place. A grad_avg is None if not centered, a buffer without momentum."""
    xp = array_module(params[0])
    for p, g, v, a, b in zip(params, grads, square_avgs, grad_avgs, momentum_buffers, strict=True):
        g = objective_gradient(p, g, weight_decay, maximize)
        v *= alpha
        v += (1 - alpha) * g * g
        if a is not None:
            a *= alpha
            a += (1 - alpha) * g
            v = xp.maximum(v - a * a, 0)  # a variance, which rounding may push below 0
        step = g / (xp.sqrt(v) + eps)
        if b is not None:
            b *= momentum
            b += step
            step = b
        p -= lr * step
