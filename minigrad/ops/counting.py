"""Which values there are, and how many of each. The results are constants: counts have no derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..autograd import constant
from ..backend import array_module
from ..errors import ArgumentError, DtypeError, ShapeError
from ..shapes import normalize_axis
from .operands import on_one_device, tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["bincount", "unique"]


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """Count how often each of 0, 1, 2, … occurs: y[v] = Σ_i [x_i = v], or Σ_i w_i [x_i = v] with weights.

    Shapes    input (N,), weights (N,)  ->  (max(minlength, max input + 1),)
    Raises    DtypeError, ShapeError, ArgumentError for a negative number
    """
    x = tensor_of("bincount", input).array
    if x.dtype.kind not in "iu":
        raise DtypeError(f"bincount: needs an integer tensor, got {x.dtype}\nHint: convert with .long()")
    if x.ndim != 1:
        raise ShapeError(f"bincount: needs 1 axis, got shape {x.shape}\nHint: flatten() first")
    if minlength < 0:
        raise ArgumentError(f"bincount: minlength is {minlength}, it cannot be negative")
    if x.size and x.min() < 0:
        raise ArgumentError(f"bincount: counts numbers from 0 up, got {int(x.min())}")
    xp, x = array_module(x), x.astype("int64", copy=False)
    if weights is None:
        return constant(xp.bincount(x, minlength=minlength))
    on_one_device("bincount", input=input, weights=tensor_of("bincount", weights, "weights"))
    w = tensor_of("bincount", weights, "weights").array
    if w.shape != x.shape:
        raise ShapeError(f"bincount: input has shape {x.shape} and weights {w.shape}; they must be equal")
    return constant(xp.bincount(x, w, minlength).astype(w.dtype if w.dtype == "float32" else "float64"))


def unique(
    input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False,
    dim: int | None = None,
) -> Tensor | tuple[Tensor, ...]:  # fmt: skip
    """Return the distinct elements, or slices along `dim`, in ascending order, whatever `sorted` says.

    With `return_inverse` also the place of every element among them, and with `return_counts` how often each
    occurs. No NaN equals another.
    """
    x = tensor_of("unique", input).array
    axis = None if dim is None or not x.ndim else normalize_axis("unique", dim, x.ndim)
    parts = array_module(x).unique(x, return_inverse=True, return_counts=True, axis=axis, equal_nan=False)
    values, inverse, counts = (constant(part) for part in parts)
    # NumPy's releases disagree on the shape of the inverse.
    inverse = inverse.reshape(x.shape if axis is None else (x.shape[axis],))
    found = (values, *((inverse,) if return_inverse else ()), *((counts,) if return_counts else ()))
    return found if len(found) > 1 else values
