"""Making axes longer or shorter at their ends.

    pad by w      x [a b c]  ->  y [0 a b c 0 0]        w = (1, 2)
    pad by -w     y  ->  x: what was added is cut off, what was cut off comes back as zeros

The adjoint of padding by w is padding by -w; so `pad` is its own family. The other modes add copies of elements of x
instead of a constant: position i of the longer axis reads position s(i) of x, n its length, and getitem has the rule.

    replicate   s(i) = min(max(i, 0), n - 1)      a a [a b c] c c      the nearest
    reflect     s(i) = |(n - 1) - |(n - 1) - i||  c b [a b c] b a      mirrored at the ends, which are not repeated
    circular    s(i) = i mod n                    b c [a b c] a b      round and round
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..autograd import record
from ..backend import Array, array_module
from ..errors import ArgumentError, ShapeError
from .index import getitem
from .operands import Number, tensor_of
from .shape import shape_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["pad"]

Widths = tuple[tuple[int, int], ...]  # per axis, how much is added at its start and at its end


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: Number | None = None) -> Tensor:
    """Add elements at the ends of axes: a constant, or copies of others. Negative widths cut elements off.

    `pad` holds the widths (start, end) of the last axis first, then those of the axis before it, and so on.

    Forward   y = x in the middle, `value` (0 by default) around it; for the other modes, y[i] = x[s(i)]
    Backward  dx = dy padded by the negative widths;  for the other modes, dx = 0, then dx[s(i)] += dy[i]
    Raises    ShapeError if an axis is cut by more than its size, or is too short to be copied from

    >>> from minigrad import ops, tensor
    >>> ops.pad(tensor([[1, 2, 3]]), (1, 2))
    tensor([[0, 1, 2, 3, 0, 0]])
    >>> ops.pad(tensor([[1, 2, 3]]), (2, 1), mode="reflect")
    tensor([[3, 2, 1, 2, 3, 2]])
    """
    x = tensor_of("pad", input)
    widths = _widths(pad, x.array.shape)
    if mode == "constant":
        return _pad_constant(x, widths, 0 if value is None else value)
    if mode not in _SOURCE:
        raise ArgumentError(f'pad: mode is {mode!r}; use "constant", {", ".join(map(repr, _SOURCE))}'.replace("'", '"'))
    if value is not None:
        raise ArgumentError(f'pad: mode "{mode}" copies elements and takes no value, got {value}')
    if mode == "circular":  # what is cut off does not come round
        x = _pad_constant(x, tuple((min(start, 0), min(end, 0)) for start, end in widths), 0)
        widths = tuple((max(start, 0), max(end, 0)) for start, end in widths)
    for axis, (start, end) in enumerate(widths):
        if start or end:
            x = getitem(x, (slice(None),) * axis + (_sources(x.array, axis, start, end, mode),))
    return x


def _widths(pad: Sequence[int], shape: tuple[int, ...]) -> Widths:
    """Turn PyTorch's flat list, last axis first, into (start, end) for every axis."""
    flat = shape_of("pad", (pad,))
    if len(flat) % 2 or len(flat) > 2 * len(shape):
        raise ArgumentError(
            f"pad: needs (start, end) for each padded axis, last axis first; got {len(flat)} widths for shape {shape}"
        )
    named = [(flat[i], flat[i + 1]) for i in range(0, len(flat), 2)]
    widths = (*[(0, 0)] * (len(shape) - len(named)), *reversed(named))
    for axis, (n, (start, end)) in enumerate(zip(shape, widths, strict=True)):
        if n + min(start, 0) + min(end, 0) < 0:
            raise ShapeError(f"pad: widths {(start, end)} cut off more than dim {axis} of shape {shape} has")
    return widths


def _pad_constant(x: Tensor, widths: Widths, value: Number) -> Tensor:
    inverse = tuple((-start, -end) for start, end in widths)
    return record("pad", pad_forward(x.array, widths, value), (x, lambda dy, _: _pad_constant(dy, inverse, 0)))


def pad_forward(x: Array, widths: Widths, value: Number) -> Array:
    """Copy `x` into the middle of an array full of `value`."""
    axes = [(n, start, end) for n, (start, end) in zip(x.shape, widths, strict=True)]
    kept = tuple(slice(max(-start, 0), n - max(-end, 0)) for n, start, end in axes)
    middle = tuple(slice(max(start, 0), n + start + min(end, 0)) for n, start, end in axes)
    shape = tuple(n + start + end for n, start, end in axes)
    y = array_module(x).full(shape, value, x.dtype)
    y[middle] = x[kept]
    return y


def _sources(x: Array, axis: int, start: int, end: int, mode: str) -> Array:
    """Return s(i) for every position i of the padded axis, counted from the first element of x."""
    xp, n = array_module(x), x.shape[axis]
    widest = max(start, end)
    limit = {"replicate": widest if n else 0, "reflect": n - 1, "circular": n}[mode]
    if widest > limit:
        raise ShapeError(
            f'pad: mode "{mode}" cannot add {widest} to dim {axis} of shape {x.shape}, at most {max(limit, 0)}\n'
            "Hint: pad less, or in several steps"
        )
    i = xp.arange(-start, n + end)
    return _SOURCE[mode](i, n)


def _replicate(i: Array, n: int) -> Array:
    return i.clip(0, n - 1)


def _reflect(i: Array, n: int) -> Array:
    return abs((n - 1) - abs((n - 1) - i))


def _circular(i: Array, n: int) -> Array:
    return i % n


_SOURCE = {"reflect": _reflect, "replicate": _replicate, "circular": _circular}
