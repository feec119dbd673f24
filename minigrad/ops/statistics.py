"""How far numbers spread around their mean μ: variance and its root.

    var = (1 / (n - c)) Σ_i (x_i - μ)²,   std = √var

The correction c is 1 by default: with n - 1 the variance of a sample does not underestimate that of its source
(Bessel). With no degree of freedom left, n ≤ c, both are 0/0 = NaN, or infinite if the numbers differ.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..autograd import record
from ..backend import Array, accelerable, array_module
from ..errors import ArgumentError
from ..shapes import Axes
from .operands import Number, quiet
from .reduce import floating, mean, reduced

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["std", "std_mean", "var", "var_mean"]


def var(
    input: Tensor, dim: Axes | bool = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: Number | None = None,
) -> Tensor:  # fmt: skip
    """Variance: y = (1/(n - c)) Σ_i (x_i - μ)². The correction c is 1; `unbiased=False` is an older name for c = 0.

    Backward  dx_i = dy · 2 (x_i - μ) / (n - c);  the mean's own share cancels, because Σ_i (x_i - μ) = 0
    Raises    DtypeError
    """
    dim, c = _correction("var", dim, unbiased, correction)
    x = floating("var", input)
    axes, kept = reduced("var", dim, x.array.shape)
    dof = _freedom(x, axes, c)

    def d_x(dy: Tensor, _: Tensor) -> Tensor:
        return dy.reshape(kept) * _slope(x, axes, dof)

    y = var_forward(x.array, axes, dof)
    return record("var", y if keepdim else y.squeeze(axes), (x, d_x))


def std(
    input: Tensor, dim: Axes | bool = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: Number | None = None,
) -> Tensor:  # fmt: skip
    """Standard deviation: y = √var, with the arguments of `var`.

    Backward  dx_i = dy (x_i - μ) / ((n - c) y), and 0 where y = 0: there the root has a kink, and all x are equal
    Raises    DtypeError
    """
    dim, c = _correction("std", dim, unbiased, correction)
    x = floating("std", input)
    axes, kept = reduced("std", dim, x.array.shape)
    dof = _freedom(x, axes, c)

    def d_x(dy: Tensor, y: Tensor) -> Tensor:
        kink = y == 0
        d_var = (dy / (2 * y.masked_fill(kink, 1))).masked_fill(kink, 0)
        return d_var.reshape(kept) * _slope(x, axes, dof)

    y = array_module(x.array).sqrt(var_forward(x.array, axes, dof))
    return record("std", y if keepdim else y.squeeze(axes), (x, d_x))


def var_mean(
    input: Tensor, dim: Axes | bool = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: Number | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Return the variance and the mean. See `var`."""
    axes = None if isinstance(dim, bool) else dim
    return var(input, dim, unbiased, keepdim, correction=correction), mean(input, axes, keepdim)


def std_mean(
    input: Tensor, dim: Axes | bool = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: Number | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Return the standard deviation and the mean. See `std`."""
    axes = None if isinstance(dim, bool) else dim
    return std(input, dim, unbiased, keepdim, correction=correction), mean(input, axes, keepdim)


def _correction(
    op: str, dim: Axes | bool, unbiased: bool | None, correction: Number | None
) -> tuple[Axes, Number]:
    """Return the axes and c. As in PyTorch, a bool in the place of `dim` is `unbiased`, and means all axes."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None and correction is not None:
        raise ArgumentError(f"{op}: unbiased is {unbiased} and correction {correction}\nHint: give correction alone")
    return dim, (1 if unbiased is not False else 0) if correction is None else correction


def _freedom(x: Tensor, axes: tuple[int, ...], correction: Number) -> float:
    """Return n - c, but not less than 0."""
    return max(0.0, float(math.prod(x.array.shape[i] for i in axes) - correction))


def _slope(x: Tensor, axes: tuple[int, ...], dof: float) -> Tensor:
    """Return ∂var/∂x_i = 2 (x_i - μ) / (n - c)."""
    return (x - x.mean(axes, keepdim=True)) / (dof / 2)


@accelerable
def var_forward(x: Array, axes: tuple[int, ...], dof: float) -> Array:
    """Return Σ (x - μ)² / dof over the axes, kept with size 1. Subtracting μ first keeps the digits that differ."""
    n = math.prod(x.shape[i] for i in axes)
    with quiet():
        apart = x - x.sum(axis=axes, keepdims=True) / x.dtype.type(max(n, 1))
        return (apart * apart).sum(axis=axes, keepdims=True) / x.dtype.type(dof)
