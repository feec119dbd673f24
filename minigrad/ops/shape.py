"""The same numbers in another shape: views where NumPy can make one.

Every op here keeps the elements in their order, so its rule undoes it: reshape undoes reshape, and what was broadcast
is summed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from ..autograd import Node, record, record_view
from ..backend import array_module
from ..errors import ArgumentError, DtypeError, ShapeError
from ..shapes import Axes, broadcast_shapes, normalize_axes, normalize_axis
from .operands import tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_tensors", "broadcast_to", "expand", "expand_as", "flatten",
    "meshgrid", "ravel", "reshape", "reshape_as", "squeeze", "sum_to_size", "unflatten", "unsqueeze", "view", "view_as",
]  # fmt: skip


def shape_of(op: str, size: tuple[int | Sequence[int], ...]) -> tuple[int, ...]:
    """Accept a shape as one sequence or as several integers."""
    first = size[0] if len(size) == 1 else size
    if type(first) is tuple and all(type(n) is int for n in first):  # the usual case
        return cast("tuple[int, ...]", first)
    wanted: tuple[Any, ...] = tuple(first) if isinstance(first, Sequence) else size
    if not all(isinstance(n, int) or hasattr(n, "__index__") for n in wanted):
        raise ShapeError(f"{op}: sizes must be integers, got {wanted}")
    return tuple(int(n) for n in wanted)


def tensors_of(op: str, tensors: Sequence[Any]) -> list[Tensor]:
    """Return the tensors of a list or tuple, one at least."""
    if isinstance(tensors, Node) or not isinstance(tensors, Sequence):
        raise DtypeError(f"{op}: needs a list or tuple of tensors, got {type(tensors).__name__}")
    if not tensors:
        raise ArgumentError(f"{op}: needs at least one tensor, the list is empty")
    return [tensor_of(op, x, f"tensor {i}") for i, x in enumerate(tensors)]


def _completed(op: str, wanted: tuple[int, ...], size: int, whole: str) -> tuple[int, ...]:
    """Return `wanted` with its -1, if it has one, replaced by what is left of `size` elements."""
    known = math.prod(n for n in wanted if n != -1)
    free = wanted.count(-1)
    if free > 1 or min(wanted, default=0) < -1:
        raise ShapeError(f"{op}: {wanted} may hold one -1 and no other negative size")
    if (free and (known == 0 or size % known)) or (not free and known != size):
        raise ShapeError(
            f"{op}: {whole} has {size} elements, {wanted} would need {'a multiple of ' * free}{known}"
            "\nHint: the product of the sizes must stay the same"
        )
    return tuple(size // known if n == -1 else n for n in wanted) if free else wanted


def reshape(input: Tensor, *shape: int | Sequence[int]) -> Tensor:
    """Read the elements in row-major order into another shape; one size may be -1, meaning what is left.

    Backward  dx = dy in the shape of x
    """
    x = tensor_of("reshape", input)
    source = x.array.shape
    wanted = _completed("reshape", shape_of("reshape", shape), x.array.size, f"shape {source}")
    return record_view("reshape", x.array.reshape(wanted), x, lambda dy, _: dy.reshape(source))


def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """Reshape to the shape of `other`."""
    return reshape(input, other.array.shape)


def view(input: Tensor, *shape: int | Sequence[int]) -> Tensor:
    """Reshape without copying: the result always shares the memory of x.

    Backward  dx = dy in the shape of x
    Raises    ShapeError if the elements do not lie in memory such that the new shape can be stepped through
    """
    x = tensor_of("view", input)
    source = x.array.shape
    wanted = _completed("view", shape_of("view", shape), x.array.size, f"shape {source}")
    y = x.array.reshape(wanted)
    if y.size and not array_module(y).may_share_memory(y, x.array):
        raise ShapeError(
            f"view: shape {source} with strides {x.array.strides} bytes cannot be seen as {wanted} without a copy\n"
            "Hint: use reshape, which copies where it must, or contiguous() first"
        )
    return record_view("view", y, x, lambda dy, _: dy.reshape(source))


def view_as(input: Tensor, other: Tensor) -> Tensor:
    """View in the shape of `other`."""
    return view(input, other.array.shape)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Join the axes from `start_dim` to `end_dim` into one; a 0-d tensor gets one axis.

    Backward  dx = dy in the shape of x
    """
    x = tensor_of("flatten", input)
    first, last = (normalize_axis("flatten", d, x.array.ndim) for d in (start_dim, end_dim))
    if first > last:
        raise ArgumentError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim} in shape {x.array.shape}")
    shape = x.array.shape
    return reshape(x, (*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :]))


