"""Derivatives by differences, for comparison with derivatives by rules.

With a cotangent v the outputs y = f(x) become one number, s = Σ v·y. Along a line x + t u it is a function of t:

    D(h) = (s(h) - s(-h)) / 2h        the central difference; it errs by c h² + O(h⁴)
    (4 D(h/2) - D(h)) / 3             Richardson's extrapolation cancels c: about 1e-13 in float64 for smooth f
    |D(h/2) - D(h)|                   how far the two are apart says how far to trust them

Rule 4: the step starts at h = 1e-3 · max(1, |x|) and shrinks tenfold, down to a thousandth of that, while D(h) and
D(h/2) disagree; what is left of the disagreement and the rounding of s are the tolerance, which nobody has to guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from .directions import Direction, FloatArray, coordinates, is_floats, moved, projection, reach

ScalarFunction: TypeAlias = "Callable[[Sequence[FloatArray]], float]"
Evaluate: TypeAlias = "Callable[[Sequence[Any]], Any]"  # arrays to all floating outputs, one after another

STEP = 1e-3
EPS = float(np.finfo(np.float64).eps)
AT_ONCE = 250_000  # numbers in a table of outputs


@dataclass
class Slopes:
    """What differences say about the slope of s, one entry per direction."""

    value: FloatArray
    error: FloatArray  # the disagreement of two steps
    noise: FloatArray  # what the rounding of the outputs may add
    gap: FloatArray  # slope to the right minus slope to the left, of the output where they differ most; 0 if smooth


class Lines:
    """s(x) = Σ v·f(x), looked at along straight lines through the point `arrays`."""

    def __init__(self, evaluate: Evaluate, arrays: Sequence[Any], outputs: FloatArray, cotangent: FloatArray) -> None:
        self.evaluate, self.arrays, self.outputs, self.cotangent = evaluate, list(arrays), outputs, cotangent
        self.grain = EPS * np.abs(outputs)  # the rounding of each output
        self.felt = False  # whether the grain was measured
        self.coarse = False  # whether the grain was found to be coarser than float64's

    @property
    def noise(self) -> float:
        """What rounding may do to s."""
        return 64 * float(np.abs(self.cotangent) @ self.grain)

    def feel_grain(self) -> None:
        """Measure how coarsely the function computes: in float32, say, whatever the type of its outputs.

        With a tenth of the step third differences of a smooth function shrink a thousandfold; those of rounding stay.
        Their median overlooks a kink or a jump.
        """
        self.felt = True
        wide, fine = self._roughness(1e-5), self._roughness(1e-6)
        rough = (fine > 1e4 * (self.grain + EPS)) & (fine > 0.1 * wide)
        if np.isfinite(fine).all() and rough.any():
            self.grain, self.coarse = np.maximum(self.grain, fine / 16), True  # 64 · grain is 4 times what was felt

    def _roughness(self, step: float) -> Any:
        rng = np.random.default_rng(0)
        floats = [i for i, a in enumerate(self.arrays) if is_floats(a)]
        line = tuple(
            (i, slice(None), weights * np.maximum(1, np.abs(self.arrays[i].reshape(-1))))
            for which in floats
            for i, _, weights in projection(which, slice(None), self.arrays[which].size, rng)
        )
        with np.errstate(all="ignore"):
            ys = np.array([self.evaluate(moved(self.arrays, line, step * k)) for k in range(-8, 9)])
            return np.median(np.abs(np.diff(ys, 3, axis=0)), axis=0) / 4

    def steps(self, directions: Sequence[Direction], step: float) -> FloatArray:
        """Return the length of a step along each direction."""
        return np.array([step * reach(self.arrays, direction) for direction in directions])

    def tables(
        self, directions: Sequence[Direction], lengths: Any, offsets: Sequence[complex]
    ) -> Iterator[tuple[slice, Any]]:
        """Yield the outputs at `offsets` times the length along each direction: (which directions, (d, offset, m))."""
        rows = max(1, AT_ONCE // max(1, len(offsets) * self.outputs.size))
        for start in range(0, len(directions), rows):
            chunk = slice(start, min(start + rows, len(directions)))
            yield chunk, np.array([
                [self.evaluate(moved(self.arrays, direction, t * length)) for t in offsets]
                for direction, length in zip(directions[chunk], lengths[chunk], strict=True)
            ])  # fmt: skip

    def rounding(self, value: FloatArray, h: FloatArray) -> FloatArray:
        """Return what rounding may add to a slope over steps h."""
        return (self.noise + 64 * EPS * np.abs(value)) / h


def richardson(lines: Lines, directions: Sequence[Direction], step: float) -> Slopes:
    """Return central differences over h and h/2, extrapolated to h = 0."""
    h, v, y = lines.steps(directions, step), lines.cotangent, lines.outputs
    value, error, gap = (np.zeros(len(directions)) for _ in range(3))
    for chunk, table in lines.tables(directions, h, (-1.0, -0.5, 0.5, 1.0)):
        wide, narrow = (table[:, 3] - table[:, 0]) @ v / 2, (table[:, 2] - table[:, 1]) @ v
        value[chunk], error[chunk] = (4 * narrow - wide) / 3, np.abs(narrow - wide)
        bend = (4 * (table[:, 2] + table[:, 1] - 2 * y) - (table[:, 3] + table[:, 0] - 2 * y)) * v
        gap[chunk] = np.abs(bend).max(1) if bend.size else 0.0
    return Slopes(value / h, error / h, lines.rounding(value / h, h), gap / h)


def central(lines: Lines, directions: Sequence[Direction], step: float) -> Slopes:
    """Return plain central differences over a step 1/200 of `step`, where rounding and truncation are about equal."""
    h, v = lines.steps(directions, step / 200), lines.cotangent
    value, error = np.zeros(len(directions)), np.zeros(len(directions))
    for chunk, table in lines.tables(directions, h, (-2.0, -1.0, 1.0, 2.0)):
        value[chunk] = (table[:, 2] - table[:, 1]) @ v / 2
        error[chunk] = np.abs((table[:, 3] - table[:, 0]) @ v / 4 - value[chunk])
    return Slopes(value / h, error / h, lines.rounding(value / h, h), np.zeros(len(directions)))


def complex_step(lines: Lines, directions: Sequence[Direction], step: float) -> Slopes:
    """Return Im s(x + i h u) / h with h = 1e-20: no difference is taken, so nothing cancels.

    It holds for functions made of analytic NumPy functions; abs, comparisons and conjugates break it.
    Source  Squire and Trapp, "Using complex variables to estimate derivatives of real functions", 1998
    """
    h, value = np.full(len(directions), step * 1e-17), np.zeros(len(directions))
    for chunk, table in lines.tables(directions, h, (1j,)):
        value[chunk] = table[:, 0].imag @ lines.cotangent
    none = np.zeros(len(directions))
    return Slopes(value / h, none, 64 * EPS * np.abs(value / h), none)


METHODS = {"richardson": richardson, "central": central, "complex": complex_step}


def slope(f: Callable[[float], float], step: float = STEP) -> float:
    """Return f'(0) by Richardson's extrapolation.

    >>> round(slope(lambda t: 2 * t + t**3), 12)
    2.0
    """
    return float(numeric_gradient(lambda xs: f(float(xs[0])), [np.array(0.0)], 0, step))


def numeric_gradient(f: ScalarFunction, xs: Sequence[FloatArray], which: int, step: float = STEP) -> FloatArray:
    """Return the gradient of the scalar f(xs) with respect to every element of xs[which]."""
    one = np.ones(1)
    lines = Lines(lambda arrays: np.array([f(arrays)]), xs, one, one)
    return richardson(lines, coordinates(which, xs[which].size), step).value.reshape(xs[which].shape)
