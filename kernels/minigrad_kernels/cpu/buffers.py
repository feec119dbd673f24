"""Memory as kernels want it: new for their results, in one place so that it can be reused some day, and dense."""

from __future__ import annotations

from typing import Any

import numpy as np

FLOAT32 = np.dtype("float32")


def out(shape: int | tuple[int, ...]) -> Any:
    """Return an array of float32 for a result. What it holds is undefined until a kernel has written all of it."""
    return np.empty(shape, FLOAT32)


def dense(x: Any, shape: tuple[int, ...]) -> Any:
    """Return x in the given shape: a view, or a copy if its memory is not contiguous or may not be written to.

    Numba would compile every kernel again for memory of another kind; a copy is sooner made.
    """
    if not x.flags.carray:
        x = x.copy()
    return x if x.shape == shape else x.reshape(shape)


def flat(x: Any) -> Any:
    """Return x as a vector: see `dense`."""
    return dense(x, (x.size,))
