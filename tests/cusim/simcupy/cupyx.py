"""The package beside CuPy: pinned memory, and what is CuPy's own."""

from __future__ import annotations

import warnings
from types import ModuleType
from typing import Any

import numpy as np

from . import index
from .array import Pinned, ndarray
from .linalg import errstate


def empty_pinned(shape: Any, dtype: Any = float, order: str = "C") -> Any:
    """Return host memory that the device may copy from in its own time."""
    return np.empty(shape, dtype, order).view(Pinned)  # type: ignore[call-overload]


def zeros_pinned(shape: Any, dtype: Any = float, order: str = "C") -> Any:
    """Return such memory, zeroed."""
    return np.zeros(shape, dtype, order).view(Pinned)  # type: ignore[call-overload]


def empty_like_pinned(a: Any, dtype: Any = None, order: str = "K", subok: Any = None, shape: Any = None) -> Any:
    """Return such memory, like an array of either side."""
    return empty_pinned(a.shape if shape is None else shape, dtype or a.dtype)


def scatter_add(a: ndarray, slices: Any, value: Any) -> None:
    """Do a[slices] += value, once for every time that an element is named."""
    warnings.warn(
        "`ndarray.scatter_add` is deprecated. Please use `cupy.add.at` instead.", DeprecationWarning, stacklevel=2
    )
    index.scatter(a, slices, value, "add")


CUPYX = ModuleType("cupyx")
for _call in (empty_pinned, zeros_pinned, empty_like_pinned, scatter_add, errstate):
    setattr(CUPYX, _call.__name__, _call)
