"""What the player of machine.py can do: functions that run in two worlds, `m` being NumPy or minigrad's ops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..autograd import record
from ..tensor import Tensor
from .compare import NumpyArray

LARGEST = 8.0  # of the values in play, so that rounding stays small

UNARY: dict[str, Callable[[Any, Any], Any]] = {
    "tanh": lambda m, x: m.tanh(x),
    "twice": lambda m, x: x + x,
    "square": lambda m, x: x * x,
    "sum": lambda m, x: x.sum(),
    "twist": lambda m, x: x.reshape(-1)[[0, 0]],
}
BINARY: dict[str, Callable[[Any, Any, Any], Any]] = {
    "add": lambda m, x, y: x + y,
    "sub": lambda m, x, y: x - y,
    "mul": lambda m, x, y: x * y,
    "div": lambda m, x, y: x / (2.0 + y * y),
}
VIEWS: dict[str, Callable[[Any, Any], Any]] = {
    "first": lambda m, x: x.reshape(-1)[:1],
    "reversed": lambda m, x: x.T[::-1] if x.ndim else x.reshape(1),
    "second": lambda m, x: x.reshape(-1)[-1:],
    "transposed": lambda m, x: x.T,
}
BLOCKS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "gate": lambda m, x, y: m.tanh(x) * y,
    "reuse": lambda m, x, y: (x + y) * x,
}


class Write(NamedTuple):
    """A change in place: how minigrad makes it, and the value that the memory has afterwards, as NumPy computes it."""

    engine: Callable[[Tensor, Tensor], object]
    value: Callable[..., NumpyArray]  # of x and y, or of nothing

    def operands(self, x: Any, y: Any) -> list[Any]:
        """Return what the value depends on: x and y, or nothing."""
        return [x, y] if self.value is not nothing else []


def first_set(x: NumpyArray, y: NumpyArray) -> NumpyArray:
    """Return x with its first row replaced by y."""
    z = x.astype(np.result_type(x, y))
    z[0] = y
    return z


def nothing() -> NumpyArray:
    """Return a zero, which fills any memory."""
    return np.zeros(())


WRITES = {
    "mul_": Write(lambda x, y: x.mul_(y), np.multiply),
    "add_": Write(lambda x, y: x.add_(y), np.add),
    "setitem": Write(lambda x, y: x.__setitem__(0, y), first_set),
    "zero_": Write(lambda x, y: x.zero_(), nothing),
}


def fits(how: str, x: NumpyArray, y: NumpyArray) -> bool:
    """Say whether the write has a meaning for these arrays, and leaves small numbers."""
    if how == "zero_":
        return True
    if how == "setitem" and not x.ndim:
        return False
    target = x.shape[1:] if how == "setitem" else x.shape
    if y.ndim > len(target) or any(n not in (1, k) for n, k in zip(y.shape[::-1], target[::-1], strict=False)):
        return False
    return bool(np.abs(WRITES[how].value(x, y)).max(initial=0) <= LARGEST)


class Explosion(Exception):
    """Raised on purpose, inside a rule or a hook."""


def explosive(x: Tensor) -> Tensor:
    """Return x through an op whose rule raises."""

    def d_x(dy: Tensor, _: Tensor) -> Tensor:
        raise Explosion

    inner = x.clone()  # no leaf, so that every walk follows the edge to it
    return record("explosive", inner.array.copy(), (inner, d_x))


class Hook:
    """A hook that multiplies the gradient, only looks (None), or raises (0). It counts its calls."""

    def __init__(self, factor: float | None) -> None:
        self.factor, self.calls, self.expected = factor, 0, 0

    def __call__(self, grad: Tensor) -> Tensor | None:
        """Count the call and return what the factor says."""
        self.calls += 1
        if self.factor == 0:
            raise Explosion
        return None if self.factor is None else grad * self.factor

    def count(self, sure: bool, possible: bool) -> None:
        """Expect a call from the walk that was: for sure, or possibly."""
        if sure or (possible and self.calls > self.expected):
            self.expected += 1
