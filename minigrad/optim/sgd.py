"""Gradient descent, with momentum."""

from __future__ import annotations

from ..backend import Array, accelerable
from ..errors import ArgumentError
from ..tensor import Tensor
from .optimizer import Optimizer, Params, arrays, objective_gradient
from .state import Group, Initial, zeros


class SGD(Optimizer):
    """Stochastic gradient descent.

    Update  g ← ∇f + λ θ                λ: weight_decay
            b ← μ b + (1 - τ) g         μ: momentum, τ: dampening; b ← g in the first step
            θ ← θ - η b                 η: lr; with nesterov  θ ← θ - η (g + μ b); without momentum  θ ← θ - η g
    Source  Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013

    >>> from minigrad import tensor
    >>> θ = tensor([4.0], requires_grad=True)
    >>> (θ * θ).sum().backward()
    >>> SGD([θ], lr=0.25).step()
    >>> θ
    tensor([2.], requires_grad=True)
    """

    def __init__(
        self, params: Params, lr: float = 1e-3, momentum: float = 0, dampening: float = 0, weight_decay: float = 0,
        nesterov: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
            "nesterov": nesterov, "maximize": maximize,
        })  # fmt: skip

    def check(self, options: Group) -> Group:
        """Return `options` with every hyperparameter checked."""
        options = super().check(options)
        momentum, dampening = options["momentum"], options["dampening"]
        if options["nesterov"] and (momentum <= 0 or dampening != 0):
            raise ArgumentError(
                f"SGD: nesterov needs momentum in (0, ∞) and dampening 0, got momentum {momentum} and {dampening}"
            )
        return options

    def initial_state(self, options: Group) -> dict[str, Initial]:
        """Return the momentum's beginning."""
        return {"momentum_buffer": zeros} if options["momentum"] else {}

    def update(self, options: Group, params: list[Tensor], grads: list[Array]) -> None:
        """Move `params` one step."""
        first = [p not in self.state or "momentum_buffer" not in self.state[p] for p in params]
        (momentum_buffers,) = self.columns(options, params, "momentum_buffer")
        sgd_update(
            arrays(params), grads, momentum_buffers, first, lr=options["lr"], momentum=options["momentum"],
            dampening=options["dampening"], weight_decay=options["weight_decay"], nesterov=options["nesterov"],
            maximize=options["maximize"],
        )  # fmt: skip


@accelerable
def sgd_update(
    params: list[Array], grads: list[Array], momentum_buffers: list[Array | None], first: list[bool], lr: float,
    momentum: float, dampening: float, weight_decay: float, nesterov: bool, maximize: bool,
) -> None:  # fmt: skip
    """Take one step of SGD in place. A buffer is None without momentum; `first` says that it is still all 0."""
    for p, g, b, is_first in zip(params, grads, momentum_buffers, first, strict=True):
        g = objective_gradient(p, g, weight_decay, maximize)
        if b is not None:
            b *= momentum
            b += g if is_first else (1 - dampening) * g
            g = g + momentum * b if nesterov else b
        p -= lr * g