def ravel(input: Tensor) -> Tensor:
    """Read the elements in row-major order into one axis."""
    return flatten(input)


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Split the axis `dim` into axes of the given sizes, of which one may be -1, meaning what is left.

    Backward  dx = dy in the shape of x
    """
    x = tensor_of("unflatten", input)
    axis, shape, wanted = normalize_axis("unflatten", dim, x.array.ndim), x.array.shape, shape_of("unflatten", (sizes,))
    if not shape or not wanted:
        raise ShapeError(f"unflatten: needs an axis to split, and sizes; got shape {shape} and sizes {wanted}")
    parts = _completed("unflatten", wanted, shape[axis], f"dim {axis} of shape {shape}")
    return reshape(x, (*shape[:axis], *parts, *shape[axis + 1 :]))


def squeeze(input: Tensor, dim: Axes = None) -> Tensor:
    """Drop axes of size 1: all of them, or those among `dim`.

    Backward  dx = dy in the shape of x
    """
    x = tensor_of("squeeze", input)
    axes = normalize_axes("squeeze", dim, x.array.ndim)
    return reshape(x, tuple(n for i, n in enumerate(x.array.shape) if n != 1 or i not in axes))


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """Put in an axis of size 1 at `dim`.

    Backward  dx = dy in the shape of x
    """
    x = tensor_of("unsqueeze", input)
    axis = normalize_axis("unsqueeze", dim, x.array.ndim + 1)
    return reshape(x, (*x.array.shape[:axis], 1, *x.array.shape[axis:]))


def _each(op: str, tensors: tuple[Any, ...], widen: Any) -> Any:
    """Apply `widen` to one tensor, or to each of several."""
    if len(tensors) == 1 and (isinstance(tensors[0], Node) or not isinstance(tensors[0], Sequence)):
        return widen(tensor_of(op, tensors[0]))
    return tuple(widen(x) for x in tensors_of(op, tensors[0] if len(tensors) == 1 else tensors))


def atleast_1d(*tensors: Tensor | Sequence[Tensor]) -> Any:
    """Give a 0-d tensor one axis; leave others as they are. Several tensors give a tuple."""
    return _each("atleast_1d", tensors, lambda x: x if x.array.ndim else reshape(x, 1))


def atleast_2d(*tensors: Tensor | Sequence[Tensor]) -> Any:
    """Put axes of size 1 in front until there are two: a vector becomes a row. Several tensors give a tuple."""
    return _each("atleast_2d", tensors, lambda x: x if x.array.ndim > 1 else reshape(x, 1, -1 if x.array.ndim else 1))


def atleast_3d(*tensors: Tensor | Sequence[Tensor]) -> Any:
    """Make a matrix (n, m) into (n, m, 1) and a vector (n) into (1, n, 1). Several tensors give a tuple."""
    return _each("atleast_3d", tensors, lambda x: x if x.array.ndim > 2 else unsqueeze(atleast_2d(x), -1))


def broadcast_to(input: Tensor, *size: int | Sequence[int]) -> Tensor:
    """Repeat along new leading axes and along axes of size 1, without copying; -1 keeps the size of x.

    Forward   y[i, j] = x[0, j]   where x has size 1
    Backward  dx = Σ dy over every repetition: `sum_to_size`
    """
    x = tensor_of("broadcast_to", input)
    shape, source = shape_of("broadcast_to", size), x.array.shape
    if shape == source:
        return x
    if min(shape, default=0) < 0:
        return expand(x, shape)
    if broadcast_shapes("broadcast_to", source, shape) != shape:
        raise ShapeError(f"broadcast_to: shape {source} cannot become {shape}")
    y = array_module(x.array).broadcast_to(x.array, shape)
    return record_view("broadcast_to", y, x, lambda dy, _: dy.sum_to_size(source))


def expand(input: Tensor, *size: int | Sequence[int]) -> Tensor:
    """Broadcast to `size`, where -1 keeps the size of x.

    Backward  dx = Σ dy over every repetition
    """
    x = tensor_of("expand", input)
    wanted, source = shape_of("expand", size), x.array.shape
    new = len(wanted) - len(source)
    if new < 0:
        raise ShapeError(f"expand: {wanted} has fewer axes than shape {source}")
    if min(wanted, default=0) < -1 or -1 in wanted[:new]:
        raise ShapeError(f"expand: {wanted} may hold -1 only for the {len(source)} axes of shape {source} to keep")
    return broadcast_to(x, tuple(source[i - new] if n == -1 else n for i, n in enumerate(wanted)))


def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """Broadcast to the shape of `other`."""
    return expand(input, other.array.shape)


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Broadcast all tensors to their common shape."""
    xs = [tensor_of("broadcast_tensors", x) for x in tensors]
    shape = broadcast_shapes("broadcast_tensors", (), *(x.array.shape for x in xs))
    return tuple(broadcast_to(x, shape) for x in xs)


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


def meshgrid(*tensors: Tensor | Sequence[Tensor], indexing: str = "ij") -> tuple[Tensor, ...]:
    """Repeat vectors into the coordinates of a grid.

    Forward   y_k[i_0, i_1, ...] = x_k[i_k];  with indexing="xy" the first two axes of each y_k are swapped
    Backward  dx_k = Σ dy_k over the other axes
    """
    together = tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Node) else tensors
    xs = tensors_of("meshgrid", together)
    if indexing not in ("ij", "xy"):
        raise ArgumentError(f'meshgrid: indexing is {indexing!r}; use "ij" or "xy"')
    if max(x.array.ndim for x in xs) > 1:
        raise ShapeError(f"meshgrid: needs vectors, got shapes {', '.join(str(x.array.shape) for x in xs)}")
    swapped = [1, 0, *range(2, len(xs))] if indexing == "xy" and len(xs) > 1 else list(range(len(xs)))
    shape = tuple(xs[i].array.size for i in swapped)
    return tuple(broadcast_to(reshape(x, [-1 if i == axis else 1 for i in range(len(xs))]), shape)
                 for axis, x in zip(swapped, xs, strict=True))  # fmt: skip
