"""Hypothesis, which draws the examples. It is optional: this file imports it, and says what to do if it is missing."""

from __future__ import annotations

from ..errors import MissingPackageError

try:
    from hypothesis import HealthCheck, Phase, assume, errors, given, settings, stateful
    from hypothesis import strategies as st
except ImportError as error:
    raise MissingPackageError(
        "minigrad.testing: strategies, laws over drawn examples and the stateful machine need Hypothesis\n"
        "Hint: pip install 'minigrad[testing]', or pip install hypothesis"
    ) from error

__all__ = ["HealthCheck", "Phase", "assume", "errors", "given", "settings", "st", "stateful"]
