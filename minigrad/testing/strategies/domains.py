"""Maps that move drawn values to where a function is defined, or smooth.

They are applied to values before these are laid out in memory: `tensors((2, 3), domain=positive)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from ..compare import NumpyArray

Domain: TypeAlias = "Callable[[NumpyArray], NumpyArray]"


def positive(x: NumpyArray) -> NumpyArray:
    """Move values above 0: |x| + 1/4. For log, sqrt and quotients."""
    return np.asarray(np.abs(x) + 0.25)


def unit(x: NumpyArray) -> NumpyArray:
    """Move values into (-1, 1): x / (1 + |x|). For asin, atanh and the like."""
    return np.asarray(x / (1 + np.abs(x)))


def probabilities(x: NumpyArray) -> NumpyArray:
    """Turn the last axis into probabilities: softmax."""
    if not x.ndim:
        return np.ones_like(x)
    e = np.exp(x - x.max(-1, keepdims=True, initial=-np.inf))
    return np.asarray(e / e.sum(-1, keepdims=True))


def spd(x: NumpyArray) -> NumpyArray:
    """Turn square matrices into symmetric positive definite ones: x xᵀ + 1. For Cholesky and inverses."""
    return np.asarray(x @ np.swapaxes(x, -1, -2) + np.eye(x.shape[-1]))


def off_kink(*kinks: float, gap: float = 0.05) -> Domain:
    """Return a map that pushes values at least `gap` away from each of `kinks` (0 by default)."""

    def pushed(x: NumpyArray) -> NumpyArray:
        for kink in kinks or (0.0,):
            x = np.where(np.abs(x - kink) < gap, np.where(x < kink, kink - gap, kink + gap), x)
        return np.asarray(x)

    return pushed
