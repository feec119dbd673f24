"""The size of a matrix, beside that of a vector: the norms of `minigrad.linalg`.

    "fro"   √(Σ a_ij²)               the length of all elements read as one vector (Frobenius)
    inf     max_i Σ_j |a_ij|         the largest row; -inf the smallest
    1       max_j Σ_i |a_ij|         the largest column; -1 the smallest

The spectral and the nuclear norm, which need singular values, are not provided.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..dtypes import DtypeLike
from ..errors import ArgumentError, ShapeError
from ..shapes import Axes, normalize_axes
from .norm import norm as p_norm
from .operands import Number, tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["matrix_norm", "vector_norm"]


def norm(
    A: Tensor, ord: Number | str | None = None, dim: Axes = None, keepdim: bool = False, *,
    dtype: DtypeLike | None = None,
) -> Tensor:  # fmt: skip
    """Measure vectors or matrices: `vector_norm` along one axis, `matrix_norm` along two. This is linalg.norm.

    Without `dim`, a 1-d tensor is a vector and a 2-d one a matrix. Without `ord`, it is the length of all elements
    along `dim`, whatever the number of axes.
    """
    a = tensor_of("linalg.norm", A, "A")
    axes = normalize_axes("linalg.norm", dim, a.array.ndim)
    if ord is None:
        return vector_norm(a, 2, dim, keepdim, dtype=dtype)
    if len(axes) not in (1, 2):
        raise ShapeError(
            f"linalg.norm: ord {ord!r} is for a vector or a matrix, shape {a.array.shape} offers {len(axes)} axes\n"
            "Hint: name one axis or two with dim"
        )
    if len(axes) == 1:
        return vector_norm(a, ord, axes, keepdim, dtype=dtype)
    return matrix_norm(a, ord, axes, keepdim, dtype=dtype)


def vector_norm(
    x: Tensor, ord: Number | str = 2, dim: Axes = None, keepdim: bool = False, *, dtype: DtypeLike | None = None
) -> Tensor:
    """Measure vectors in the p-norm, p = `ord`: y = (Σ_i |x_i|^p)^(1/p). `norm` under the name of linalg.

    Backward  that of `norm`
    """
    if isinstance(ord, str):
        raise ArgumentError(f"vector_norm: ord is {ord!r}, a norm of matrices\nHint: use a number, inf or -inf")
    return p_norm(x, ord, dim, keepdim, dtype)


def matrix_norm(
    A: Tensor, ord: Number | str = "fro", dim: Sequence[int] = (-2, -1), keepdim: bool = False, *,
    dtype: DtypeLike | None = None,
) -> Tensor:  # fmt: skip
    """Measure matrices, whose rows and columns lie along the two axes `dim`.

    Forward   as above, for ord "fro", math.inf, -math.inf, 1 and -1
    Backward  through `abs`, `sum` and `amax`, or as `norm` for "fro"
    Shapes    (..., T, K)  ->  (...)
    Raises    ArgumentError for an `ord` that needs singular values
    """
    a = tensor_of("matrix_norm", A, "A")
    axes = normalize_axes("matrix_norm", dim, a.array.ndim)
    if len(axes) != 2:
        raise ShapeError(f"matrix_norm: a matrix has two axes, dim is {dim!r} and A has shape {a.array.shape}")
    if ord == "fro":
        return p_norm(a, 2, axes, keepdim, dtype)
    if ord not in (1, -1, math.inf, -math.inf):
        raise ArgumentError(
            f"matrix_norm: ord is {ord!r}; use 'fro', math.inf, -math.inf, 1 or -1\n"
            "Hint: the spectral norm (2) and the nuclear norm ('nuc') need singular values, which are not provided"
        )
    outer, inner = axes if ord in (math.inf, -math.inf) else axes[::-1]
    sums = p_norm(a, 1, inner, True, dtype)
    sizes = sums.amax(outer, True) if ord in (1, math.inf) else sums.amin(outer, True)
    return sizes if keepdim else sizes.squeeze(axes)
