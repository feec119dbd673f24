"""The error function and its complement on the GPU, each in one pass."""

from __future__ import annotations

from typing import Any

from .elementwise import elementwise
from .program import Program

PROGRAM = Program("error_function")


def erf_forward(x: Any) -> Any:
    """Return erf(x)."""
    return elementwise(PROGRAM, "error_function", x)


def erfc_forward(x: Any) -> Any:
    """Return 1 - erf(x)."""
    return elementwise(PROGRAM, "complement", x)
