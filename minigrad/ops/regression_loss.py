"""Losses of predicted numbers, as functions of the error d = x - t.

    mse_loss         d²                               the mean is the best prediction
    l1_loss          |d|                              the median is; large errors count no more than their size
    huber_loss       d²/2 near 0, δ (|d| - δ/2) beyond  smooth at 0, and its slope is d clamped to [-δ, δ]
    gaussian_nll_loss, poisson_nll_loss               -ln of the probability of t, where x is the mean
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..autograd import constant, record
from ..backend import array_module
from ..doubts import insist
from ..errors import ArgumentError, ShapeError
from .loss import paired, reduce_losses
from .operands import on_one_device, operands, real
from .select import where

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["gaussian_nll_loss", "huber_loss", "l1_loss", "mse_loss", "poisson_nll_loss", "smooth_l1_loss"]


def mse_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """Square the error: L = (x - t)².

    Backward  dx = 2 (x - t) dL,  dt = -dx
    """
    x, t = paired("mse_loss", input, target)
    return reduce_losses("mse_loss", (x - t).square(), reduction)


def l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """Take the size of the error: L = |x - t|.

    Backward  dx = sign(x - t) dL,  dt = -dx;  0 where x = t
    """
    x, t = paired("l1_loss", input, target)
    return reduce_losses("l1_loss", (x - t).abs(), reduction)


def huber_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """Square a small error, take the size of a large one: with d = x - t, L = d²/2 where |d| ≤ δ, else δ (|d| - δ/2).

    Backward  dx = clamp(d, -δ, δ) dL,  dt = -dx
    Source    Huber, "Robust estimation of a location parameter", 1964
    """
    if not delta > 0:
        raise ArgumentError(f"huber_loss: delta is {delta}, it must be positive")
    x, t = paired("huber_loss", input, target)
    return reduce_losses("huber_loss", _huber(x - t, delta), reduction)


def smooth_l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """Round off the kink of |d|, d = x - t: L = d²/(2β) where |d| < β, else |d| - β/2. β = 0 leaves the kink.

    Backward  dx = clamp(d, -β, β) / β dL,  dt = -dx
    Source    Girshick, "Fast R-CNN", arXiv:1504.08083, equation 3
    """
    if not beta >= 0:
        raise ArgumentError(f"smooth_l1_loss: beta is {beta}, it must be at least 0")
    x, t = paired("smooth_l1_loss", input, target)
    losses = _huber(x - t, beta) / beta if beta else (x - t).abs()
    return reduce_losses("smooth_l1_loss", losses, reduction)


def _huber(d: Tensor, delta: float) -> Tensor:
    """Return c (|d| - c/2), c = min(|d|, δ).

    Backward  dd = clamp(d, -δ, δ) dy
    """
    xp = array_module(d.array)
    size = xp.abs(d.array)
    small = xp.minimum(size, delta)
    return record("huber", small * (size - small / 2), (d, lambda dy, _: dy * d.clamp(-delta, delta)))


def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Tensor | float, *, full: bool = False, eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """Measure the surprise of a normal distribution of mean x and variance v: -ln N(t; x, v).

    A variance below `eps` counts as `eps`, and gets the gradient it has there. `full` adds the constant ½ ln 2π.

    Forward   L = ½ (ln v + (x - t)² / v)
    Backward  dx = dL (x - t) / v,  dt = -dx,  dv = ½ dL (1 - (x - t)² / v) / v
    Shapes    input and target broadcast; var is a number, or has the shape of input, with size 1 in one axis or without
              the last axis if it is shared
    Raises    ArgumentError for a negative variance
    """
    x, t = real("gaussian_nll_loss", input), real("gaussian_nll_loss", target, "target")
    v = _variance(x, var, eps)
    x, t = operands("gaussian_nll_loss", x, t)
    losses = (v.log() + (x - t).square() / v) / 2
    return reduce_losses("gaussian_nll_loss", losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)


def _variance(x: Tensor, var: Tensor | float, eps: float) -> Tensor:
    """Return the variance in the dtype of `x`, raised to `eps`, in a shape that broadcasts."""
    v = x.new_full((), var) if isinstance(var, (int, float)) else real("gaussian_nll_loss", var, "var")
    on_one_device("gaussian_nll_loss", input=x, var=v)
    v = v.to(x.array.dtype)
    insist(
        ~(v.array < 0).any(),
        lambda: ArgumentError(
            f"gaussian_nll_loss: var holds {float(v.array.min()):g}, a variance is not negative\n"
            "Hint: let the model predict its logarithm, and take exp()"
        ),
    )
    if v.array.ndim and v.array.shape == x.array.shape[:-1]:
        v = v.unsqueeze(-1)
    shared = [m for m, n in zip(v.array.shape, x.array.shape, strict=False) if m != n]
    if v.array.ndim and (v.array.ndim != x.array.ndim or shared not in ([], [1])):
        raise ShapeError(
            f"gaussian_nll_loss: var has shape {v.array.shape} but input {x.array.shape}\n"
            "Hint: give it the shape of input, with size 1 in one axis if it is shared along it"
        )
    missing = array_module(v.array).maximum(eps - v.array, 0)
    return v + constant(missing)


def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool = True, full: bool = False, *, eps: float = 1e-8,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """Measure the surprise of a Poisson distribution about a count t.

    x is the logarithm of its mean, or without `log_input` the mean itself. `full` adds the part that does not depend
    on x, ln t!, by Stirling's approximation t ln t - t + ½ ln 2πt where t > 1.

    Forward   L = exp(x) - t x,   or without `log_input`   L = x - t ln(x + eps)
    Backward  dx = dL (exp(x) - t),   or   dx = dL (1 - t / (x + eps))
    """
    x, t = operands("poisson_nll_loss", real("poisson_nll_loss", input), real("poisson_nll_loss", target, "target"))
    losses = x.exp() - t * x if log_input else x - t * (x + eps).log()
    if full:
        large = where(t > 1, t, 1)  # not at 0, where the logarithm has no slope
        stirling = large * large.log() - large + (2 * math.pi * large).log() / 2
        losses = losses + where(t > 1, stirling, 0)
    return reduce_losses("poisson_nll_loss", losses, reduction)
