"""Where a function has no derivative, and what backward may answer there.

    one-sided slopes  d⁻, d⁺ of each output, over steps that shrink: at a kink they differ, and go on differing
    rule 5            at a kink the answer must lie in Σ v_k [min(d⁻, d⁺), max(d⁻, d⁺)], the hull of the slopes there
    rule 6            elements with equal values are moved together too: max, sort and pooling are smooth along that
                      line, so the sum of a tie's gradients is known though each of them alone is free

The hull is taken per output, before the cotangent mixes them: a difference of the sums would cancel what belongs
together. So relu'(0) may be anything from 0 to 1, and the first of the largest elements may take all of the gradient
or share it, while two full gradients for one maximum are found out.

Source  Clarke, "Optimization and nonsmooth analysis", 1983: the generalised gradient, a hull of limits of gradients
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .directions import Direction, FloatArray, is_floats, moved
from .numeric import EPS, Lines

AROUND = 1e-7  # how far around a point its neighbours are
BENT = 1e-4  # slopes that differ by less than this part of the largest are taken as one slope
Interval = tuple[float, float]


def one_sided(lines: Lines, direction: Direction, step: float) -> tuple[Interval, bool, bool]:
    """Return the interval that the slopes on both sides span, whether there is a kink, and whether an output jumps."""
    h = lines.steps([direction], step)
    y, v = lines.outputs, lines.cotangent
    table = next(lines.tables([direction], h, (-1.0, -0.5, 0.5, 1.0)))[1][0]
    left, right = 4 * (y - table[1]) - (y - table[0]), 4 * (table[2] - y) - (table[3] - y)
    jumps = _jumps(y - table[1], y - table[0], lines.grain) | _jumps(table[2] - y, table[3] - y, lines.grain)
    left, right = np.where(np.isfinite(left), left, right) / h[0], np.where(np.isfinite(right), right, left) / h[0]
    both = np.abs(right - left) > BENT * np.maximum(np.abs(right), np.abs(left)) + 512 * lines.grain / h[0]
    middle = (left + right) / 2
    low = np.where(both, np.minimum(v * left, v * right), v * middle)
    high = np.where(both, np.maximum(v * left, v * right), v * middle)
    seen = v != 0
    return (float(low[seen].sum()), float(high[seen].sum())), bool(both[seen].any()), bool(jumps[seen].any())


def _jumps(near: Any, far: Any, grain: Any) -> Any:
    """Say where an output moves as far in half a step as in a whole one."""
    return (np.abs(far) > 1e4 * (grain + EPS)) & (np.abs(near) > 0.9 * np.abs(far))


def around(lines: Lines, direction: Direction, rng: np.random.Generator, pairs: int = 16) -> Interval:
    """Return the interval of slopes at random points close by, where no two values tie any more.

    It holds answers that no one-sided slope shows: with three equal values, moving one of them never moves the median,
    and yet the median is one of them.
    """
    low, high = np.full(lines.outputs.shape, np.inf), np.full(lines.outputs.shape, -np.inf)
    h = float(lines.steps([direction], AROUND / 100)[0])
    for _ in range(pairs):
        shift = [
            AROUND * np.maximum(1, np.abs(a)) * rng.uniform(-1, 1, a.shape) if is_floats(a) else None
            for a in lines.arrays
        ]
        for sign in (1, -1):
            near = [a if s is None else a + sign * s for a, s in zip(lines.arrays, shift, strict=True)]
            ends = [lines.evaluate(moved(near, direction, t)) for t in (-h, h)]
            here = lines.cotangent * (ends[1] - ends[0]) / (2 * h)
            low, high = np.fmin(low, here), np.fmax(high, here)
    return float(low.sum()), float(high.sum())


def ties(arrays: dict[int, FloatArray], values: Iterable[float]) -> list[Direction]:
    """Return for each of the values that several elements share the direction that moves all of these.

    The elements may belong to different inputs: maximum(a, b) where a = b. All must move: with three equal values, two
    of them leave the median where it is.
    """
    groups = []
    for value in sorted(set(values)):
        places = {which: np.flatnonzero(a == value) for which, a in arrays.items()}
        if sum(some.size for some in places.values()) > 1:
            groups.append(tuple((which, some, 1.0) for which, some in places.items() if some.size))
    return groups
