"""A function at one point: its outputs, a cotangent, the gradients that backward gives, and lines to measure along."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from ..backend import is_array, to_numpy
from ..errors import ArgumentError
from .adapters.subject import Forward, Subject, flat
from .directions import FloatArray
from .flaws import Flaw
from .numeric import Lines

R = TypeVar("R")


class Point:
    """One forward and one backward of a subject, at `arrays`."""

    def __init__(self, subject: Subject, arrays: Sequence[Any], cotangent: Any = "random", seed: int = 0) -> None:
        self.subject, self.arrays = subject, list(arrays)
        self.run: Forward = guarded("forward", lambda: subject.forward(self.arrays))
        _check_finite(self.run.outputs)
        self.cotangents = _cotangents(subject, self.run.outputs, cotangent, np.random.default_rng(seed))
        self.given = self.fresh_cotangents()
        self.raw = self.pull(self.run, self.given)

    def pull(self, run: Forward, cotangents: Sequence[FloatArray]) -> list[Any]:
        """Run backward."""
        raw = guarded("backward", lambda: self.subject.backward(run, cotangents))
        return [_as_gradient(self.subject.names[i], g) for i, g in zip(self.subject.wrt, raw, strict=True)]

    def fresh_cotangents(self) -> list[FloatArray]:
        """Return the cotangents as arrays that backward may spoil."""
        return [v.astype(y.dtype) for v, y in zip(self.cotangents, self.run.outputs, strict=True)]

    @property
    def gradients(self) -> dict[int, FloatArray]:
        """The gradient for each input that is checked: zeros where there is none."""
        return {
            i: np.zeros(self.arrays[i].shape) if g is None else np.asarray(to_numpy(g), np.float64)
            for i, g in zip(self.subject.wrt, self.raw, strict=True)
        }

    def lines(self) -> Lines:
        """Return the scalar Σ v·f along lines through this point."""

        def evaluate(arrays: Sequence[Any]) -> Any:
            return guarded("forward", lambda: self.subject.evaluate(arrays))

        v = np.concatenate([v.reshape(-1) for v in self.cotangents])
        return Lines(evaluate, self.arrays, flat(self.run.outputs), v)


def guarded(what: str, call: Callable[[], R]) -> R:
    """Return what a call returns; an exception that it raises is a flaw of the function under check."""
    try:
        with np.errstate(all="ignore"):  # an infinity or a NaN is told as such
            return call()
    except Flaw:
        raise
    except Exception as error:
        if type(error).__module__.startswith("hypothesis"):
            raise  # an assumption of a property test, not an error
        raise Flaw(
            "raises", f"{what} raised {type(error).__name__}: {error}",
            "the traceback above leads to the line; try the function alone on the same inputs",
            what=what, cause=error,
        ) from error  # fmt: skip


def draw(shapes: Sequence[tuple[int, ...]], rng: np.random.Generator) -> list[FloatArray]:
    """Return a cotangent per output: small whole numbers, no zeros, not all alike; for a single number never 1.

    Few numbers are all different: a cotangent that happens to be symmetric would hide a transposed gradient.
    """
    sizes = [int(np.prod(shape)) for shape in shapes]
    total = sum(sizes)
    values = [-2.0, -1.0, 2.0] if total == 1 else [-3.0, -2.0, -1.0, 1.0, 2.0, 3.0]
    v = rng.choice(values, total, replace=total > len(values))
    if total > 1 and (v == v[0]).all():
        v[0] = -v[0]
    parts = np.split(v, np.cumsum(sizes)[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


def _cotangents(
    subject: Subject, outputs: Sequence[FloatArray], asked: Any, rng: np.random.Generator
) -> list[FloatArray]:
    shapes = [y.shape for y in outputs]
    if isinstance(asked, str):
        return draw(shapes, rng)
    several = asked if isinstance(asked, (tuple, list)) else [asked]
    vs = [np.array(to_numpy(v.array) if hasattr(v, "array") else v, np.float64) for v in several]
    if [v.shape for v in vs] != shapes:
        raise ArgumentError(
            f"{subject.check}: cotangent has shapes {[v.shape for v in vs]}, the outputs have {shapes}\n"
            "Hint: pass one array per floating output, of its shape"
        )
    return vs


def _as_gradient(name: str, g: Any) -> Any:
    if g is None or is_array(g):
        return g
    if isinstance(g, (int, float)):
        return np.asarray(g, np.float64)
    raise Flaw("count", f"the gradient of {name} is a {type(g).__name__}, not an array", "return an array")


def _check_finite(outputs: Sequence[FloatArray]) -> None:
    for k, y in enumerate(outputs):
        bad = ~np.isfinite(y)
        if bad.any():
            at = tuple(int(n) for n in np.argwhere(bad)[0])
            which = f"output {k}" if len(outputs) > 1 else "the output"
            place = f" at {list(at)}" if at else ""
            raise Flaw(
                "output", f"{which} is {y[at]}{place}, and {int(bad.sum())} of {y.size} elements are not finite",
                "check at inputs inside the function's domain: no log of 0, no division by 0, nothing that overflows",
            )  # fmt: skip
