"""The smallest example that fails in the same way: smaller axes, rounder values, fewer outputs.

    3 × 5 random numbers  →  1 × 2  →  [[0.0, 0.25]]        a wrong rule is easiest to see on two elements

A candidate counts if the check fails with the same kind of flaw and the same first guess, whatever its number:
"factor:5" may become "factor:2". A shape that the function refuses is passed over. No Hypothesis is needed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ...errors import MinigradError
from ..directions import FloatArray, is_floats
from ..point import draw
from ..report import GradReport

Rerun = Callable[[Sequence[Any], Any], GradReport]  # inputs and a cotangent to a report
SECONDS = 1.0
MOVED = ("transposed", "permuted", "inverse-permutation", "order", "flipped")  # on two by two elements they are one


class Shrinker:
    """The smallest failing example so far."""

    def __init__(self, report: GradReport, inputs: Sequence[Any], rerun: Rerun, seconds: float = SECONDS) -> None:
        self.report, self.rerun = report, rerun
        self.inputs: list[Any] = list(inputs)
        self.cotangent = report.cotangent
        self.wanted = _way_of(report)
        self.deadline = time.process_time() + seconds

    def accepts(self, inputs: Sequence[Any], cotangent: Any = "random") -> bool:
        """Take a candidate over if it fails in the same way."""
        if time.process_time() > self.deadline:
            return False
        try:
            report = self.rerun(inputs, cotangent)
            if report and isinstance(
                cotangent, str
            ):  # a small cotangent is symmetric, or a multiple of ones, by chance
                report = self.rerun(inputs, draw(report.outputs, np.random.default_rng(len(inputs))))
        except MinigradError:
            return False
        if report or _way_of(report) != self.wanted:
            return False
        self.report, self.inputs = report, list(inputs)
        self.cotangent = report.cotangent
        return True

    def shrink(self) -> GradReport:
        """Try smaller axes, then rounder values, then a cotangent that is not 0 for one output only."""
        while any(self.accepts(candidate) for candidate in shorter(self.inputs)):
            pass
        for candidates in (rounder, emptier):
            self._keep_all(candidates)
        self._one_output()
        return self.report

    def _keep_all(self, candidates: Callable[[Any], Iterator[Any]]) -> None:
        for i in range(len(self.inputs)):
            if is_floats(self.inputs[i]):
                done = 0
                while (change := next(_from(candidates(self.inputs[i]), done), None)) is not None:
                    self.accepts([change if k == i else x for k, x in enumerate(self.inputs)], self.cotangent)
                    done += 1

    def _one_output(self) -> None:
        shapes = self.report.outputs
        sizes = [int(np.prod(shape)) for shape in shapes]
        if not 1 < sum(sizes) <= 8:
            return
        for k in range(sum(sizes)):
            v = np.zeros(sum(sizes))
            v[k] = 2.0
            parts = [p.reshape(shape) for p, shape in zip(np.split(v, np.cumsum(sizes)[:-1]), shapes, strict=True)]
            if self.accepts(self.inputs, parts):
                return


def shorter(inputs: Sequence[Any]) -> Iterator[list[Any]]:
    """Yield the inputs with axes cut to length 1 or 2: all axes of one length together, then each axis alone."""
    arrays = [x for x in inputs if _is_array(x)]
    for n in sorted({n for a in arrays for n in a.shape if n > 1}, reverse=True):
        for target in _lengths(n):
            yield from _cut(inputs, target, {(i, k) for i, a in enumerate(inputs) if _is_array(a)
                                             for k, length in enumerate(a.shape) if length == n})  # fmt: skip
    for i, a in enumerate(inputs):
        for k in range(a.ndim if _is_array(a) else 0):
            for target in _lengths(a.shape[k]):
                yield from _cut(inputs, target, {(i, k)})


def _lengths(n: int) -> list[int]:
    return sorted({k for k in (1, 2, n // 2, n - 1) if 0 < k < n})


def _cut(inputs: Sequence[Any], target: int, chosen: set[tuple[int, int]]) -> Iterator[list[Any]]:
    """Yield the inputs with the chosen axes cut to their first, or their last, elements; indices may have to follow."""
    for side in (slice(None, target), slice(-target, None)):
        cut = [
            x[tuple(side if (i, k) in chosen else slice(None) for k in range(x.ndim))] if _is_array(x) else x
            for i, x in enumerate(inputs)
        ]
        yield cut
        if any(_is_array(x) and x.dtype.kind in "iu" for x in cut):
            yield [np.minimum(x, target - 1) if _is_array(x) and x.dtype.kind in "iu" else x for x in cut]


def rounder(x: FloatArray) -> Iterator[FloatArray]:
    """Yield the array rounded to whole numbers, to quarters and to sixty-fourths, where that changes it."""
    for per in (1, 4, 64):
        rounded = np.round(x * per) / per + 0.0
        if not np.array_equal(rounded, x):
            yield rounded


def emptier(x: FloatArray) -> Iterator[FloatArray]:
    """Yield the array with one element set to 0."""
    for place in np.flatnonzero(x)[:16]:
        emptied = x.copy()
        emptied.reshape(-1)[place] = 0.0
        yield emptied


def _from(candidates: Iterator[Any], start: int) -> Iterator[Any]:
    for _ in range(start):
        next(candidates, None)
    return candidates


def _way_of(report: GradReport) -> tuple[str, str]:
    first = report.diagnosis[0] if report.diagnosis else ""
    family = first.partition(":")[0]
    return report.kind, "moved" if family in MOVED else family


def _is_array(x: Any) -> bool:
    return isinstance(x, np.ndarray)
