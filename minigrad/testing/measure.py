"""Backward's slopes beside the differences' slopes: which agree, to what tolerance, and which cannot be compared.

    tolerance = 64 ε Σ|v·y| / h + 4 |D(h) - D(h/2)| + rtol · max(|slope|, the largest slope of this input)

The first two terms are measured, and printed in the report; with `atol=` a number they are replaced by it. A slope that
agrees over the first step is settled. The others are measured over smaller steps, then with kinks in mind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .directions import Direction, FloatArray
from .kinks import AROUND, BENT, around, one_sided
from .numeric import METHODS, Lines
from .settings import Settings

SHRINK = (1.0, 0.1, 0.01, 0.001)
COARSE_STEP, COARSE_RTOL = 1e-2, 1e-4  # for functions that compute in float32
UNSETTLED = 1e-3  # differences that disagree by more than this part of the slope are no measurement


@dataclass
class Measured:
    """What differences say along some directions, and how it compares; one entry per direction."""

    claimed: FloatArray  # backward's slopes
    value: FloatArray
    tolerance: FloatArray
    wrong: Any  # bools, as are the next two
    kinked: Any
    skipped: Any  # the function jumps, leaves its domain or is too wild here: nothing to compare with

    @property
    def excess(self) -> FloatArray:
        """How wrong each slope is, in tolerances."""
        with np.errstate(all="ignore"):
            excess = np.abs(self.claimed - self.value) / np.maximum(self.tolerance, 1e-300)
        return np.asarray(np.where(self.wrong, np.where(np.isnan(excess), np.inf, excess), 0.0))


class _Best:
    """The most trustworthy measurement so far of each slope."""

    def __init__(self, count: int) -> None:
        self.value, self.error, self.noise = (np.full(count, x) for x in (np.nan, np.inf, np.inf))
        self.gap = np.zeros(count)

    def update(
        self, where: Any, lines: Lines, directions: Sequence[Direction], settings: Settings, step: float
    ) -> None:
        """Measure some of the slopes over another step, and keep what is better than before."""
        found = METHODS[settings.method](lines, directions, step)
        total = np.where(np.isfinite(found.value), found.error + found.noise, np.inf)
        keep = total < self.error[where] + self.noise[where]
        chosen = where[keep]
        self.value[chosen], self.error[chosen] = found.value[keep], found.error[keep]
        self.noise[chosen], self.gap[where] = found.noise[keep], found.gap

    def scale(self) -> float:
        """Return the size of the largest slope."""
        sizes = np.abs(self.value[np.isfinite(self.value)])
        return float(sizes.max()) if sizes.size else 0.0


def effective(lines: Lines, settings: Settings) -> Settings:
    """Return the settings as the function's precision allows them: longer steps over a coarse grain."""
    if not lines.coarse:
        return settings
    rtol = max(settings.rtol, COARSE_RTOL) if settings.atol == "auto" else settings.rtol
    return replace(settings, step=COARSE_STEP, rtol=rtol)


def measure(
    lines: Lines, directions: Sequence[Direction], claimed: FloatArray, settings: Settings, scale: float = 0.0
) -> Measured:
    """Compare the slopes that backward claims with differences, over smaller steps where they do not agree.

    What does not agree leads to the question of how finely the function computes: rounding looks like kinks.
    """
    wanted, settings = settings, effective(lines, settings)
    best, pending = _Best(len(directions)), np.arange(len(directions))
    with np.errstate(all="ignore"):
        for shrink in SHRINK:
            best.update(pending, lines, [directions[int(j)] for j in pending], settings, settings.step * shrink)
            scale = max(scale, best.scale())
            tolerance = _tolerance(best, settings, scale, 0.0)
            pending = pending[~(np.abs(claimed - best.value) <= tolerance)[pending]]
            if not pending.size:
                break
        if pending.size and not lines.felt and settings.method != "complex":
            lines.feel_grain()
            if lines.coarse:
                return measure(lines, directions, claimed, wanted)
        tolerance = _tolerance(best, settings, scale, 4.0)
        size = np.maximum(np.abs(best.value), scale)
        unsettled = ~(best.error <= UNSETTLED * size + best.noise)
        wrong = np.zeros(len(directions), bool)
        wrong[pending] = (~(np.abs(claimed - best.value) <= tolerance) | unsettled)[pending]
        kinked = best.gap > BENT * size + 4 * best.noise
        result = Measured(claimed, best.value, tolerance, wrong, kinked, np.zeros(len(directions), bool))
        _look_closer(lines, directions, result, settings, unsettled, scale)
    return result


def _tolerance(best: _Best, settings: Settings, scale: float, trust: float) -> FloatArray:
    size = np.abs(best.value)
    if settings.atol != "auto":
        return np.asarray(settings.atol + settings.rtol * size)
    return np.asarray(best.noise + trust * best.error + settings.rtol * np.maximum(size, scale))


def _look_closer(
    lines: Lines, directions: Sequence[Direction], result: Measured, settings: Settings, unsettled: Any, scale: float
) -> None:
    """Take from the wrong slopes those that a kink explains, and those that cannot be measured."""
    strict = settings.kinks != "subgradient"
    for j in map(int, np.flatnonzero(result.wrong | (result.kinked if strict else False))):
        outside, result.kinked[j], result.skipped[j] = _at_a_kink(
            lines, directions[j], result.claimed[j], settings, scale, bool(unsettled[j])
        )
        excused = result.skipped[j] or (not outside and (result.kinked[j] or unsettled[j]))
        result.wrong[j] &= not excused
    if lines.coarse:
        return
    rng = np.random.default_rng(settings.seed)
    for j in sorted(map(int, np.flatnonzero(result.wrong)), key=lambda j: -result.excess[j]):
        low, high = around(lines, directions[j], rng)
        slack = lines.noise / (AROUND / 100) + settings.rtol * max(abs(low), abs(high), scale) + _given(settings)
        if not (low - slack <= result.claimed[j] <= high + slack and high - low > 4 * slack):
            break  # this one is wrong, whatever the others are
        result.wrong[j], result.kinked[j] = False, True


def _at_a_kink(
    lines: Lines, direction: Direction, claimed: float, settings: Settings, scale: float, unsettled: bool
) -> tuple[bool, bool, bool]:
    """Return whether the claim lies outside the one-sided slopes, whether they differ, and whether they say nothing."""
    fine = settings.step * (1.0 if lines.coarse else SHRINK[-1])
    (low, high), kink, jump = one_sided(lines, direction, fine)
    before, _, _ = one_sided(lines, direction, 10 * fine)
    error = max(abs(low - before[0]), abs(high - before[1]))
    size = max(abs(low), abs(high), scale)
    slack = lines.noise / fine + settings.rtol * size + _given(settings)
    if (kink and settings.kinks == "skip") or (unsettled and (jump or not error <= 1e-2 * size + slack)):
        return False, kink and not jump, True
    slack += 4 * error
    return not low - slack <= claimed <= high + slack, kink, False


def _given(settings: Settings) -> float:
    return 0.0 if settings.atol == "auto" else float(settings.atol)
