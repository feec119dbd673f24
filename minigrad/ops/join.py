"""Several tensors into one along an axis, and one into several.

    cat      y = [x₁ | x₂ | ...]          narrow   x₁ = y[:n₁]

The gradient of each input of `cat` is a part of dy; a part's gradient goes back to its place among zeros (index.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..autograd import record
from ..backend import array_module
from ..dtypes import result_type
from ..errors import ShapeError
from ..shapes import normalize_axis
from .operands import _common_device
from .shape import atleast_1d, atleast_2d, atleast_3d, tensors_of, unsqueeze
from .slices import narrow

if TYPE_CHECKING:
    from ..autograd import Rule
    from ..tensor import Tensor

__all__ = ["cat", "concat", "concatenate", "dstack", "hstack", "stack", "vstack"]


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join along an axis. As in PyTorch, empty vectors, of shape (0,), fit anything and are left out.

    Backward  each input gets its own part of dy
    Shapes    equal but for the axis `dim`; the dtype is the one that all promote to
    """
    xs = tensors_of("cat", tensors)
    _common_device("cat", xs)
    dtype = result_type((x.array.dtype, x.array.ndim) for x in xs)
    xs = [x.to(dtype) for x in xs if x.array.shape != (0,)] or [xs[0].to(dtype)]
    axis = normalize_axis("cat", dim, xs[0].array.ndim)
    _check_alike("cat", [x.array.shape for x in xs], axis)
    edges, start = [], 0
    for x in xs:
        n = x.array.shape[axis]
        edges.append((x, _part(axis, start, n)))
        start += n
    return record("cat", array_module(xs[0].array).concatenate([x.array for x in xs], axis), *edges)


def _part(axis: int, start: int, length: int) -> Rule:
    return lambda dy, _: narrow(dy, axis, start, length)


def _check_alike(op: str, shapes: list[tuple[int, ...]], axis: int) -> None:
    """Raise unless all shapes are the same but for `axis`; the error shows the first that is not."""
    first = shapes[0]
    for i, shape in enumerate(shapes):
        if not shape:
            raise ShapeError(f"{op}: tensor {i} has no axes to join along\nHint: use stack, which makes a new axis")
        if len(shape) != len(first) or shape[:axis] + shape[axis + 1 :] != first[:axis] + first[axis + 1 :]:
            raise ShapeError(
                f"{op}: shapes must agree but for dim {axis}, tensor 0 and tensor {i} do not\n"
                f"  tensor 0: {first}\n  tensor {i}: {shape}"
            )


def concat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join along an axis: another name of `cat`."""
    return cat(tensors, dim)


def concatenate(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join along an axis: `cat` under NumPy's name."""
    return cat(tensors, dim)


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join along a new axis.

    Backward  each input gets its own slice of dy
    Shapes    all equal; y has one more axis, at `dim`
    """
    xs = tensors_of("stack", tensors)
    for i, x in enumerate(xs):
        if x.array.shape != xs[0].array.shape:
            raise ShapeError(
                f"stack: shapes must be equal, tensor 0 and tensor {i} differ\n"
                f"  tensor 0: {xs[0].array.shape}\n  tensor {i}: {x.array.shape}\n"
                "Hint: pad them to one shape, or join along an existing axis with cat"
            )
    axis = normalize_axis("stack", dim, xs[0].array.ndim + 1)
    return cat([unsqueeze(x, axis) for x in xs], axis)


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Join side by side: along axis 1, vectors along axis 0."""
    xs: list[Any] = [atleast_1d(x) for x in tensors_of("hstack", tensors)]
    return cat(xs, 0 if xs[0].ndim == 1 else 1)


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Join one below the other: along axis 0, vectors as rows."""
    return cat([atleast_2d(x) for x in tensors_of("vstack", tensors)], 0)


def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Join one behind the other: along axis 2, with `atleast_3d` first."""
    return cat([atleast_3d(x) for x in tensors_of("dstack", tensors)], 2)
