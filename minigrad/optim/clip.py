"""Keeping gradients from growing too large, between `backward` and `step`."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from ..autograd import constant
from ..backend import Array, array_module
from ..doubts import at_hand
from ..errors import AnomalyError, ArgumentError
from ..ops.operands import quiet
from ..overwrites import note_overwrite
from ..tensor import Tensor
from .hyperparameters import LIMIT, check_number

__all__ = ["clip_grad_norm_", "clip_grad_value_"]


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> Tensor:
    """Scale all gradients, in place, so that their norm together is at most `max_norm`; return the norm they had.

    Update  g ← g · min(1, max_norm / (‖g‖ + 10⁻⁶)),  with ‖g‖ = (∑ |gᵢ|^n)^(1/n) over the elements of all gradients,
            n = norm_type; max |gᵢ| for n = ∞
    Raises  AnomalyError for a norm that is not finite, if asked to: scaling by it gives zeros and NaN
    Source  Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", arXiv:1211.5063,
            algorithm 1

    >>> from minigrad import tensor
    >>> x = tensor([3.0, 4.0], requires_grad=True)
    >>> (0.5 * x * x).sum().backward()
    >>> clip_grad_norm_([x], 1.0), clip_grad_norm_([x], 10.0).item() < 1
    (tensor(5.), True)
    """
    max_norm = check_number("clip_grad_norm_", "max_norm", max_norm, LIMIT)
    n = float(norm_type)
    if math.isnan(n):
        raise ArgumentError(f"clip_grad_norm_: norm_type is {norm_type!r}, it must be a number or infinity")
    grads = _gradients(parameters)
    if not grads:
        return constant(np.zeros((), np.float32))
    xp, dtype = array_module(grads[0].array), grads[0].array.dtype
    total = _norm(xp.stack([_norm(g.array, n) for g in grads]), n)
    if error_if_nonfinite and not math.isfinite(float(total)):
        raise AnomalyError(
            f"clip_grad_norm_: the norm of order {n:g} of {len(grads)} gradients is {float(total)}\n"
            "Hint: find the op that made it with detect_anomaly()"
        )
    with quiet():
        scale = xp.minimum(max_norm / (total + 1e-6), 1)  # a NaN passes on
        if not at_hand(scale) or scale != 1:
            for g in grads:
                g.array *= scale.astype(g.array.dtype)
                note_overwrite(g, "clip_grad_norm_")
        return constant(total.astype(dtype))


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    listed = [parameters] if isinstance(parameters, Tensor) else parameters
    return [p.grad for p in listed if p.grad is not None]


def _norm(x: Array, n: float) -> Array:
    """Return the norm of the elements, computed in float64: squares of float32 numbers overflow early."""
    xp = array_module(x)
    with quiet():
        return xp.linalg.norm(x.reshape(-1).astype(xp.float64), n) if x.size else xp.zeros(())


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Clip every element of every gradient to [-clip_value, clip_value], in place."""
    limit = check_number("clip_grad_value_", "clip_value", clip_value, LIMIT)
    for g in _gradients(parameters):
        array_module(g.array).clip(g.array, -limit, limit, out=g.array)
        note_overwrite(g, "clip_grad_value_")
