"""Scores into probabilities, and their logarithms, along one axis.

Subtracting the largest score m first cancels exactly and keeps every exponential at or below 1. A slice of nothing
but -∞ (every position masked) has no probabilities: it gives NaN, as in PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..autograd import record
from ..backend import Array, accelerable, array_module
from ..dtypes import DtypeLike
from ..shapes import normalize_axis
from .fused import fused
from .operands import quiet, real

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["log_softmax", "softmax", "softmin"]


def softmax(input: Tensor, dim: int, dtype: DtypeLike | None = None) -> Tensor:
    """Turn scores into probabilities along `dim`.

    Forward   y_i = exp(x_i - m) / Σ_j exp(x_j - m),   m = max x
    Backward  ∂y_i/∂x_j = y_i (δ_ij - y_j),   hence   dx = y · (dy - Σ_j dy_j y_j)
    Shapes    x any  ->  y as x
    """
    x = real("softmax", input if dtype is None else input.to(dtype))
    axis = normalize_axis("softmax", dim, x.array.ndim)

    @fused("softmax_backward", axis)
    def d_x(dy: Tensor, y: Tensor) -> Tensor:
        return y * (dy - (dy * y).sum(axis, keepdim=True))

    return record("softmax", softmax_forward(x.array, axis), (x, d_x))


def log_softmax(input: Tensor, dim: int, dtype: DtypeLike | None = None) -> Tensor:
    """Turn scores into logarithms of probabilities along `dim`.

    Forward   y_i = x_i - m - ln Σ_j exp(x_j - m),   m = max x
    Backward  ∂y_i/∂x_j = δ_ij - exp(y_j),   hence   dx = dy - exp(y) Σ_j dy_j
    Shapes    x any  ->  y as x
    """
    x = real("log_softmax", input if dtype is None else input.to(dtype))
    axis = normalize_axis("log_softmax", dim, x.array.ndim)

    @fused("log_softmax_backward", axis)
    def d_x(dy: Tensor, y: Tensor) -> Tensor:
        return dy - y.exp() * dy.sum(axis, keepdim=True)

    return record("log_softmax", log_softmax_forward(x.array, axis), (x, d_x))


def softmin(input: Tensor, dim: int, dtype: DtypeLike | None = None) -> Tensor:
    """Turn costs into probabilities along `dim`: softmax(-x)."""
    return softmax(-input, dim, dtype)


def _shifted(x: Array, axis: int) -> Array:
    with quiet():
        return x - x.max(axis, keepdims=True) if x.shape[axis] else x


@accelerable
def softmax_forward(x: Array, axis: int) -> Array:
    """Return exp(x - m) / Σ exp(x - m) along `axis`."""
    if x.ndim == 0:
        return array_module(x).ones_like(x)
    e = array_module(x).exp(_shifted(x, axis))
    return e / e.sum(axis, keepdims=True)


@accelerable
def log_softmax_forward(x: Array, axis: int) -> Array:
    """Return x - m - ln Σ exp(x - m) along `axis`."""
    if x.ndim == 0:
        return array_module(x).zeros_like(x)
    xp, shifted = array_module(x), _shifted(x, axis)
    with quiet():
        return shifted - xp.log(xp.exp(shifted).sum(axis, keepdims=True))
