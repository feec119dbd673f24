"""The same values in different memory: contiguous or not, forwards or backwards, writable or not.

An op must not care. One that reads memory in the order it lies in, or that writes to what it was given, works on
fresh C-ordered arrays, which is all that most tests ever pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .compare import NumpyArray


def rows_first(a: NumpyArray) -> NumpyArray:
    """Copy to row-major memory."""
    return np.array(a, order="C")


def columns_first(a: NumpyArray) -> NumpyArray:
    """Copy to column-major memory."""
    return np.array(a, order="F")


def strided(a: NumpyArray) -> NumpyArray:
    """Copy to every second place of a larger memory."""
    return _filled(np.zeros(tuple(2 * n for n in a.shape), a.dtype)[_steps(2, a)], a)


def backwards(a: NumpyArray) -> NumpyArray:
    """Copy to memory that runs backwards along every axis."""
    return _filled(np.zeros(a.shape, a.dtype)[_steps(-1, a)], a)


def read_only(a: NumpyArray) -> NumpyArray:
    """Copy to memory that cannot be written to."""
    return _locked(np.array(a))


def repeated(a: NumpyArray) -> NumpyArray:
    """Let every element of the first axis be one and the same memory: its values become those of the first."""
    return np.broadcast_to(np.array(a[:1]), a.shape) if a.ndim and a.size else np.array(a)


def scrambled(a: NumpyArray) -> NumpyArray:
    """Copy to memory that is neither contiguous nor forwards nor writable."""
    if a.ndim == 0:
        return a
    store = np.empty((*a.shape[:-1], 2 * a.shape[-1]), a.dtype)[..., ::-2].T.copy().T
    store[...] = a
    return _locked(_filled(np.empty_like(store)[::-1], store))


LAYOUTS: dict[str, Callable[[NumpyArray], NumpyArray]] = {
    "C": rows_first,
    "F": columns_first,
    "strided": strided,
    "negative": backwards,
    "readonly": read_only,
    "broadcast": repeated,
}


def _steps(step: int, a: NumpyArray) -> Any:
    """Return the index that walks every axis in steps; the dots make it a view, even of one number."""
    return (..., *(slice(None, None, step) for _ in a.shape))


def _filled(store: NumpyArray, a: NumpyArray) -> NumpyArray:
    store[...] = a
    return store


def _locked(a: NumpyArray) -> NumpyArray:
    a.flags.writeable = False
    return a
