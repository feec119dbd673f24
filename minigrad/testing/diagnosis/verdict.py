"""From a wrong gradient to what it looks like: hypotheses in the order of how much they explain.

A guess is made only if the numbers fit it to tolerance, and it is called a guess. What an experiment can decide, one
decides.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..comparison import Comparison, Comparisons
from ..flaws import Flaw, Guess
from ..measure import COARSE_RTOL, measure
from ..point import Point
from ..settings import Settings
from . import experiments, patterns
from .evidence import Evidence, evidence_of

HYPOTHESES: tuple[patterns.Hypothesis, ...] = (
    patterns.zero, patterns.single_precision, experiments.ignores_dy, patterns.sign, experiments.duplicates,
    experiments.overwrites, patterns.factor, patterns.swapped_inputs, experiments.not_the_adjoint, patterns.axes_moved,
    patterns.mask, patterns.missing_term, patterns.identity, patterns.extra_factor, experiments.ties,
    experiments.ignored_outputs, experiments.constant_cotangent, patterns.shuffled,
)  # fmt: skip
ENOUGH = 2


def diagnose(point: Point, comparisons: Comparisons, wrong: Comparison) -> tuple[Guess, ...]:
    """Return what a wrong gradient looks like, the likeliest first; nothing if no hypothesis fits."""
    if comparisons.lines.coarse and comparisons.settings.atol != "auto" and _only_rounding(comparisons, wrong):
        return (Guess("float32-noise", "forward computes in less than float64: its rounding, and not a wrong formula"),)
    evidence = evidence_of(point, comparisons, wrong)
    return () if evidence is None else guesses(evidence)


def _only_rounding(comparisons: Comparisons, wrong: Comparison) -> bool:
    """Say whether the slopes agree to the tolerance that is measured, though not to the one that was asked for."""
    settings = replace(comparisons.asked, atol="auto", rtol=COARSE_RTOL)
    return not measure(comparisons.lines, wrong.directions, wrong.measured.claimed, settings).wrong.any()


def guesses(evidence: Evidence) -> tuple[Guess, ...]:
    """Return the first hypotheses that fit."""
    with np.errstate(all="ignore"):
        found = (hypothesis(evidence) for hypothesis in HYPOTHESES)
        return tuple(itertools.islice((guess for guess in found if guess is not None), ENOUGH))


def diagnose_shape(point: Point, settings: Settings, which: int, got: Any) -> tuple[Guess, ...]:
    """Return why a gradient has the wrong shape, tried on the numbers: which sum would make it right?"""
    shape = point.arrays[which].shape
    gradients = {**point.gradients, which: np.zeros(shape)}
    try:
        comparisons = Comparisons(point, settings, gradients)
        right = comparisons.compare(which)
    except Flaw:
        return ()
    if right.expected is None:
        return ()
    evidence = Evidence(point, settings, which, np.zeros(shape), right.expected, right.tolerance)
    if got.size == evidence.right.size and evidence.fits(got.reshape(shape)):
        more = got.ndim > len(shape)
        return (
            Guess(
                f"{'kept' if more else 'dropped'}-axis",
                f"the values are right, an axis of length 1 is {'too many' if more else 'lost'}",
            ),
        )
    for axes in _subsets(got.ndim):
        for keep in (False, True):
            if evidence.fits(got.sum(axes, keepdims=keep)):
                return (missing_sum(axes),)
    for order in itertools.permutations(range(got.ndim)):
        if evidence.fits(got.transpose(order)):
            told = ",".join(map(str, np.argsort(order)))
            return (
                Guess(
                    f"permuted:{told}",
                    "the values are right, the axes are in another order: the permutation instead of its inverse",
                ),
            )
    return ()


def missing_sum(axes: Sequence[int]) -> Guess:
    """Return the guess that a sum over axes is missing."""
    told = ",".join(map(str, axes))
    return Guess(f"missing-sum:{told}", f"summed over axis {told} it would be right: the input was broadcast along it")


def diagnose_refusal(error: BaseException | None) -> tuple[Guess, ...]:
    """Return why the engine refused a rule's gradient, from the two shapes that it names."""
    found = re.search(r"returned a gradient of shape \((.*?)\) for an input of shape \((.*?)\)", str(error))
    if found is None:
        return ()
    got, right = (tuple(int(n) for n in sizes.split(",") if n.strip()) for sizes in found.groups())
    extra = len(got) - len(right)
    if extra >= 0 and all(b in (a, 1) for a, b in zip(got[extra:], right, strict=True)):
        axes = [*range(extra), *(k + extra for k, b in enumerate(right) if b == 1 and got[k + extra] != 1)]
        lengths = [got[k] for k in axes]
        return (
            missing_sum(axes)
            if any(n != 1 for n in lengths)
            else Guess("kept-axis", "an axis of length 1 is too many"),
        )
    if [n for n in got if n != 1] == [n for n in right if n != 1]:
        return (
            Guess(
                "dropped-axis", "an axis of length 1 is lost: sum with keepdim=True, or reshape to the input's shape"
            ),
        )
    return ()


def _subsets(n: int) -> Any:
    return itertools.chain.from_iterable(itertools.combinations(range(n), k) for k in range(1, n + 1))
