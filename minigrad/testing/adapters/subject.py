"""What a check takes: anything with a forward and a backward, seen through one pair of methods.

    evaluate(arrays)                    all floating outputs, one after another: what differences are taken of
    forward(arrays), backward(run, dy)  the outputs, and the gradients that are checked

This file holds the common part. tensors.py has functions of minigrad tensors, modules.py Modules, pairs.py NumPy
functions, layers.py objects with forward and backward, torch_functions.py PyTorch's. Everything is computed in float64,
because differences in float32 know 3 digits.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ...backend import is_array, to_numpy
from ...errors import ArgumentError, DtypeError
from ...tensor import Tensor
from ..directions import FloatArray, is_floats


@dataclass
class Forward:
    """One run of the function: its floating outputs, the memory that it was given, and what backward needs."""

    outputs: list[FloatArray]
    inputs: list[Any]
    state: Any = None


class Subject:
    """A function under check, at one point."""

    several_owners = True  # whether gradients must not share memory; minigrad's engine copies what is shared
    repeatable = False  # whether backward may run twice after one forward

    def __init__(
        self, check: str, function: Callable[..., Any], inputs: Sequence[Any], wrt: Any = None, own: Sequence[Any] = ()
    ) -> None:
        self.check, self.function = check, function
        self.given = len(inputs)  # what follows is the function's own: its parameters
        self.arrays = [value_of(x) for x in (*inputs, *own)]
        self.wrt = self._chosen(wrt)

    def differentiable(self, i: int) -> bool:
        """Say whether input number i is checked when nobody says which are."""
        return is_floats(self.arrays[i])

    @cached_property
    def names(self) -> list[str]:
        """The names of the inputs: those of the function's parameters."""
        return parameter_names(self.function, len(self.arrays))

    def prepare(self) -> None:
        """Do what must be done once before the check, and may go wrong."""

    def own(self) -> dict[str, Any]:
        """Return what the function holds itself, by name: the parameters of a Module."""
        return {}

    def _chosen(self, wrt: Any) -> list[int]:
        """Return the positions that `wrt` names, or those of all floating inputs."""
        if wrt is None:
            chosen = [i for i in range(len(self.arrays)) if self.differentiable(i)]
            if not chosen:
                raise ArgumentError(self._nothing_to_check())
            return chosen
        wanted = [wrt] if isinstance(wrt, (int, str)) else list(wrt)
        positions = [self._position(w) for w in wanted]
        for i in positions:
            if not is_floats(self.arrays[i]):
                raise DtypeError(
                    f"{self.check}: wrt names {self.names[i]}, which is {kind_of(self.arrays[i])}: it has no "
                    "derivative\nHint: pass it as floats, or leave it out of wrt"
                )
        return positions

    def _position(self, wanted: Any) -> int:
        if isinstance(wanted, str) and wanted in self.names:
            return self.names.index(wanted)
        if isinstance(wanted, int) and -len(self.arrays) <= wanted < len(self.arrays):
            return wanted % len(self.arrays)
        raise ArgumentError(f"{self.check}: wrt={wanted!r} is no input; there are {', '.join(self.names) or 'none'}")

    def _nothing_to_check(self) -> str:
        if not self.arrays:
            return f"{self.check}: there is no input to differentiate by\nHint: pass an array or a tensor of floats"
        kinds = ", ".join(f"{n} is {kind_of(a)}" for n, a in zip(self.names, self.arrays, strict=True))
        return (
            f"{self.check}: there is no floating input to differentiate by: {kinds}\n"
            "Hint: integers stay as they are, as indices do; pass x.astype(float) to differentiate by x"
        )

    def evaluate(self, arrays: Sequence[Any]) -> Any:
        """Return all floating outputs, one after another."""
        raise NotImplementedError

    def forward(self, arrays: Sequence[Any]) -> Forward:
        """Run the function on copies of the arrays, so that backward can follow."""
        raise NotImplementedError

    def backward(self, run: Forward, cotangents: Sequence[FloatArray]) -> list[Any]:
        """Return the gradient for each input in `wrt`, None where there is none."""
        raise NotImplementedError


def value_of(x: Any) -> Any:
    """Return an input as the check keeps it: floats as float64 arrays, other arrays copied, the rest as it is."""
    if isinstance(x, Tensor):
        x = to_numpy(x.array)
    elif is_array(x):
        x = to_numpy(x)
    elif isinstance(x, (float, list)):
        with suppress(ValueError):  # lists of unequal length stay lists
            x = np.asarray(x) if np.asarray(x).dtype.kind in "fiub" else x
    if not isinstance(x, np.ndarray):
        return x
    return np.array(x, np.float64 if x.dtype.kind == "f" else x.dtype, order="C")


def flat(outputs: Sequence[Any]) -> Any:
    """Return the outputs one after another as one row, in double precision."""
    row = outputs[0].reshape(-1) if len(outputs) == 1 else np.concatenate([y.reshape(-1) for y in outputs])
    return row if row.dtype.kind == "c" else row.astype(np.float64, copy=False)


def kind_of(x: Any) -> str:
    """Return what a value is, as a sentence needs it."""
    if isinstance(x, (np.ndarray, Tensor)):
        return f"{'an array' if isinstance(x, np.ndarray) else 'a tensor'} of {x.dtype}"
    return "None" if x is None else f"a {type(x).__name__}"


def parameter_names(function: Any, count: int) -> list[str]:
    """Return the names of a function's parameters, "input 0" and so on where it has none."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return [f"input {i}" for i in range(count)]
    named = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return named[:count] + [f"input {i}" for i in range(len(named[:count]), count)]
