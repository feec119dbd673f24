"""A submission graded: every property of every function, with inputs that nobody has seen before.

    seed = HMAC(secret, submission, assignment, property)       the same submission gets the same grade again
    one process per function                                    what one function does, the others don't feel
    time for the whole ÷ number of functions                    a slow function cannot take another's time
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ArgumentError
from .assignment import Assignment
from .mistakes import MOST, Recorder, name_of
from .properties import Failure, Property
from .sandbox.guard import ALLOWED
from .scan import notes
from .worker import Limits, Worker

WHOLE = 50.0  # seconds for one submission
QUICK, LONG = 8, 1000  # examples of a property, at most
LONGEST_FILE = 1 << 20  # bytes of a submission


@dataclass
class Result:
    """What became of one property."""

    asked: Property
    failure: Failure | None
    printed: str = ""

    @property
    def score(self) -> float:
        """All points of the property, or none."""
        return 0.0 if self.failure else self.asked.points


@dataclass
class Grade:
    """What became of a submission."""

    assignment: str
    submission: str
    results: list[Result] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)  # pieces of the file that could not be executed
    notes: list[str] = field(default_factory=list)  # for the instructor
    mistakes: dict[str, str] = field(default_factory=dict)  # function to the name of the known mistake
    sentences: dict[str, str] = field(default_factory=dict)  # function to that mistake in words
    seconds: float = 0.0

    @property
    def score(self) -> float:
        """The points reached."""
        return sum(r.score for r in self.results)

    @property
    def total(self) -> float:
        """The points there are."""
        return sum(r.asked.points for r in self.results)

    def of(self, function: str) -> list[Result]:
        """Return the results of one function."""
        return [r for r in self.results if r.asked.function == function]

    @property
    def functions(self) -> list[str]:
        """The functions asked for, in order."""
        return list(dict.fromkeys(r.asked.function for r in self.results))


def read(path: Path, file: str) -> str:
    """Return the text of a submission: a file, or a folder that holds one of the right name.

    Raises  ArgumentError if there is none, or it is no text of reasonable length
    """
    found = path / file if path.is_dir() else path
    if not found.is_file():
        raise ArgumentError(f"classroom: {path} holds no {file}\nHint: name the file, or the folder it is in")
    if found.stat().st_size > LONGEST_FILE:
        raise ArgumentError(f"classroom: {found} is larger than {LONGEST_FILE} bytes, no student has written that")
    return found.read_bytes().decode("utf-8", "replace")


def seed_of(secret: bytes, *parts: str) -> int:
    """Return a number that nobody can foretell without the secret."""
    message = "\0".join(parts).encode()
    return int.from_bytes(hmac.new(secret, message, hashlib.sha256).digest()[:16], "little")


def variant_of(assignment: Assignment, secret: bytes, student: str) -> dict[str, Any]:
    """Return the constants that are this student's, if the assignment has variants."""
    return {name: choices[seed_of(secret, student, assignment.name, name) % len(choices)]
            for name, choices in assignment.variants.items()}  # fmt: skip


def grade(
    assignment: Assignment, source: str, submission: str, secret: bytes = b"", *, hidden: bool = True,
    only: str | Sequence[str] = "", limits: Limits | None = None, together: bool = False,
) -> Grade:  # fmt: skip
    """Grade the text of a submission; `only` keeps the functions it names, or whose name contains it.

    With `hidden` False only public properties are asked: what a student sees. With `together` all functions share a
    process and fewer examples are tried: that is quick, and right where nobody cheats.
    """
    started = time.monotonic()
    asked = [p for p in assignment.properties() if hidden or not p.hidden]
    exact = [only] if isinstance(only, str) else only
    asked = [p for p in asked if p.function in exact] or [p for p in asked if exact[0] in p.function]
    if not asked:
        raise ArgumentError(f"classroom: {assignment.name} has no function whose name contains {only!r}")
    names = list(dict.fromkeys(p.function for p in asked))
    base = limits or Limits(seconds=float(assignment.settings.get("seconds", 3.0)))
    if not together:
        base = replace(base, total=min(base.total, max(base.seconds, WHOLE / len(names))))
    found = Grade(assignment.name, submission)
    worker: Worker | None = None
    try:
        for name in names:
            if worker is None or worker.ended or not together:
                if worker is not None:
                    worker.close()
                worker = Worker(assignment.sources(source), assignment.file, base)
            of = [p for p in asked if p.function == name]
            _function(assignment, of, secret, worker, found, QUICK if together else LONG)
    finally:
        if worker is not None:
            worker.close()
    found.notes = notes(source, assignment.file, (*ALLOWED, *(name.removesuffix(".py") for name in assignment.given)))
    found.seconds = time.monotonic() - started
    return found


def _function(
    assignment: Assignment, asked: Sequence[Property], secret: bytes, worker: Worker, found: Grade, most: int
) -> None:
    """Ask a function for all its properties, and look for the known mistake if one fails."""
    name = asked[0].function
    recorder = Recorder(worker, name)
    for p in asked:
        rng = np.random.default_rng(seed_of(secret, found.submission, assignment.name, p.function, p.title))
        ended = Failure(worker.ended, codes=("ended",)) if worker.ended else None
        failure = ended or p.run(recorder, rng, assignment.file, most)
        found.results.append(Result(p, failure, worker.printed))
        worker.printed = ""
    found.problems += [p for p in worker.problems if p not in found.problems]
    if any(r.failure for r in found.of(name)):
        recorder.most += MOST
        for p in asked:
            p.probe(recorder, np.random.default_rng(0))
        mistake = name_of(assignment, name, recorder.calls, worker.limits)
        if mistake is not None:
            found.mistakes[name], found.sentences[name] = mistake.name, mistake.sentence
