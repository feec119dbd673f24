"""What can be wrong with a gradient, as one object: the kind, the sentence, the hint, and what it looks like.

A check stops at the first flaw it finds, so a flaw is an exception inside the check; outside it is part of the report.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Guess:
    """A cause that the evidence fits. The code is stable: "missing-sum:0", "factor:2"."""

    code: str
    sentence: str


class Flaw(Exception):
    """Something that a check found wrong.

    The kind is one of raises, output, nondeterministic, layout, mutation, alias, count, shape, dtype, device, kink,
    value, symmetry, vacuous, nonzero.
    """

    def __init__(
        self, kind: str, sentence: str, hint: str = "", guesses: tuple[Guess, ...] = (), **evidence: Any
    ) -> None:
        super().__init__(sentence)
        self.kind, self.sentence, self.hint, self.guesses, self.evidence = kind, sentence, hint, guesses, evidence
