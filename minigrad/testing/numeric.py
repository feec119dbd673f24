"""Derivatives by differences, for comparison with derivatives by rules.

The central difference D(h) = (f(x + h) - f(x - h)) / 2h errs by c h² + O(h⁴). Two of them cancel the first term:
(4 D(h/2) - D(h)) / 3, Richardson's extrapolation, good to about 1e-12 in float64 for smooth f.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

FloatArray: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"
ScalarFunction: TypeAlias = "Callable[[Sequence[FloatArray]], float]"

STEP = 1e-3


def slope(f: Callable[[float], float], step: float = STEP) -> float:
    """Return f'(0)."""

    def central(h: float) -> float:
        return (f(h) - f(-h)) / (2 * h)

    return (4 * central(step / 2) - central(step)) / 3


def numeric_gradient(f: ScalarFunction, xs: Sequence[FloatArray], which: int, step: float = STEP) -> FloatArray:
    """Return the gradient of the scalar f(xs) with respect to every element of xs[which]."""
    gradient = np.zeros(xs[which].shape)
    for place in np.ndindex(gradient.shape):

        def along(t: float, place: tuple[int, ...] = place) -> float:
            moved = [x.copy() if i == which else x for i, x in enumerate(xs)]
            moved[which][place] += t
            return f(moved)

        gradient[place] = slope(along, step)
    return gradient
