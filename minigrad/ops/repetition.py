"""The same numbers several times over.

Repeating is broadcasting along a new axis and joining it with the one beside it. So nothing here has a rule of its
own: the gradient is summed over the repetitions by the ops these are made of.

    tile   [a b] -> [a b a b]      the new axis in front
    repeat_interleave   [a b] -> [a a b b]      the new axis behind
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..autograd import Node
from ..backend import Array, device_of, to_device, to_numpy
from ..errors import ArgumentError, ShapeError
from ..shapes import normalize_axis
from .along_axis import index_select
from .operands import tensor_of
from .shape import broadcast_to, flatten, reshape, shape_of
from .tables import table_beside

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["repeat", "repeat_interleave", "tile"]


def repeat(input: Tensor, *repeats: int | Sequence[int]) -> Tensor:
    """Repeat the whole tensor along each axis; more repeats than axes put new axes in front.

    Forward   y[i, j] = x[i mod n, j mod m]
    Backward  dx = Σ dy over every repetition
    Shapes    x (n, m), repeats (r, s)  ->  y (r n, s m)
    """
    x, times = tensor_of("repeat", input), shape_of("repeat", repeats)
    if len(times) < x.array.ndim:
        raise ShapeError(
            f"repeat: {len(times)} repeats for shape {x.array.shape}, which has {x.array.ndim} axes\n"
            "Hint: give one number for every axis, or use tile"
        )
    return _tiled("repeat", x, times)


def tile(input: Tensor, *dims: int | Sequence[int]) -> Tensor:
    """Repeat the whole tensor along its last axes, as many as `dims` has; otherwise as `repeat`."""
    x, times = tensor_of("tile", input), shape_of("tile", dims)
    return _tiled("tile", x, (1,) * (x.array.ndim - len(times)) + times)


def _tiled(op: str, x: Tensor, times: tuple[int, ...]) -> Tensor:
    if min(times, default=0) < 0:
        raise ArgumentError(f"{op}: the numbers of repeats must not be negative, got {times}")
    source = (1,) * (len(times) - x.array.ndim) + x.array.shape
    single = [part for n in source for part in (1, n)]
    several = [part for r, n in zip(times, source, strict=True) for part in (r, n)]
    return reshape(broadcast_to(reshape(x, single), several), [r * n for r, n in zip(times, source, strict=True)])


def repeat_interleave(
    input: Tensor, repeats: int | Tensor, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Repeat every element along an axis, each as often as `repeats` says; without `dim`, flatten first.

    Forward   [a b c] with repeats [1 2 0] gives [a b b]
    Backward  dx = Σ dy over every repetition
    """
    x = tensor_of("repeat_interleave", input)
    if dim is None or x.array.ndim == 0:
        x = flatten(x)
    axis = normalize_axis("repeat_interleave", dim or 0, x.array.ndim)
    places = _places(repeats, x.array.shape[axis], x.array)
    if output_size is not None and output_size != len(places):
        raise ArgumentError(f"repeat_interleave: output_size is {output_size}, the repeats add up to {len(places)}")
    return index_select(x, axis, tensor_of("repeat_interleave", places))


def _places(repeats: int | Tensor, n: int, like: Array) -> Array:
    """Return the index of the element behind each element of the result, on the device of `like`."""
    times = np.asarray(to_numpy(repeats.array) if isinstance(repeats, Node) else repeats)
    if times.dtype.kind not in "iu" or times.ndim > 1 or (times.ndim and times.size not in (1, n)):
        raise ShapeError(
            f"repeat_interleave: repeats must be one integer or {n} integers, one for each element along the axis, got "
            f"{times.dtype} of shape {times.shape}"
        )
    if (times < 0).any():
        raise ArgumentError(f"repeat_interleave: the numbers of repeats must not be negative, got {times}")
    places = np.repeat(np.arange(n), times)
    return to_device(places, device_of(like)) if isinstance(repeats, Node) else table_beside(like, places)
