"""Two results held against each other, and the sentence that says where they differ."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import LawError
from ..tensor import Tensor

NumpyArray = np.ndarray[Any, Any]


def several(result: Any) -> list[Any]:
    """Return a result as a list: one tensor, or a tuple of them."""
    return list(result) if isinstance(result, (tuple, list)) else [result]


def floating(result: Any) -> list[Tensor]:
    """Return the floating tensors in a result."""
    return [y for y in several(result) if isinstance(y, Tensor) and y.is_floating_point()]


def arrays_of(result: Any) -> list[NumpyArray]:
    """Return the arrays in a result."""
    return [y.numpy() if isinstance(y, Tensor) else np.asarray(y) for y in several(result)]


def check_close(law: str, what: str, got: Any, expected: Any, rtol: float, atol: float, hint: str = "") -> None:
    """Check that two results are of one shape and agree to rtol·|expected| + atol; NaN equals NaN.

    Raises  LawError naming `law`, the worst element of `what`, and both values
    """
    ours, theirs = arrays_of(got), arrays_of(expected)
    if len(ours) != len(theirs):
        raise LawError(_message(law, f"{what}: got {len(ours)} results, expected {len(theirs)}", hint))
    for i, (y, e) in enumerate(zip(ours, theirs, strict=True)):
        name = what if len(ours) == 1 else f"{what} {i}"
        if y.shape != e.shape:
            raise LawError(_message(law, f"{name} has shape {y.shape}, expected {e.shape}", hint))
        bad = ~np.isclose(y, e, rtol=rtol, atol=atol, equal_nan=True)
        if bad.any():
            raise LawError(_message(law, f"{name}, shape {y.shape}: {_worst(y, e, bad)}", hint))


def _message(law: str, told: str, hint: str) -> str:
    return f"{law}: {told}" + (f"\nHint: {hint}" if hint else "")


def _worst(y: NumpyArray, e: NumpyArray, bad: NumpyArray) -> str:
    """Say how many elements are wrong, and which one the most."""
    with np.errstate(all="ignore"):
        gap = np.where(bad, np.nan_to_num(np.abs(np.subtract(y, e, dtype=np.float64)), nan=np.inf), -1.0)
    at = tuple(int(n) for n in np.unravel_index(int(gap.argmax()), gap.shape))
    worst = f"{y[at]:.10g}, expected {e[at]:.10g}"
    return f"{int(bad.sum())} of {y.size} elements differ, most at {at}: got {worst}"
