"""Losses of predicted probabilities: of yes or no, and of whole distributions.

    binary cross-entropy   L = -t ln x - (1 - t) ln(1 - x)      x the predicted probability of yes, t the true one
    divergence             L = t (ln t - x)                      x the logarithm of the predicted probability

Both are smallest where the prediction equals the target.
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

from ..autograd import record
from ..backend import array_module
from ..doubts import insist
from ..errors import ArgumentError
from .elementary import xlogy
from .gate import logsigmoid
from .loss import REDUCTIONS, check_reduction, expected, reduce_losses, same_shape
from .operands import operands, quiet, real

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_div"]

_LOWEST = -100.0  # of a logarithm: a confident mistake costs 100, not infinity
_FLATTEST = 1e-12  # of x (1 - x) in the slope


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    """Measure the surprise about yes or no, given the probability x of yes. Logarithms count from -100 upwards.

    Forward   L = -w (t ln x + (1 - t) ln(1 - x))
    Backward  dx = dL w (x - t) / (x (1 - x)),  dt = dL w (ln(1 - x) - ln x);  the divisor is at least 1e-12
    Shapes    input and target of one shape, weight broadcasts to it  ->  (), or with reduction="none" that shape
    Raises    ArgumentError for an input or a target outside [0, 1]
    """
    check_reduction("binary_cross_entropy", reduction)
    x, t = same_shape("binary_cross_entropy", input, target)
    _check_probabilities(x, "input", "apply sigmoid first, or use binary_cross_entropy_with_logits")
    _check_probabilities(t, "target", "divide the target by its largest value")
    losses = _binary_surprise(x, t)
    return reduce_losses("binary_cross_entropy", losses if weight is None else losses * weight, reduction)


def _check_probabilities(x: Tensor, name: str, hint: str) -> None:
    outside = (x.array < 0) | (x.array > 1)

    def complain() -> Exception:
        wrong = float(x.array[outside][0])
        return ArgumentError(f"binary_cross_entropy: {name} holds {wrong:g}, outside [0, 1]\nHint: {hint}")

    insist(~outside.any(), complain)


def _binary_surprise(x: Tensor, t: Tensor) -> Tensor:
    def d_x(dy: Tensor, _: Tensor) -> Tensor:
        return dy * (x - t) / (x * (1 - x)).clamp_min(_FLATTEST)

    def d_t(dy: Tensor, _: Tensor) -> Tensor:
        return dy * ((-x).log1p().clamp_min(_LOWEST) - x.log().clamp_min(_LOWEST))

    xp = array_module(x.array)
    with quiet():
        yes, no = xp.maximum(xp.log(x.array), _LOWEST), xp.maximum(xp.log1p(-x.array), _LOWEST)
    y = -t.array * yes - (1 - t.array) * no
    return record("binary_cross_entropy", y, (x, d_x), (t, d_t))


def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Measure the surprise about yes or no, given the score x of yes: the probability is σ(x).

    Forward   L = -w (p t ln σ(x) + (1 - t) ln σ(-x)),   p = `pos_weight`, how much more a yes counts
    Backward  dx = dL w (σ(x) - t)   without p
    Shapes    input and target of one shape, weight and pos_weight broadcast to it  ->  (), or with reduction="none"
              that shape
    """
    x, t = same_shape("binary_cross_entropy_with_logits", input, target)
    yes = t * logsigmoid(x)
    losses = -(yes if pos_weight is None else yes * pos_weight) - (1 - t) * logsigmoid(-x)
    return reduce_losses("binary_cross_entropy_with_logits", losses if weight is None else losses * weight, reduction)


def kl_div(input: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """Measure how far predicted distributions are from true ones; the sum is the Kullback-Leibler divergence.

    `reduction` may also be "batchmean", the sum divided by the size of the first axis: the mean divergence of N
    distributions. "mean" divides by the number of elements, and warns that it does.

    Forward   L = t (ln t - x), 0 where t = 0;   x are log-probabilities, and so is the target with `log_target`
    Backward  dx = -t dL,  dt = dL (ln t + 1 - x)
    Source    Kullback and Leibler, "On information and sufficiency", 1951
    """
    check_reduction("kl_div", reduction, (*REDUCTIONS, "batchmean"))
    if reduction == "mean":
        warnings.warn(
            "kl_div: reduction='mean' divides by the number of elements, not of distributions\n"
            "Hint: 'batchmean' gives the mean divergence",
            UserWarning,
            stacklevel=2,
        )
    x, t = real("kl_div", input), real("kl_div", target, "target")
    distributions = x.array.shape[0] if x.array.ndim else 1
    x, t = operands("kl_div", x, t)
    if log_target:
        never = t == -math.inf
        losses = t.exp() * (t.masked_fill(never, 0) - x.masked_fill(never, 0))
    else:
        losses = xlogy(t, t) - expected(t, x)
    if reduction == "batchmean":
        return losses.sum() / distributions
    return reduce_losses("kl_div", losses, reduction)
