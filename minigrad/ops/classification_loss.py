"""Losses of classifiers: how surprised is the model by the true class?

N examples, C classes. Scores may have further axes behind C, (N, C, d1, ...), each place of which is an example.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..autograd import constant
from ..backend import Array, array_module
from ..errors import ArgumentError, DtypeError, RangeError, ShapeError
from .operands import real, tensor_of
from .select import where
from .softmax import log_softmax

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["cross_entropy", "nll_loss"]


def cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:  # fmt: skip
    """Return the mean of -ln p(true class), where p = softmax(scores).

    `target` holds class numbers, or a probability for every class. `weight` has one factor per class; the mean is
    then a weighted one. Examples of class `ignore_index` are left out. Label smoothing ε mixes the target with the
    uniform distribution: (1 - ε) target + ε/C.

    Forward   L = (1/N) Σ_n -ln p[n, t_n]
    Backward  dx = dL (p - onehot(t)) / N
    Shapes    input (N, C, ...) or (C), target (N, ...) of integers or as input, weight (C)  ->  (), or as target
    Raises    RangeError for a class outside [0, C); ShapeError, DtypeError, ArgumentError
    """
    x = real("cross_entropy", input)
    t = tensor_of("cross_entropy", target, "target")
    axis = 0 if x.array.ndim == 1 else 1
    if not 0 <= label_smoothing <= 1:
        raise ArgumentError(f"cross_entropy: label_smoothing must lie in [0, 1], got {label_smoothing}")
    if t.array.dtype.kind == "f":
        return _soft_targets(x, t, weight, reduction, label_smoothing, axis)
    logs = log_softmax(x, axis)
    hard = nll_loss(logs, t, weight, ignore_index, reduction)
    if not label_smoothing:
        return hard
    C = int(x.array.shape[axis])
    factors = logs.new_ones(C) if weight is None else weight
    kept = t != ignore_index
    spread = -(logs * _along(factors, logs.array.ndim, axis)).sum(axis).masked_fill(~kept, 0.0)
    total = (_factors(t, kept, weight, x)).sum() if reduction == "mean" else 1
    smooth = spread if reduction == "none" else spread.sum() / total
    return hard * (1 - label_smoothing) + smooth * (label_smoothing / C)


def _soft_targets(
    x: Tensor, t: Tensor, weight: Tensor | None, reduction: str, label_smoothing: float, axis: int
) -> Tensor:
    if t.array.shape != x.array.shape:
        raise ShapeError(
            f"cross_entropy: probabilities need the shape of the scores, {x.array.shape}, got {t.array.shape}"
        )
    C = x.array.shape[axis]
    t = t.to(x.array.dtype) * (1 - label_smoothing) + label_smoothing / C
    logs = log_softmax(x, axis)
    if weight is not None:
        logs = logs * _along(weight, logs.array.ndim, axis)
    losses = -(logs * t).sum(axis)
    return reduce_loss("cross_entropy", losses, reduction)


def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    """Return the mean of -x[true class], where x holds log-probabilities.

    Forward   L = Σ_n -w[t_n] x[n, t_n] / Σ_n w[t_n]
    Backward  dx[n, t_n] = -dL w[t_n] / Σ w, 0 elsewhere
    Shapes    input (N, C, ...) or (C), target (N, ...) of integers, weight (C)  ->  (), or as target
    Raises    RangeError for a class outside [0, C); ShapeError, DtypeError, ArgumentError
    """
    x, t = real("nll_loss", input), tensor_of("nll_loss", target, "target")
    axis = 0 if x.array.ndim == 1 else 1
    _check_classes(x, t, axis, ignore_index)
    if weight is not None and weight.array.shape != (x.array.shape[axis],):
        raise ShapeError(f"nll_loss: weight needs one number per class, C = {x.array.shape[axis]}, got {weight.shape}")
    kept = t != ignore_index
    classes = where(kept, t, 0)
    chosen = _choose(x, classes.array, axis)
    factors = _factors(t, kept, weight, x)
    losses = -chosen * factors
    if reduction == "mean":
        return losses.sum() / factors.sum()
    return reduce_loss("nll_loss", losses, reduction)


def _factors(t: Tensor, kept: Tensor, weight: Tensor | None, x: Tensor) -> Tensor:
    """Return the weight of each example: that of its class, 0 where it is ignored."""
    ones = constant(kept.array.astype(x.array.dtype))
    return ones if weight is None else weight[where(kept, t, 0)] * ones


def _choose(x: Tensor, classes: Array, axis: int) -> Tensor:
    """Return x[n, classes[n], ...]."""
    if axis == 0:
        return x[classes]
    grid = np.indices(classes.shape, sparse=True)
    xp = array_module(classes)
    places = [xp.asarray(g) for g in grid]
    return x[(places[0], classes, *places[1:])]


def _check_classes(x: Tensor, t: Tensor, axis: int, ignore_index: int) -> None:
    if t.array.dtype.kind not in "iu":
        raise DtypeError(f"cross_entropy: class numbers must be integers, got {t.array.dtype}\nHint: use .long()")
    shape = x.array.shape[:axis] + x.array.shape[axis + 1 :]
    if t.array.shape != shape:
        raise ShapeError(
            f"cross_entropy: scores of shape {x.array.shape}, (N, C, ...), need a target of shape {shape}, "
            f"got {t.array.shape}"
        )
    C = x.array.shape[axis]
    outside = (t.array != ignore_index) & ((t.array < 0) | (t.array >= C))
    if outside.any():
        raise RangeError(
            f"cross_entropy: class {int(t.array[outside][0])} in the target, there are C = {C} classes, 0 to {C - 1}\n"
            "Hint: number the classes from 0, or name the one to leave out with ignore_index"
        )


def _along(weight: Tensor, ndim: int, axis: int) -> Tensor:
    """Return a vector of class weights, laid along the class axis."""
    return weight.reshape(tuple(-1 if i == axis else 1 for i in range(ndim)))


def reduce_loss(op: str, losses: Tensor, reduction: str) -> Tensor:
    """Return the losses of single examples as they are, summed, or averaged."""
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    if reduction != "mean":
        raise ArgumentError(f'{op}: reduction is {reduction!r}; use "none", "sum" or "mean"')
    return losses.mean()
