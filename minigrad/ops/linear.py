"""Affine maps of the last axis: the arithmetic of fully connected layers.

    y[n, o] = Σ_i x[n, i] w[o, i] + b[o]

I features in, O features out; n runs over all leading axes together. The weight is stored one row per output, so
that row o is what unit o looks for.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..autograd import record
from ..errors import ShapeError
from ..shapes import describe
from .arithmetic import add
from .einsum import einsum
from .matmul import factors, matmul_loop

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["bilinear", "linear"]


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Map features linearly: y = x wᵀ + b.

    Backward  dx = dy w,  dw = Σ_n dy_n x_nᵀ,  db = Σ_n dy_n
    Shapes    x (..., I), w (O, I), b (O,)  ->  (..., O);  a w of shape (I,) has one output, without an axis
    """
    if bias is None:
        x, w = factors("linear", input=input, weight=weight)
    else:
        x, w, bias = factors("linear", input=input, weight=weight, bias=bias)
    _check(x, w, bias)
    if w.array.ndim == 1:
        return linear(x, w.reshape(1, -1), None if bias is None else bias.reshape(1)).squeeze(-1)
    *lead, inputs = x.array.shape
    n, outputs = math.prod(lead), w.array.shape[0]

    def d_w(dy: Tensor, _: Tensor) -> Tensor:
        return dy.reshape(n, outputs).mT @ x.reshape(n, inputs)

    y = matmul_loop(x.array.reshape(n, inputs), w.array.T)
    edges = [(x, lambda dy, _: dy @ w), (w, d_w)]
    if bias is not None:
        y += bias.array
        edges.append((bias, lambda dy, _: dy.reshape(n, outputs).sum(0)))
    return record("linear", y.reshape(*lead, outputs), *edges)


def _check(x: Tensor, w: Tensor, b: Tensor | None) -> None:
    rows = {"input": (x, "... I"), "weight": (w, "I" if w.array.ndim == 1 else "O I")}
    if b is not None:
        rows["bias"] = (b, "" if w.array.ndim == 1 else "O")
    if x.array.ndim == 0 or w.array.ndim not in (1, 2):
        wrong = f"needs an input of 1 axis or more and a weight of 1 or 2, has {x.array.ndim} and {w.array.ndim}"
        raise ShapeError(describe("linear", wrong, rows, "add the missing axis with unsqueeze"))
    if x.array.shape[-1] != w.array.shape[-1]:
        wrong = f"I is {x.array.shape[-1]} in input but {w.array.shape[-1]} in weight"
        raise ShapeError(describe("linear", wrong, rows, "build the layer with in_features equal to I of input"))
    if b is not None and b.array.shape != w.array.shape[:-1]:
        wrong = f"bias has shape {b.array.shape}, needs one number per output, shape {w.array.shape[:-1]}"
        raise ShapeError(describe("linear", wrong, rows, "build the layer with out_features equal to O of weight"))


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Combine two feature vectors, every pair of features with a weight of its own: y_o = Σ_ij x_i w_oij z_j + b_o.

    Shapes    x (..., I), z (..., J), w (O, I, J), b (O,)  ->  (..., O)
    """
    x, z, w = factors("bilinear", input1=input1, input2=input2, weight=weight)
    rows = {"input1": (x, "... I"), "input2": (z, "... J"), "weight": (w, "O I J")}
    if w.array.ndim != 3 or x.array.shape[-1:] + z.array.shape[-1:] != w.array.shape[1:]:
        wrong = f"weight has shape {w.array.shape}, needs I and J as in the inputs"
        raise ShapeError(describe("bilinear", wrong, rows, "build the layer with the in_features of the inputs"))
    if x.array.shape[:-1] != z.array.shape[:-1]:
        wrong = f"leading axes are {x.array.shape[:-1]} in input1 but {z.array.shape[:-1]} in input2"
        raise ShapeError(describe("bilinear", wrong, rows, "pair every input1 with one input2"))
    y = einsum("...i,oij,...j->...o", x, w, z)
    if bias is None:
        return y
    factors("bilinear", input1=x, bias=bias)
    if bias.array.shape != w.array.shape[:1]:
        wrong = f"bias has shape {bias.array.shape}, needs one number per output, shape {w.array.shape[:1]}"
        raise ShapeError(describe("bilinear", wrong, rows, "build the layer with out_features equal to O of weight"))
    return add(y, bias)
