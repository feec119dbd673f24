"""Backward's gradient of one input beside differences, element by element or along random directions."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .directions import FEW, PROJECTIONS, Direction, FloatArray, coordinate, coordinates, projections, rate, search
from .kinks import ties
from .measure import SHRINK, Measured, effective, measure
from .numeric import Lines
from .point import Point
from .report import Covered, Entry
from .settings import Settings

MOST = 1024  # elements of a large input that are all measured when it is wrong, to see a pattern
PATIENCE = 1.0  # seconds for that


@dataclass
class Comparison:
    """What one input's gradient is, what it should be, and where they differ."""

    which: int
    name: str
    got: FloatArray
    directions: list[Direction]
    measured: Measured
    elements: bool

    @property
    def expected(self) -> FloatArray | None:
        """The numeric gradient, if every element was measured."""
        if not self.elements or len(self.directions) != self.got.size:
            return None
        return self.measured.value.reshape(self.got.shape)

    @property
    def tolerance(self) -> FloatArray:
        """The tolerance of each element of `expected`."""
        return self.measured.tolerance.reshape(self.got.shape)

    def entries(self) -> list[tuple[float, Entry]]:
        """Return the wrong elements, each with how wrong it is in tolerances."""
        m = self.measured
        return [
            (
                float(m.excess[j]),
                Entry(self.name, self._index(j), *map(float, (m.claimed[j], m.value[j], m.tolerance[j]))),
            )
            for j in map(int, np.flatnonzero(m.wrong))
        ]

    def _index(self, j: int) -> tuple[int, ...] | None:
        if not self.elements:
            return None
        return tuple(int(n) for n in np.unravel_index(self.directions[j][0][1].start, self.got.shape))

    def covered(self, lines: Lines, settings: Settings) -> Covered:
        """Return what was looked at."""
        m = self.measured
        size = np.abs(m.value[np.isfinite(m.value)])
        largest = float(size.max()) if size.size else 0.0
        right = np.abs(m.claimed - m.value)[~(m.wrong | m.kinked | m.skipped)]
        return Covered(
            self.name, self.got.shape, len(self.directions), self.elements, int(m.wrong.sum()), int(m.kinked.sum()),
            int(m.skipped.sum()), largest, float(right.max()) if right.size else 0.0,
            flat=largest <= 10 * lines.noise / settings.step and not m.kinked.any(),
        )  # fmt: skip


class Comparisons:
    """The comparisons of all inputs at one point. They share what is found out about the function's precision."""

    def __init__(self, point: Point, settings: Settings, gradients: dict[int, FloatArray] | None = None) -> None:
        self.point, self.asked, self.lines = point, settings, point.lines()
        self.gradients = point.gradients if gradients is None else gradients
        self.rng = np.random.default_rng(settings.seed + 1)

    def compare(self, which: int) -> Comparison:
        """Compare the gradient of one input with differences."""
        got = self.gradients[which]
        few = self.settings.directions is None and got.size <= FEW
        many = min(self.settings.directions or PROJECTIONS, got.size)
        directions = coordinates(which, got.size) if few else projections(which, got.size, many, self.rng)
        measured = self.measure(directions)
        if measured.wrong.any() and not few:
            directions, measured, few = self._trace(which, got.size, directions, measured)
        return Comparison(
            which, self.point.subject.names[which] if measured.wrong.any() else "", got, directions, measured, few
        )

    def measure(self, directions: Sequence[Direction]) -> Measured:
        """Measure along directions."""
        claimed = np.array([rate(self.gradients, direction) for direction in directions])
        return measure(self.lines, directions, claimed, self.asked)

    @property
    def settings(self) -> Settings:
        """The settings, as the function's precision allows them."""
        return effective(self.lines, self.asked)

    def _trace(
        self, which: int, size: int, directions: list[Direction], measured: Measured
    ) -> tuple[list[Direction], Measured, bool]:
        """Return the elements that make a large input wrong: all, if that takes no longer than a second, else a few."""
        start = time.process_time()
        self.measure(directions[:1])
        each = (time.process_time() - start) / len(SHRINK)
        if size <= MOST and each * size < PATIENCE:
            chosen = coordinates(which, size)
        else:
            places = search(which, size, lambda ds: list(self.measure(ds).wrong), self.rng)
            chosen = [coordinate(which, place) for place in sorted(places)]
        traced = self.measure(chosen)
        return (chosen, traced, True) if traced.wrong.any() else (directions, measured, False)

    def tied(self, found: Sequence[Comparison]) -> tuple[list[Direction], Measured] | None:
        """Return the groups of equal elements at kinks, moved together, if one of them is wrong."""
        values = np.concatenate([self._kinked(c) for c in found])
        groups = ties({c.which: self.point.arrays[c.which].reshape(-1) for c in found}, map(float, values))
        if not groups:
            return None
        measured = self.measure(groups)
        return (groups, measured) if measured.wrong.any() else None

    def _kinked(self, found: Comparison) -> FloatArray:
        """Return the values that may be tied: those at a kink; of a large input, its commonest ones."""
        x: FloatArray = self.point.arrays[found.which].reshape(-1)
        if found.elements:
            return x[[found.directions[int(j)][0][1].start for j in np.flatnonzero(found.measured.kinked)]]
        values, counts = np.unique(x, return_counts=True)
        often: FloatArray = values[np.argsort(-counts)][: 3 * int(counts.max(initial=0) > 1)]
        return often
