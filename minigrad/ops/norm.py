"""The length of a vector, in the p-norm: y = (Σ_i |x_i|^p)^(1/p).

    p = 2   Euclid                  p = ∞   the largest |x_i|       p = 0   how many x_i are not 0
    p = 1   the sum of the |x_i|    p = -∞  the smallest |x_i|

A norm has a kink at x = 0, and its gradient is taken to be 0 there, one of its subgradients.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..autograd import record
from ..backend import array_module
from ..dtypes import DtypeLike
from ..errors import ArgumentError
from ..shapes import Axes
from .operands import Number, quiet
from .reduce import Shape, floating, reduced, refuse_nothing

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["norm"]


def norm(
    input: Tensor, p: Number | str | None = "fro", dim: Axes = None, keepdim: bool = False,
    dtype: DtypeLike | None = None,
) -> Tensor:  # fmt: skip
    """Measure vectors along `dim`, one axis or several, read as one vector: y = (Σ_i |x_i|^p)^(1/p).

    "fro", the default, is p = 2: the Frobenius norm of a matrix is the length of its elements.

    Backward  p = 2    dx_i = dy x_i / y
              other p  dx_i = dy sign(x_i) (|x_i| / y)^(p-1)
              p = ±∞   dx_i = dy sign(x_i) where |x_i| = y; a tie shares
              p = 0    dx_i = 0
              0 where x_i = 0 or y = 0
    Raises    ArgumentError, DtypeError
    """
    p = _exponent(p)
    x = floating("norm", input, dtype)
    axes, kept = reduced("norm", dim, x.array.shape)
    if p < 0 or p == math.inf:
        refuse_nothing("norm", x.array.shape, axes)
    if p == 1:
        return x.abs().sum(axes, keepdim)
    if p == math.inf:
        return x.abs().amax(axes, keepdim)
    if p == -math.inf:
        return x.abs().amin(axes, keepdim)
    if p == 0:
        return _count(x, axes, keepdim)
    return _euclidean(x, axes, kept, keepdim) if p == 2 else _powers(x, axes, kept, keepdim, p)


def _exponent(p: Number | str | None) -> float:
    if p in ("fro", None):
        return 2.0
    if isinstance(p, (int, float)) and not math.isnan(p):
        return float(p)
    raise ArgumentError(
        f"norm: p is {p!r}; use a number, math.inf, -math.inf or 'fro'\n"
        "Hint: norms of matrices other than 'fro' need their singular values"
    )


def _count(x: Tensor, axes: Shape, keepdim: bool) -> Tensor:
    source = x.array.shape
    y = (x.array != 0).sum(axis=axes, keepdims=keepdim).astype(x.array.dtype)
    return record("norm", y, (x, lambda dy, _: dy.new_zeros(source)))


def _euclidean(x: Tensor, axes: Shape, kept: Shape, keepdim: bool) -> Tensor:
    def d_x(dy: Tensor, y: Tensor) -> Tensor:
        kink = y == 0
        return x * (dy / y.masked_fill(kink, 1)).masked_fill(kink, 0).reshape(kept)

    with quiet():
        y = array_module(x.array).sqrt((x.array * x.array).sum(axis=axes, keepdims=keepdim))
    return record("norm", y, (x, d_x))


def _powers(x: Tensor, axes: Shape, kept: Shape, keepdim: bool, p: float) -> Tensor:
    def d_x(dy: Tensor, y: Tensor) -> Tensor:
        kink = y == 0
        share = x.abs().masked_fill(x == 0, 1) / y.masked_fill(kink, 1).reshape(kept)
        return dy.masked_fill(kink, 0).reshape(kept) * x.sign() * share ** (p - 1)

    number = x.array.dtype.type
    with quiet():
        y = (abs(x.array) ** number(p)).sum(axis=axes, keepdims=keepdim) ** number(1 / p)
    return record("norm", y, (x, d_x))
