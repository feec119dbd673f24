"""Plain NumPy functions under check: a forward and its backward, as courses hand them out.

    y = forward(x, w)             dx, dw = backward(dy, x, w)        the inputs are handed to backward again
    y, cache = forward(x, w)      dx, dw = backward(dy, cache)       forward packs what backward needs

A pair `(forward, backward)` is given to `gradcheck` as it is, or as `numpy_pair(forward, backward)`, which says how the
pair works where that cannot be seen. Whatever forward is given beside arrays of floats (indices, a stride, a dict of
options) is handed on untouched; backward may return a gradient for every input or for the floating ones only.

A backward may return dy itself, or a view of it; two inputs may not get the same memory, and no gradient may be the
memory of an input: whoever adds to one of them would change the other.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ...errors import ArgumentError
from ..directions import FloatArray, is_floats
from ..flaws import Flaw
from .subject import Forward, Subject, flat, parameter_names


@dataclass(frozen=True)
class NumpyPair:
    """A function of arrays and its backward."""

    forward: Callable[..., Any]
    backward: Callable[..., Any]
    cache: bool | None = None


def numpy_pair(forward: Callable[..., Any], backward: Callable[..., Any], cache: bool | None = None) -> NumpyPair:
    """Pair a NumPy function with its backward, for the checks of this package.

    With `cache`, forward returns (y, cache) and backward takes (dy, cache); without, backward takes (dy, *inputs) and a
    tuple from forward is several outputs. None finds out: a tuple is (y, cache) if backward takes two arguments.
    """
    for role, f in (("forward", forward), ("backward", backward)):
        if not callable(f):
            raise ArgumentError(f"numpy_pair: {role} must be a function, got {type(f).__name__}")
    return NumpyPair(forward, backward, cache)


def copied(arrays: Sequence[Any]) -> list[Any]:
    """Return copies of the arrays, so that a function that writes to its inputs spoils nothing."""
    return [a.copy() if isinstance(a, np.ndarray) else a for a in arrays]


class PairFunction(Subject):
    """A NumPy function and its backward."""

    repeatable = True

    def __init__(self, check: str, pair: NumpyPair, inputs: Sequence[Any], wrt: Any = None) -> None:
        self.pair = pair
        numbers = {i for i, x in enumerate(inputs) if type(x) is float}
        self.options = numbers if len(numbers) < len(inputs) else set()
        super().__init__(check, pair.forward, inputs, wrt)
        for i in self.options - set(self.wrt):
            self.arrays[i] = inputs[i]

    def differentiable(self, i: int) -> bool:
        """Say whether an input is checked: a Python number beside arrays is an option, unless `wrt` names it."""
        return super().differentiable(i) and i not in self.options

    @cached_property
    def names(self) -> list[str]:
        """The names of forward's parameters."""
        return parameter_names(self.pair.forward, len(self.arrays))

    def evaluate(self, arrays: Sequence[Any]) -> Any:
        """Return all outputs, one after another."""
        return flat(self._split(self.pair.forward(*copied(arrays)))[0])

    def forward(self, arrays: Sequence[Any], copy: Callable[[Any], Any] = copied) -> Forward:
        """Run forward on copies of the arrays."""
        copies = copy(arrays)
        outputs, cache = self._split(self.pair.forward(*copies))
        return Forward(outputs, copies, cache)

    def backward(self, run: Forward, cotangents: Sequence[FloatArray]) -> list[Any]:
        """Run backward on what its signature asks for."""
        dy = cotangents[0] if len(cotangents) == 1 else tuple(cotangents)
        result = self.pair.backward(dy, *run.inputs) if run.state is None else self.pair.backward(dy, *run.state)
        return arrange(result, self.arrays, self.wrt)

    def _split(self, result: Any) -> tuple[list[Any], tuple[Any] | None]:
        """Return the outputs, and the cache in a tuple of its own, or None if there is none."""
        if isinstance(result, tuple) and self._has_cache(result):
            return outputs_of(result[0]), (result[1],)
        return outputs_of(result), None

    def _has_cache(self, result: tuple[Any, ...]) -> bool:
        if self.pair.cache is not None:
            return self.pair.cache
        try:
            parameters = inspect.signature(self.pair.backward).parameters.values()
        except (TypeError, ValueError):
            return len(result) == 2
        return len(result) == 2 and len([p for p in parameters if p.default is p.empty]) == 2


def outputs_of(result: Any) -> list[Any]:
    """Return the outputs of a NumPy function as arrays."""
    several = result if isinstance(result, (tuple, list)) else [result]
    if result is None or not several:
        raise Flaw("output", f"forward returned {'None' if result is None else 'nothing'}",
                   "end it with a return statement")  # fmt: skip
    arrays = [np.asarray(y) for y in several]
    for y in arrays:
        if y.dtype.kind not in "fc":
            raise Flaw(
                "output", f"forward returned {y.dtype}, which has no derivative",
                "return floats: an integer array cuts off what is assigned to it; make it with dtype=x.dtype",
            )  # fmt: skip
    return arrays


def arrange(result: Any, arrays: Sequence[Any], wrt: Sequence[int]) -> list[Any]:
    """Return the gradients that are checked, out of what a backward returned: one per input, or per floating one."""
    if result is None:
        raise Flaw("count", "backward returned None", "end it with a return statement")
    several = list(result) if isinstance(result, (tuple, list)) else [result]
    floats = [i for i, a in enumerate(arrays) if is_floats(a)]
    for owners in (list(range(len(arrays))), floats, list(wrt)):
        if len(several) == len(owners):
            return [several[owners.index(i)] if i in owners else None for i in wrt]
    raise Flaw(
        "count", f"backward returned {len(several)} gradient(s) for {len(floats)} floating input(s)",
        "return one gradient per floating input, in the order of forward's arguments",
    )  # fmt: skip
