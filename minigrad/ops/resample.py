"""A sparse matrix along one axis: every output is a weighted sum of a few inputs.

    y[p] = Σ_h A[p, h] x[h]          resizing and adaptive averaging, one axis at a time
    dx[h] = Σ_p A[p, h] dy[p]        the same with the matrix transposed: one op, closed under differentiation

The entries that are 0 are not stored and never multiplied, so an infinite pixel stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..autograd import record
from ..backend import Array, accelerable, array_module
from .operands import quiet
from .tables import table_beside

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__: list[str] = []

Numbers = np.ndarray[Any, Any]


class Sparse(NamedTuple):
    """The entries A[p, h] = weight of a matrix of P×H, in any order; of two for one place the sum counts."""

    P: int
    H: int
    p: Numbers
    h: Numbers
    weight: Numbers

    def transposed(self) -> Sparse:
        """Return Aᵀ."""
        return Sparse(self.H, self.P, self.h, self.p, self.weight)

    def layers(self) -> Iterator[tuple[slice | Numbers, Numbers, Numbers]]:
        """Split the entries so that no layer has two of one row: (p, h, weight) with each p at most once."""
        order = np.argsort(self.p, kind="stable")
        rows = self.p[order]
        turn = np.arange(len(rows)) - np.searchsorted(rows, rows)  # how many entries of the row came before
        for k in range(int(turn.max(initial=-1)) + 1):
            chosen = order[turn == k]
            p = self.p[chosen]
            together = len(p) == p[-1] - p[0] + 1
            yield slice(int(p[0]), int(p[-1]) + 1) if together else p, self.h[chosen], self.weight[chosen]


def resample(x: Tensor, axis: int, matrix: Sparse) -> Tensor:
    """Multiply along `axis`: y[..., p, ...] = Σ_h A[p, h] x[..., h, ...].

    Backward  dx = resample(dy, axis, Aᵀ)
    Shapes    x (..., H, ...)  ->  y (..., P, ...)
    """
    with quiet():
        y = resample_loop(x.array, axis, matrix)
    return record("resample", y, (x, lambda dy, _: resample(dy, axis, matrix.transposed())))


@accelerable
def resample_loop(x: Array, axis: int, matrix: Sparse) -> Array:
    """Add up layer by layer; float16 is summed in float32."""
    xp, axis = array_module(x), axis % x.ndim
    kind = xp.promote_types(x.dtype, xp.float32)
    y = xp.zeros((*x.shape[:axis], matrix.P, *x.shape[axis + 1 :]), kind)
    for p, h, weight in matrix.layers():
        term = x.take(table_beside(x, h), axis).astype(kind, copy=False)
        if (weight != 1).any():
            term *= table_beside(x, weight.astype(kind)).reshape(-1, *(1,) * (x.ndim - axis - 1))
        y[(*(slice(None),) * axis, p if isinstance(p, slice) else table_beside(x, p))] += term
    return y.astype(x.dtype, copy=False)
