"""What a check is asked to do: checked once, so that a misspelt option is an error and not a weaker test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import ArgumentError

CHOICES = {
    "method": ("richardson", "complex", "central"),
    "kinks": ("subgradient", "error", "skip"),
    "zero": ("alarm", "expected", "allowed"),
}


@dataclass(frozen=True)
class Settings:
    """The options of `gradcheck`, which documents them."""

    check: str = "gradcheck"
    cotangent: Any = "random"
    method: str = "richardson"
    directions: int | None = None
    kinks: str = "subgradient"
    ownership: bool = True
    determinism: int = 2
    rtol: float = 1e-6
    atol: Any = "auto"
    zero: str = "alarm"
    step: float = 1e-3
    seed: int = 0

    def __post_init__(self) -> None:
        for option, choices in CHOICES.items():
            if getattr(self, option) not in choices:
                raise self._refusal(option, " or ".join(f'"{choice}"' for choice in choices))
        if isinstance(self.cotangent, str) and self.cotangent != "random":
            raise self._refusal("cotangent", '"random" or one array per floating output')
        if self.directions is not None and not (isinstance(self.directions, int) and self.directions > 0):
            raise self._refusal("directions", "None or a positive whole number")
        if not (isinstance(self.determinism, int) and self.determinism > 0):
            raise self._refusal("determinism", "how many times to run, at least 1")
        if not self.step > 0:
            raise self._refusal("step", "a positive number")
        if self.atol != "auto" and not (isinstance(self.atol, (int, float)) and self.atol >= 0):
            raise self._refusal("atol", '"auto" or a number')

    def _refusal(self, option: str, allowed: str) -> ArgumentError:
        return ArgumentError(f"{self.check}: {option} must be {allowed}, got {getattr(self, option)!r:.60}")
