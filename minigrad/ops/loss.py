"""What the losses share: the pair of prediction and target, and the last step, a sum or a mean.

The options that PyTorch calls deprecated, `size_average` and `reduce`, do not exist here. So that no call written with
them in mind is misread, the options that follow them are passed by name.
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError, ShapeError
from .operands import operands, real, tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

REDUCTIONS = ("none", "mean", "sum")


def check_reduction(op: str, reduction: str, allowed: tuple[str, ...] = REDUCTIONS) -> None:
    """Raise unless `reduction` is one of those allowed."""
    if reduction not in allowed:
        names = ", ".join(map(repr, allowed))
        raise ArgumentError(f"{op}: reduction is {reduction!r}\nHint: use one of {names}")


def reduce_losses(op: str, losses: Tensor, reduction: str, weight: Tensor | None = None) -> Tensor:
    """Return the losses, their sum, or their mean: Σ losses / Σ weight, every weight being 1 if there is none."""
    check_reduction(op, reduction)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    return losses.mean() if weight is None else losses.sum() / weight.sum()


def paired(op: str, input: Any, target: Any) -> tuple[Tensor, Tensor]:
    """Return a prediction and its target in one floating type. Unequal shapes broadcast, with a warning."""
    x, t = tensor_of(op, input), tensor_of(op, target, "target")
    shapes = x.array.shape, t.array.shape
    x, t = operands(op, real(op, x), real(op, t, "target"))
    if shapes[0] != shapes[1]:
        warnings.warn(
            f"{op}: input has shape {shapes[0]} but target {shapes[1]}; they broadcast, which is rarely what is meant\n"
            "Hint: reshape one to the shape of the other",
            UserWarning,
            stacklevel=3,
        )
    return x, t


def same_shape(op: str, input: Any, target: Any) -> tuple[Tensor, Tensor]:
    """Return a prediction and its target in one floating type, of one shape."""
    x, t = real(op, input), real(op, target, "target")
    if x.array.shape != t.array.shape:
        raise ShapeError(
            f"{op}: input has shape {x.array.shape} but target {t.array.shape}\n"
            "Hint: reshape one to the shape of the other"
        )
    return operands(op, x, t)


def expected(p: Tensor, log_q: Tensor) -> Tensor:
    """Return p · log_q, and 0 where p is 0 and log_q is -∞: what cannot happen costs nothing."""
    return p * log_q.masked_fill((p == 0) & (log_q == -math.inf), 0)
