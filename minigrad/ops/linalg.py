"""Matrix products.

    y[..., i, j] = Σ_k x[..., i, k] w[..., k, j]

The product is linear in each operand, so each gradient is a product of the other operand with dy:
dx = dy wᵀ and dw = xᵀ dy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..autograd import record
from ..errors import DtypeError, ShapeError
from ..shapes import broadcast_shapes, describe
from .operands import Operand, tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["matmul"]


def matmul(input: Operand, other: Operand) -> Tensor:
    """Multiply matrices, stacks of matrices, or vectors: y = x w.

    Backward  dx = dy wᵀ,  dw = xᵀ dy
    Shapes    (..., T, K) and (..., K, M)  ->  (..., T, M), leading axes broadcast;
              a 1-d x is a row, a 1-d w a column, and that axis is absent from the result
    """
    x, w = tensor_of("matmul", input), tensor_of("matmul", other, "other")
    _check(x, w)
    if x.array.ndim == 1:
        return matmul(x.reshape(1, -1), w).squeeze(-2 if w.array.ndim > 1 else 0)
    if w.array.ndim == 1:
        return matmul(x, w.reshape(-1, 1)).squeeze(-1)
    if w.array.ndim == 2 and x.array.ndim > 2:  # one tall product is faster than many, and dw needs no sum
        rows = matmul(x.reshape(-1, x.array.shape[-1]) if x.array.size else x.reshape(0, x.array.shape[-1]), w)
        return rows.reshape(*x.array.shape[:-1], w.array.shape[-1])
    batch = broadcast_shapes("matmul", x.array.shape[:-2], w.array.shape[:-2])
    x = x.broadcast_to(batch + x.array.shape[-2:]) if x.tracked else x
    w = w.broadcast_to(batch + w.array.shape[-2:]) if w.tracked else w
    return record("matmul", x.array @ w.array, (x, lambda dy, _: dy @ w.mT), (w, lambda dy, _: x.mT @ dy))


def _check(x: Tensor, w: Tensor) -> None:
    if x.array.ndim == 0 or w.array.ndim == 0:
        raise ShapeError(f"matmul: needs at least 1 axis, got shapes {x.array.shape} and {w.array.shape}\nHint: use *")
    if x.array.dtype != w.array.dtype:
        raise DtypeError(
            f"matmul: input is {x.array.dtype} but other is {w.array.dtype}\nHint: convert one with .to(dtype)"
        )
    inner, outer = x.array.shape[-1], w.array.shape[-2 if w.array.ndim > 1 else 0]
    if inner != outer:
        letters = {1: "K", 2: "T K"}.get(x.array.ndim, "T K"), {1: "K", 2: "K M"}.get(w.array.ndim, "K M")
        lead = ["B" + str(i) for i in range(8)]
        rows = {
            "input": (x, " ".join([*lead[: max(x.array.ndim - 2, 0)], letters[0]])),
            "other": (w, " ".join([*lead[: max(w.array.ndim - 2, 0)], letters[1]])),
        }
        raise ShapeError(
            describe("matmul", f"K is {inner} in input but {outer} in other", rows, "transpose one operand with .mT")
        )
