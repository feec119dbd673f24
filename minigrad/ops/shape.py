"""The same numbers in another shape or order: views where NumPy can make one.

Every op here moves elements without changing them, so its rule moves the gradients back: reshape undoes reshape,
the inverse permutation undoes a permutation, and what was broadcast is summed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..autograd import record, record_view
from ..backend import array_module
from ..errors import ShapeError
from ..shapes import Axes, broadcast_shapes, normalize_axes, normalize_axis
from .operands import tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "broadcast_to", "expand", "flatten", "permute", "reshape", "squeeze", "sum_to_size", "transpose", "unflatten",
    "unsqueeze",
]  # fmt: skip


def shape_of(op: str, size: tuple[int | Sequence[int], ...]) -> tuple[int, ...]:
    """Accept a shape as one sequence or as several integers."""
    first = size[0] if len(size) == 1 else size
    wanted = tuple(first) if isinstance(first, Sequence) else size
    if not all(isinstance(n, int) or hasattr(n, "__index__") for n in wanted):
        raise ShapeError(f"{op}: sizes must be integers, got {wanted}")
    return tuple(int(n) for n in wanted)  # type: ignore[arg-type]


def reshape(input: Tensor, *shape: int | Sequence[int]) -> Tensor:
    """Read the elements in row-major order into another shape; one size may be -1, meaning what is left.

    Backward  dx = dy in the shape of x
    """
    x = tensor_of("reshape", input)
    wanted, source = shape_of("reshape", shape), x.array.shape
    known = math.prod(n for n in wanted if n != -1)
    free = wanted.count(-1)
    if free > 1 or min(wanted, default=0) < -1:
        raise ShapeError(f"reshape: {wanted} may hold one -1 and no other negative size")
    if (free and (known == 0 or x.array.size % known)) or (not free and known != x.array.size):
        raise ShapeError(
            f"reshape: shape {source} has {x.array.size} elements, {wanted} would need {'a multiple of ' * free}{known}"
            "\nHint: the product of the sizes must stay the same"
        )
    return record_view("reshape", x.array.reshape(wanted), x, lambda dy, _: dy.reshape(source))


def permute(input: Tensor, *dims: int | Sequence[int]) -> Tensor:
    """Reorder the axes: axis i of y is axis dims[i] of x.

    Backward  dx = dy with its axes put back: the inverse permutation
    """
    x = tensor_of("permute", input)
    axes = normalize_axes("permute", shape_of("permute", dims), x.array.ndim)
    if len(axes) != x.array.ndim:
        raise ShapeError(f"permute: dims {axes} must name each of the {x.array.ndim} axes once")
    inverse = tuple(axes.index(i) for i in range(len(axes)))
    return record_view("permute", x.array.transpose(axes), x, lambda dy, _: dy.permute(inverse))


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Swap two axes.

    Backward  dx = dy with the same two swapped
    """
    x = tensor_of("transpose", input)
    a, b = (normalize_axis("transpose", d, x.array.ndim) for d in (dim0, dim1))
    if x.array.ndim == 0:
        return x
    return record_view("transpose", x.array.swapaxes(a, b), x, lambda dy, _: dy.transpose(a, b))


def broadcast_to(input: Tensor, *size: int | Sequence[int]) -> Tensor:
    """Repeat along new leading axes and along axes of size 1, without copying.

    Forward   y[i, j] = x[0, j]   where x has size 1
    Backward  dx = Σ dy over every repetition: `sum_to_size`
    """
    x = tensor_of("broadcast_to", input)
    shape, source = shape_of("broadcast_to", size), x.array.shape
    if shape == source:
        return x
    if broadcast_shapes("broadcast_to", source, shape) != shape:
        raise ShapeError(f"broadcast_to: shape {source} cannot become {shape}")
    y = array_module(x.array).broadcast_to(x.array, shape)
    return record_view("broadcast_to", y, x, lambda dy, _: dy.sum_to_size(source))


def expand(input: Tensor, *size: int | Sequence[int]) -> Tensor:
    """Broadcast to `size`, where -1 keeps the size of x.

    Backward  dx = Σ dy over every repetition
    """
    x = tensor_of("expand", input)
    wanted = shape_of("expand", size)
    if len(wanted) < x.array.ndim:
        raise ShapeError(f"expand: {wanted} has fewer axes than shape {x.array.shape}")
    kept = (1,) * (len(wanted) - x.array.ndim) + x.array.shape
    return broadcast_to(x, tuple(old if new == -1 else new for new, old in zip(wanted, kept, strict=True)))


def sum_to_size(input: Tensor, *size: int | Sequence[int]) -> Tensor:
    """Sum over every axis along which `size` would have been broadcast to the shape of x.

    Forward   y = Σ x   over leading axes that `size` lacks and axes where it has 1
    Backward  dx = dy broadcast back: `broadcast_to`
    """
    x = tensor_of("sum_to_size", input)
    shape, source = shape_of("sum_to_size", size), x.array.shape
    if shape == source:
        return x
    if broadcast_shapes("sum_to_size", source, shape) != source:
        raise ShapeError(f"sum_to_size: shape {source} does not come from broadcasting {shape}")
    new = len(source) - len(shape)
    repeated = tuple(i for i, n in enumerate(source) if i < new or (shape[i - new] == 1 and n != 1))
    y = x.array.sum(axis=repeated, keepdims=True, dtype=x.array.dtype).reshape(shape)
    return record("sum_to_size", y, (x, lambda dy, _: dy.broadcast_to(source)))


def squeeze(input: Tensor, dim: Axes = None) -> Tensor:
    """Drop axes of size 1: all of them, or those among `dim`.

    Backward  dx = dy in the shape of x
    """
    x = tensor_of("squeeze", input)
    axes = normalize_axes("squeeze", dim, x.array.ndim)
    return x.reshape(tuple(n for i, n in enumerate(x.array.shape) if n != 1 or i not in axes))


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """Put in an axis of size 1 at `dim`.

    Backward  dx = dy in the shape of x
    """
    x = tensor_of("unsqueeze", input)
    axis = normalize_axis("unsqueeze", dim, x.array.ndim + 1)
    return x.reshape((*x.array.shape[:axis], 1, *x.array.shape[axis:]))


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Join the axes from `start_dim` to `end_dim` into one.

    Backward  dx = dy in the shape of x
    """
    x = tensor_of("flatten", input)
    first, last = (normalize_axis("flatten", d, x.array.ndim) for d in (start_dim, end_dim))
    if first > last:
        raise ShapeError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    shape = x.array.shape
    return x.reshape((*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :]))


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Split the axis `dim` into several of the given sizes.

    Backward  dx = dy in the shape of x
    """
    x = tensor_of("unflatten", input)
    axis, shape = normalize_axis("unflatten", dim, x.array.ndim), x.array.shape
    return x.reshape((*shape[:axis], *sizes, *shape[axis + 1 :]))
