"""Dimension letters and axes: one line that documents, checks and unpacks shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .errors import ArgumentError, AxisError, ShapeError

Axes = int | Sequence[int] | None


def sizes(op: str, hint: str = "", /, **operands: tuple[Any, str]) -> tuple[int, ...]:
    """Bind dimension letters to sizes and return them in order of first appearance.

    >>> import numpy as np
    >>> x, w = np.zeros((8, 3, 32, 32)), np.zeros((16, 3, 5, 5))
    >>> sizes("conv2d", x=(x, "N C H W"), weight=(w, "K C R S"))
    (8, 3, 32, 32, 16, 5, 5)
    >>> sizes("conv2d", "build the layer with in_channels equal to C of x",
    ...       x=(x, "N C H W"), weight=(x, "K H R S"))
    Traceback (most recent call last):
    minigrad.errors.ShapeError: conv2d: H is 32 in x but 3 in weight
      x      (N, C, H, W) = (8, 3, 32, 32)
      weight (K, H, R, S) = (8, 3, 32, 32)
    Hint: build the layer with in_channels equal to C of x
    """
    first: dict[str, tuple[int, str]] = {}
    for name, (array, letters) in operands.items():
        names = letters.split()
        if len(names) != len(array.shape):
            raise ShapeError(describe(op, f"{name} needs {len(names)} axes, has {len(array.shape)}", operands, hint))
        for letter, n in zip(names, array.shape, strict=True):
            seen, where = first.setdefault(letter, (n, name))
            if seen != n:
                raise ShapeError(describe(op, f"{letter} is {seen} in {where} but {n} in {name}", operands, hint))
    return tuple(n for n, _ in first.values())


def describe(op: str, what: str, operands: dict[str, tuple[Any, str]], hint: str) -> str:
    """Lay out an error: the disagreement, every operand with its letters and sizes, a hint."""
    width = max(map(len, operands), default=0)
    rows = [f"  {name:<{width}} ({', '.join(letters.split())}) = {tuple(array.shape)}"
            for name, (array, letters) in operands.items()]  # fmt: skip
    return "\n".join([f"{op}: {what}", *rows, *([f"Hint: {hint}"] if hint else [])])


def normalize_axis(op: str, axis: int, ndim: int) -> int:
    """Return `axis` as a number in [0, ndim); a 0-d tensor accepts 0 and -1, as in PyTorch."""
    span = max(ndim, 1)
    if not isinstance(axis, int) and not hasattr(axis, "__index__"):
        raise ArgumentError(f"{op}: dim must be an integer, got {axis!r}")
    if not -span <= axis < span:
        raise AxisError(f"{op}: dim {axis} is outside [-{span}, {span - 1}], the tensor has {ndim} axes")
    return int(axis) % span


def normalize_axes(op: str, axes: Axes, ndim: int) -> tuple[int, ...]:
    """Return `axes` (None, one, or several) as distinct numbers in [0, ndim); None means all of them."""
    if axes is None:
        return tuple(range(ndim))
    wanted = tuple(axes) if isinstance(axes, Sequence) else (axes,)
    found = tuple(normalize_axis(op, axis, ndim) for axis in wanted)
    if len(set(found)) != len(found):
        raise ArgumentError(f"{op}: dim {tuple(wanted)} names an axis twice")
    return found if ndim else ()


def broadcast_shapes(op: str, *shapes: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape that `shapes` broadcast to, or say which axis disagrees.

    >>> broadcast_shapes("add", (2, 3), (4, 1, 3))
    (4, 2, 3)
    >>> broadcast_shapes("add", (2, 3), (2, 4))
    Traceback (most recent call last):
    minigrad.errors.ShapeError: add: shapes (2, 3) and (2, 4) do not broadcast, axis -1 is 3 and 4
    Hint: sizes must be equal or 1, counted from the last axis
    """
    out: list[int] = [1] * max(map(len, shapes))
    for shape in shapes:
        for i in range(1, len(shape) + 1):
            if out[-i] == 1:
                out[-i] = shape[-i]
            elif shape[-i] not in (1, out[-i]):
                listed = " and ".join(str(tuple(s)) for s in shapes)
                raise ShapeError(
                    f"{op}: shapes {listed} do not broadcast, axis {-i} is {out[-i]} and {shape[-i]}\n"
                    "Hint: sizes must be equal or 1, counted from the last axis"
                )
    return tuple(out)


def broadcasts_to(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Say whether an array of `shape` broadcasts to `target` and leaves it as it is.

    >>> broadcasts_to((3, 1), (2, 3, 4)), broadcasts_to((2, 3, 4), (3, 4))
    (True, False)
    """
    padded = (1,) * (len(target) - len(shape)) + tuple(shape)
    return len(padded) == len(target) and all(n in (1, m) for n, m in zip(padded, target, strict=True))
