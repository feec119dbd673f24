"""One tensor into several along an axis: every part is a view, read by a slice of `getitem`.

The gradient of a part is put back at its place among zeros, by the rule of `getitem`; the parts' gradients then add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import ArgumentError, AxisError, RangeError, ShapeError
from ..shapes import normalize_axis
from .index import getitem
from .operands import tensor_of
from .shape import shape_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["chunk", "narrow", "select", "split", "tensor_split", "unbind"]


def _axis(op: str, x: Tensor, dim: int) -> int:
    axis = normalize_axis(op, dim, x.array.ndim)
    if x.array.ndim == 0:
        raise AxisError(f"{op}: a 0-d tensor has no axis to take apart")
    return axis


def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """Take `length` places along an axis, from `start` on; a negative start counts from the end.

    Forward   y[i] = x[start + i],   0 <= i < length
    Backward  dx = 0, with dx[start : start + length] = dy
    """
    x = tensor_of("narrow", input)
    axis = _axis("narrow", x, dim)
    n, first, count = x.array.shape[axis], int(start), int(length)
    if not -n <= first <= n:
        raise RangeError(f"narrow: start {first} is outside [-{n}, {n}], the size of dim {axis} is {n}")
    first += n if first < 0 else 0
    if count < 0 or first + count > n:
        raise RangeError(f"narrow: start {first} and length {count} do not fit into dim {axis} of size {n}")
    return getitem(x, (slice(None),) * axis + (slice(first, first + count),))


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """Take one place along an axis, and drop the axis: y = x[..., index, ...].

    Backward  dx = 0, with dx[..., index, ...] = dy
    """
    x = tensor_of("select", input)
    axis, i = _axis("select", x, dim), int(index)
    n = x.array.shape[axis]
    if not -n <= i < n:
        raise RangeError(f"select: index {i} is outside [-{n}, {n - 1}], the size of dim {axis} is {n}")
    return getitem(x, (slice(None),) * axis + (i,))


def split(
    tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0
) -> tuple[Tensor, ...]:  # fmt: skip
    """Cut an axis into parts of one size (the last may be smaller), or into parts of the sizes listed.

    Backward  each part's dy goes back to its place
    """
    x = tensor_of("split", tensor, "tensor")
    axis = _axis("split", x, dim)
    n = x.array.shape[axis]
    if isinstance(split_size_or_sections, Sequence):
        sections = shape_of("split", (split_size_or_sections,))
    else:
        sections = _equal_sections(n, int(split_size_or_sections), axis)
    if min(sections, default=0) < 0 or sum(sections) != n:
        raise ShapeError(f"split: sections {sections} must add up to {n}, the size of dim {axis}, and none be negative")
    return _cut(x, axis, sections)


def _equal_sections(n: int, size: int, axis: int) -> tuple[int, ...]:
    if size < 0 or (size == 0 and n > 0):
        raise ArgumentError(f"split: cannot cut dim {axis} of size {n} into parts of size {size}")
    return tuple(min(size, n - start) for start in range(0, n, size)) if n else (0,)


def _cut(x: Tensor, axis: int, sections: Sequence[int]) -> tuple[Tensor, ...]:
    return tuple(narrow(x, axis, sum(sections[:i]), size) for i, size in enumerate(sections))


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Cut an axis into at most `chunks` parts of size ⌈n / chunks⌉, the last of which may be smaller.

    Backward  each part's dy goes back to its place
    """
    x = tensor_of("chunk", input)
    axis = _axis("chunk", x, dim)
    n = x.array.shape[axis]
    if chunks < 1:
        raise ArgumentError(f"chunk: chunks must be at least 1, got {chunks}")
    return split(x, -(-n // chunks), axis) if n else _cut(x, axis, (0,) * chunks)


def tensor_split(input: Tensor, indices_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Cut an axis into a number of parts, as equal as can be, or before each of the places listed.

    Backward  each part's dy goes back to its place
    """
    x = tensor_of("tensor_split", input)
    axis = _axis("tensor_split", x, dim)
    n = x.array.shape[axis]
    if isinstance(indices_or_sections, Sequence):
        stops = [slice(i).indices(n)[1] for i in shape_of("tensor_split", (indices_or_sections,))] + [n]
    elif int(indices_or_sections) < 1:
        raise ArgumentError(f"tensor_split: needs at least 1 part, got {indices_or_sections}")
    else:
        parts = int(indices_or_sections)
        stops = [n // parts * i + min(i, n % parts) for i in range(1, parts + 1)]
    starts = [0, *stops[:-1]]
    return tuple(narrow(x, axis, a, max(b - a, 0)) for a, b in zip(starts, stops, strict=True))


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """Take an axis apart into its places, each without that axis.

    Backward  each part's dy goes back to its place
    """
    x = tensor_of("unbind", input)
    axis = _axis("unbind", x, dim)
    return tuple(select(x, axis, i) for i in range(x.array.shape[axis]))
