"""What a diagnosis goes by: the wrong gradient, the right one, and the function itself to try things on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..comparison import Comparison, Comparisons
from ..directions import FloatArray, coordinates
from ..flaws import Flaw
from ..point import Point
from ..settings import Settings


class Evidence:
    """One input whose gradient is wrong in every element that differs from `right`."""

    def __init__(
        self, point: Point, settings: Settings, which: int, got: FloatArray, right: FloatArray, tolerance: FloatArray
    ) -> None:
        self.point, self.settings, self.which = point, settings, which
        self.got, self.right, self.tolerance = got, right, tolerance
        self.name = point.subject.names[which]
        self.x: FloatArray = point.arrays[which]

    @cached_property
    def slack(self) -> FloatArray:
        """How far two values may be apart and still be the same."""
        sizes = np.abs(self.right[np.isfinite(self.right)])
        return np.maximum(2 * self.tolerance, 1e-6 * float(sizes.max(initial=0.0)))

    def fits(self, a: Any, b: Any = None) -> bool:
        """Say whether `a` is what it should be: the right gradient, or `b`."""
        other = self.right if b is None else b
        if np.shape(a) != np.shape(other):
            return False
        slack = self.slack if np.shape(a) == self.slack.shape else float(self.slack.max(initial=0.0))
        with np.errstate(all="ignore"):
            return bool((np.abs(a - other) <= slack).all())

    @cached_property
    def telling(self) -> int:
        """How many elements say something: those in which one of the gradients is not 0."""
        return int(((np.abs(self.got) > self.slack) | (np.abs(self.right) > self.slack)).sum())

    @property
    def y(self) -> FloatArray | None:
        """The output, if it is the only one."""
        outputs = self.point.run.outputs
        return outputs[0] if len(outputs) == 1 else None

    @property
    def dy(self) -> FloatArray:
        """The cotangent, of the first output if there are several."""
        return self.point.cotangents[0]

    @cached_property
    def pieces(self) -> FloatArray:
        """What each output contributes to each element of the right gradient: v_k ∂y_k/∂x_j, at (j, k)."""
        lines = self.point.lines()
        directions = coordinates(self.which, self.x.size)
        lengths = lines.steps(directions, 1e-4)
        slopes = [(t[:, 1] - t[:, 0]) * lines.cotangent for _, t in lines.tables(directions, lengths, (-1.0, 1.0))]
        result: FloatArray = np.concatenate(slopes) / (2 * lengths[:, None])
        return result

    def push(self, direction: FloatArray) -> FloatArray:
        """Return J u: how the outputs change along a direction through this input."""
        lines = self.point.lines()
        line = ((self.which, slice(None), direction.reshape(-1)),)
        table = next(lines.tables([line], np.array([1e-4]), (-1.0, 1.0)))[1][0]
        result: FloatArray = (table[1] - table[0]) / 2e-4
        return result

    def pull(self, cotangents: Sequence[FloatArray]) -> FloatArray | None:
        """Return this input's gradient for another cotangent, None if there is none."""
        try:
            again = Point(self.point.subject, self.point.arrays, list(cotangents))
        except Flaw:
            return None
        g = again.gradients[self.which]
        return g if g.shape == self.x.shape else None

    def right_at(self, arrays: Sequence[Any] | None = None, cotangents: Any = "random") -> bool:
        """Say whether the same gradient is right somewhere else: at other inputs, or for another cotangent."""
        try:
            there = Point(self.point.subject, self.point.arrays if arrays is None else arrays, cotangents)
            if there.gradients[self.which].shape != there.arrays[self.which].shape:
                return False
            measured = Comparisons(there, self.settings).compare(self.which).measured
        except Flaw:
            return False
        return not measured.wrong.any() and not measured.skipped.all()


def evidence_of(point: Point, comparisons: Comparisons, wrong: Comparison) -> Evidence | None:
    """Return the evidence, None if the input is too large to have been measured whole."""
    right = wrong.expected
    if right is None or not np.isfinite(right).all() or not np.isfinite(wrong.got).all():
        return None
    return Evidence(point, comparisons.settings, wrong.which, wrong.got, right, wrong.tolerance)
