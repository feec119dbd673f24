"""Several tensors into one, along an old axis or a new one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..autograd import record
from ..backend import array_module
from ..dtypes import result_type
from ..errors import ArgumentError, ShapeError
from ..shapes import normalize_axis
from .operands import tensor_of

if TYPE_CHECKING:
    from ..autograd import Edge
    from ..tensor import Tensor

__all__ = ["cat", "stack"]


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join along an axis.

    Backward  each input gets its own part of dy
    Shapes    equal but for the axis `dim`
    """
    xs = [tensor_of("cat", x) for x in tensors]
    if not xs:
        raise ArgumentError("cat: needs at least one tensor")
    axis = normalize_axis("cat", dim, xs[0].array.ndim)
    shapes = [x.array.shape for x in xs]
    if not shapes[0] or any(s[:axis] + s[axis + 1 :] != shapes[0][:axis] + shapes[0][axis + 1 :] for s in shapes):
        raise ShapeError(f"cat: shapes must agree but for axis {axis}, got {', '.join(map(str, shapes))}")
    dtype = result_type((x.array.dtype, x.array.ndim) for x in xs)
    xs = [x.to(dtype) for x in xs]
    edges: list[Edge] = []
    start = 0
    for x, shape in zip(xs, shapes, strict=True):
        part = (slice(None),) * axis + (slice(start, start + shape[axis]),)
        edges.append((x, lambda dy, _, part=part: dy[part]))  # type: ignore[misc]
        start += shape[axis]
    return record("cat", array_module(xs[0].array).concatenate([x.array for x in xs], axis), *edges)


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join along a new axis.

    Backward  each input gets its own slice of dy
    Shapes    all equal
    """
    xs = [tensor_of("stack", x) for x in tensors]
    if not xs:
        raise ArgumentError("stack: needs at least one tensor")
    if len({x.array.shape for x in xs}) > 1:
        raise ShapeError(f"stack: shapes must be equal, got {', '.join(str(x.array.shape) for x in xs)}")
    axis = normalize_axis("stack", dim, xs[0].array.ndim + 1)
    return cat([x.unsqueeze(axis) for x in xs], axis)
