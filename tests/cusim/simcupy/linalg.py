"""Linear algebra. A matrix that has no inverse, or is not positive definite, is no error on a GPU: the result is nonsense.

CuPy does not look at what the solver reports, for that would make the host wait, unless `cupyx.errstate(linalg="raise")`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .array import ndarray
from .functions import function
from .ledger import LEDGER
from .names import entries
from .operations import perform

SOLVERS = ("cholesky", "inv", "solve")
_state = {"linalg": "ignore"}


@contextmanager
def errstate(*, linalg: str | None = None, **others: Any) -> Iterator[None]:
    """Choose whether a failure of a solver is looked at, with "raise", or not, with "ignore"."""
    if any(value is not None for value in others.values()):
        raise NotImplementedError
    before = _state["linalg"]
    _state["linalg"] = linalg or before
    try:
        yield
    finally:
        _state["linalg"] = before


def solver(name: str) -> Callable[..., Any]:
    """Return a function whose failure shows in its values alone."""
    signature = entries()[f"linalg.{name}"].signature

    def run(*args: Any, **options: Any) -> Any:
        bound = signature.bind(*args, **options)
        arrays = [x.array for x in bound.args if isinstance(x, ndarray)]
        if len(arrays) != len(bound.args):
            raise TypeError(f"cupy.linalg.{name} takes arrays of the device")
        if _state["linalg"] == "raise":
            LEDGER.wait(name)
            return perform(lambda: getattr(np.linalg, name)(*arrays), [])
        return perform(lambda: _silently(name, *arrays), [])

    return run


def _silently(name: str, *arrays: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Solve; where a matrix of a batch cannot be solved, its result is NaN and the others are right."""
    try:
        return getattr(np.linalg, name)(*arrays)  # type: ignore[no-any-return]
    except np.linalg.LinAlgError:
        a, *rest = arrays
        if a.ndim == 2:
            shape = rest[0].shape if rest else a.shape
            return np.full(shape, np.nan, np.result_type(*arrays, np.float32))
        return np.stack([_silently(name, *(x[i] for x in arrays)) for i in range(len(a))])


def attribute(name: str) -> Any:
    """Return what `cupy.linalg.name` is."""
    entry = entries().get(f"linalg.{name}")
    if entry is None:
        raise AttributeError(f"module 'cupy.linalg' has no attribute {name!r}")
    if name in SOLVERS:
        return solver(name)
    value = getattr(np.linalg, name)
    return value if entry.parameters is None else function(entry, value)
