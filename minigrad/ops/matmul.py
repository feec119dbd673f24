"""Products of matrices and vectors.

    y[..., i, j] = Σ_k x[..., i, k] w[..., k, j]

The product is linear in each operand, so each gradient is a product of the other operand with dy:
dx = dy wᵀ and dw = xᵀ dy. All the other products here are this one, of operands with a fixed number of axes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..autograd import record
from ..backend import Array, accelerable, device_of
from ..errors import DeviceError, DtypeError, ShapeError
from ..grad_mode import mode
from ..shapes import broadcast_shapes, describe, sizes
from .arithmetic import add, mul
from .operands import Number, tensor_of
from .precision import lowered

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "addbmm", "addmm", "addmv", "addr", "baddbmm", "bmm", "dot", "ger", "inner", "kron", "matmul", "mm", "mv", "outer",
    "vdot",
]  # fmt: skip


def matmul(input: Tensor, other: Tensor) -> Tensor:
    """Multiply matrices, stacks of matrices, or vectors: y = x w.

    Backward  dx = dy wᵀ,  dw = xᵀ dy
    Shapes    (..., T, K) and (..., K, M)  ->  (..., T, M), leading axes broadcast;
              a 1-d x is a row, a 1-d w a column, and that axis is absent from the result
    """
    x, w = factors("matmul", input=input, other=other)
    _check(x, w)
    if x.array.ndim == 1:
        return matmul(x.reshape(1, -1), w).squeeze(-2 if w.array.ndim > 1 else 0)
    if w.array.ndim == 1:
        return matmul(x, w.reshape(-1, 1)).squeeze(-1)
    if w.array.ndim == 2 and x.array.ndim > 2:  # one tall product is faster than many, and dw needs no sum
        *lead, k = x.array.shape
        return matmul(x.reshape(math.prod(lead), k), w).reshape(*lead, w.array.shape[-1])
    if w.array.ndim > 2:
        batch = broadcast_shapes("matmul", x.array.shape[:-2], w.array.shape[:-2])
        x = x.broadcast_to(batch + x.array.shape[-2:]) if x.tracked else x
        w = w.broadcast_to(batch + w.array.shape[-2:]) if w.tracked else w
    return record("matmul", matmul_loop(x.array, w.array), (x, lambda dy, _: dy @ w.mT), (w, lambda dy, _: x.mT @ dy))


@accelerable
def matmul_loop(x: Array, w: Array) -> Array:
    """Return x w of two arrays of two axes or more."""
    return x @ w


def _check(x: Tensor, w: Tensor) -> None:
    if x.array.ndim == 0 or w.array.ndim == 0:
        raise ShapeError(f"matmul: needs at least 1 axis, got shapes {x.array.shape} and {w.array.shape}\nHint: use *")
    inner, outer = x.array.shape[-1], w.array.shape[-2 if w.array.ndim > 1 else 0]
    if inner != outer:
        rows = {
            "input": (x, ("K", "T K", "... T K")[min(x.array.ndim, 3) - 1]),
            "other": (w, ("K", "K M", "... K M")[min(w.array.ndim, 3) - 1]),
        }
        hint = "transpose one operand with .mT"
        raise ShapeError(describe("matmul", f"K is {inner} in input but {outer} in other", rows, hint))


def factors(op: str, **operands: Any) -> list[Tensor]:
    """Return the operands of a product, which autocast may want in another type, all alike."""
    if mode.autocast is not None:
        operands = {name: lowered(tensor_of(op, x, name)) for name, x in operands.items()}
    return alike(op, **operands)


def alike(op: str, **operands: Any) -> list[Tensor]:
    """Return the operands as tensors, all of the dtype and on the device of the first, as a product needs them."""
    xs = [tensor_of(op, x, name) for name, x in operands.items()]
    first, one = next(iter(operands)), xs[0]
    for name, x in zip(operands, xs, strict=True):
        if type(x.array) is not type(one.array):
            there, here = device_of(x.array), device_of(one.array)
            raise DeviceError(f"{op}: {first} is on {here} but {name} on {there}\nHint: move one with .to(device)")
        if x.array.dtype != one.array.dtype:
            raise DtypeError(
                f"{op}: {first} is {one.array.dtype} but {name} is {x.array.dtype}\n"
                "Hint: convert one with .to(dtype)"
            )
    return xs


def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """Multiply two matrices: y = x w.

    Shapes    (T, K) and (K, M)  ->  (T, M)
    """
    x, w = factors("mm", input=input, mat2=mat2)
    sizes("mm", "matmul multiplies operands of any number of axes", input=(x, "T K"), mat2=(w, "K M"))
    return matmul(x, w)


def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """Multiply two stacks of matrices pairwise: y_b = x_b w_b. The number of matrices B does not broadcast.

    Shapes    (B, T, K) and (B, K, M)  ->  (B, T, M)
    """
    x, w = factors("bmm", input=input, mat2=mat2)
    sizes("bmm", "matmul broadcasts the leading axes", input=(x, "B T K"), mat2=(w, "B K M"))
    return matmul(x, w)


def mv(input: Tensor, vec: Tensor) -> Tensor:
    """Multiply a matrix and a vector: y_i = Σ_k x_ik v_k.

    Shapes    (T, K) and (K,)  ->  (T,)
    """
    x, v = factors("mv", input=input, vec=vec)
    sizes("mv", "matmul multiplies operands of any number of axes", input=(x, "T K"), vec=(v, "K"))
    return matmul(x, v)


def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """Multiply two vectors into a number: y = Σ_k x_k v_k.

    Shapes    (K,) and (K,)  ->  ()
    """
    x, v = factors("dot", input=input, tensor=tensor)
    sizes("dot", "matmul multiplies matrices too", input=(x, "K"), tensor=(v, "K"))
    return matmul(x, v)


def vdot(input: Tensor, other: Tensor) -> Tensor:
    """Multiply two vectors into a number; for real numbers the same as `dot`."""
    return dot(input, other)


def inner(input: Tensor, other: Tensor) -> Tensor:
    """Sum products along the last axis of both: y[i.., j..] = Σ_k x[i.., k] w[j.., k]. A 0-d operand scales.

    Shapes    (..., K) and (..., K)  ->  the leading axes of x, then those of w
    """
    x, w = factors("inner", input=input, other=other)
    if x.array.ndim == 0 or w.array.ndim == 0:
        return x * w
    rows, columns = x.array.shape, w.array.shape
    if rows[-1] != columns[-1]:
        letters = {"input": (x, "... K"), "other": (w, "... K")}
        wrong = f"K is {rows[-1]} in input but {columns[-1]} in other"
        raise ShapeError(describe("inner", wrong, letters, "the last axes must agree"))
    flat = matmul(x.reshape(math.prod(rows[:-1]), rows[-1]), w.reshape(math.prod(columns[:-1]), columns[-1]).mT)
    return flat.reshape(rows[:-1] + columns[:-1])


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """Multiply every element of one vector with every element of another: y_ij = x_i v_j.

    Shapes    (T,) and (M,)  ->  (T, M)
    """
    x, v = tensor_of("outer", input), tensor_of("outer", vec2, "vec2")
    sizes("outer", "flatten() the operands, or use kron", input=(x, "T"), vec2=(v, "M"))
    return x.reshape(-1, 1) * v


ger = outer  # BLAS's name


def kron(input: Tensor, other: Tensor) -> Tensor:
    """Put a scaled copy of w at every element of x: y[iP + p, jQ + q] = x[i, j] w[p, q]; for any number of axes.

    Shapes    (T, K) and (P, Q)  ->  (T P, K Q); missing leading axes count as 1
    """
    x, w = tensor_of("kron", input), tensor_of("kron", other, "other")
    ndim = max(x.array.ndim, w.array.ndim)
    blocks = (1,) * (ndim - x.array.ndim) + x.array.shape
    within = (1,) * (ndim - w.array.ndim) + w.array.shape
    spread = x.reshape([n for size in blocks for n in (size, 1)]) * w.reshape([n for size in within for n in (1, size)])
    return spread.reshape([m * n for m, n in zip(blocks, within, strict=True)])


def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """Add a product of two matrices: z = β c + α x w. With β = 0 the values of c, NaN included, do not matter.

    Shapes    c broadcasts to (T, M), (T, K) and (K, M)  ->  (T, M)
    """
    c, x, w = factors("addmm", input=input, mat1=mat1, mat2=mat2)
    sizes("addmm", "matmul multiplies operands of any number of axes", mat1=(x, "T K"), mat2=(w, "K M"))
    return _add_product("addmm", c, matmul(x, w), beta, alpha)


def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """Add a product of a matrix and a vector: z = β c + α x v.

    Shapes    c broadcasts to (T,), (T, K) and (K,)  ->  (T,)
    """
    c, x, v = factors("addmv", input=input, mat=mat, vec=vec)
    sizes("addmv", "matmul multiplies operands of any number of axes", mat=(x, "T K"), vec=(v, "K"))
    return _add_product("addmv", c, matmul(x, v), beta, alpha)


def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """Add an outer product: z = β c + α u vᵀ.

    Shapes    c broadcasts to (T, M), (T,) and (M,)  ->  (T, M)
    """
    c, u, v = factors("addr", input=input, vec1=vec1, vec2=vec2)
    sizes("addr", "flatten() the operands", vec1=(u, "T"), vec2=(v, "M"))
    return _add_product("addr", c, outer(u, v), beta, alpha)


def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """Add pairwise products of two stacks of matrices: z_b = β c_b + α x_b w_b.

    Shapes    c broadcasts to (B, T, M), (B, T, K) and (B, K, M)  ->  (B, T, M)
    """
    c, x, w = factors("baddbmm", input=input, batch1=batch1, batch2=batch2)
    sizes("baddbmm", "matmul broadcasts the leading axes", batch1=(x, "B T K"), batch2=(w, "B K M"))
    return _add_product("baddbmm", c, matmul(x, w), beta, alpha)


def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """Add the sum of the products of two stacks of matrices: z = β c + α Σ_b x_b w_b.

    Shapes    c broadcasts to (T, M), (B, T, K) and (B, K, M)  ->  (T, M)
    """
    c, x, w = factors("addbmm", input=input, batch1=batch1, batch2=batch2)
    sizes("addbmm", "matmul broadcasts the leading axes", batch1=(x, "B T K"), batch2=(w, "B K M"))
    return _add_product("addbmm", c, matmul(x, w).sum(0), beta, alpha)


def _add_product(op: str, c: Tensor, product: Tensor, beta: Number, alpha: Number) -> Tensor:
    """Return β c + α product, in the shape of the product."""
    shape = product.array.shape
    if broadcast_shapes(op, c.array.shape, shape) != shape:
        raise ShapeError(f"{op}: input has shape {c.array.shape}, which does not broadcast to the product's {shape}")
    if beta == 0:
        c = c.masked_fill(c.new_full((), True, dtype=bool), 0)  # not 0 · c: a NaN in c would stay one
    return add(mul(c, beta), product, alpha=alpha)
