"""An engine that is too naive to be wrong: slopes as matrices, taken forwards, without a tape, an order or a walk.

    Value     what the history knows: the values that this one was made from, and the matrix of its slope by each
    Twin      what the user holds: an array, which other twins may share, and its value at present

dy/dx is Σ over the parents p of y of (dy/dp)(dp/dx), by recursion, and dy/dp is measured when y is made, as the
imaginary part of a step in an imaginary direction. A hook that multiplies the gradient multiplies what passes through
its value. An overwrite gives a twin a new value, and the views of it are read again: NumPy's own views keep the arrays
honest. machine.py plays this engine against minigrad's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .compare import NumpyArray
from .program import TINY

Compute = Callable[..., NumpyArray]


class Memory:
    """Memory that arrays share: how often it has been written to."""

    def __init__(self) -> None:
        self.writes = 0


class Value:
    """A value in the history of others."""

    def __init__(self, size: int, saved: Iterable[Memory] = ()) -> None:
        self.size = size
        self.parents: list[tuple[Value, NumpyArray]] = []
        self.saved = [(memory, memory.writes) for memory in saved]  # what its rule may want to read again
        self.factors: list[float] = []  # of its hooks
        self.freed: bool | None = False  # None: a backward that failed halfway may have freed it
        self.explodes = False  # its rule raises

    def ancestors(self) -> set[Value]:
        """Return this value and all that it was made from."""
        found: set[Value] = set()
        waiting: list[Value] = [self]
        while waiting:
            value = waiting.pop()
            if value not in found:
                found.add(value)
                waiting.extend(parent for parent, _ in value.parents)
        return found

    def slope(self, x: Value, known: dict[int, NumpyArray] | None = None) -> NumpyArray:
        """Return the matrix d(self)/dx, hooks of self and of those between included."""
        known = {} if known is None else known
        if self is x:
            return np.eye(x.size)
        if id(self) not in known:
            parts = [matrix @ parent.slope(x, known) for parent, matrix in self.parents]
            known[id(self)] = np.prod(self.factors) * sum(parts, np.zeros((self.size, x.size)))
        return known[id(self)]


class Twin:
    """An array with a history: the oracle's tensor."""

    def __init__(self, array: NumpyArray, value: Value, tracked: bool, memory: Memory) -> None:
        self.array, self.value, self.tracked, self.memory = array, value, tracked, memory
        self.born = memory.writes
        self.owns = True  # the memory: it is no view of another twin's
        self.view_of: tuple[Compute, Twin] | None = None  # how to read it again, if it has the history of its base
        self.stale = False  # a view whose base has got another history since
        self.grad: NumpyArray | None = None
        self.retains = False


def leaf(array: NumpyArray, tracked: bool) -> Twin:
    """Return the start of a history."""
    return Twin(array.copy(), Value(array.size), tracked, Memory())


def make(compute: Compute, *xs: Twin, recording: bool = True) -> Twin:
    """Return compute(*xs): a view where NumPy makes one, and a history where an input has one."""
    array = np.asarray(compute(*(x.array for x in xs)))
    base = next((x for x in xs if np.shares_memory(x.array, array)), None)
    memory = Memory() if base is None else base.memory
    value = Value(array.size, saved=[memory, *(x.memory for x in xs)])
    if recording:
        value.parents = [(x.value, _measured(compute, xs, i)) for i, x in enumerate(xs) if x.tracked]
    result = Twin(array, value, bool(value.parents), memory)
    result.owns = base is None
    result.view_of = (compute, base) if base is not None and recording else None
    return result


def _measured(compute: Compute, xs: tuple[Twin, ...], which: int) -> NumpyArray:
    """Return the matrix of slopes of compute(*xs) by xs[which], a column per element."""
    columns: list[NumpyArray] = []
    for place in np.ndindex(xs[which].array.shape):
        moved = [x.array.astype(complex) for x in xs]
        moved[which][place] += 1j * TINY
        columns.append(np.ravel(np.imag(compute(*moved))) / TINY)
    return np.stack(columns, axis=1)


def overwrite(x: Twin, compute: Compute, *operands: Twin, recording: bool, twins: Iterable[Twin]) -> None:
    """Store compute(*operands) in the memory of x; with a history, it becomes that of x, and of the views of x."""
    new = make(compute, *operands, recording=recording)
    x.array[...] = new.array
    x.memory.writes += 1
    x.born = x.memory.writes
    if recording and (new.tracked or x.tracked):
        x.value, x.tracked = new.value, new.tracked
        changed: list[Any] = [x]
        for twin in twins:  # in the order they were made: a view of a view comes later
            if twin is not x and twin.view_of is not None and any(twin.view_of[1] is base for base in changed):
                again = make(*twin.view_of)
                twin.value, twin.tracked, twin.stale = again.value, again.tracked, True
                changed.append(twin)


def gradient(y: Twin, dy: NumpyArray, x: Twin) -> NumpyArray:
    """Return dL/dx where dL/dy is `dy`, after the hooks of x."""
    row = np.ravel(dy) @ y.value.slope(x.value)
    return np.reshape(np.prod(x.value.factors) * row, x.array.shape)
