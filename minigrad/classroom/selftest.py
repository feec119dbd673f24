"""The grader graded: what it must say about submissions whose worth is known.

    the solution      all points, whoever hands it in
    the stub          none
    a known mistake   loses points, and is recognised
    a cheat           nothing for its function, all points for the others, and the grader goes on

A kit that runs the reference instead of the submission, or that asks nothing, fails here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import cheats
from .assignment import Assignment, Mistake, replaced
from .grade import grade
from .release import student_files

SECRET = b"self-test"
OTHERS = 5  # submissions of the solution: each meets inputs of its own


@dataclass(frozen=True)
class Verdict:
    """One thing that the grader had to get right."""

    what: str
    passed: bool
    seen: str

    def __str__(self) -> str:
        return f"{'ok  ' if self.passed else 'FAIL'}  {self.what}: {self.seen}"


def selftest(
    assignment: Assignment, mistakes: Sequence[str] | None = None, tricks: Sequence[str] = tuple(cheats.BODIES),
    others: int = OTHERS,
) -> Iterator[Verdict]:  # fmt: skip
    """Yield a verdict per submission of known worth; `mistakes` and `tricks` choose among them, None takes all."""
    yield from _released(assignment)
    yield _of_others(assignment, others)
    chosen = [m for m in assignment.mistakes if mistakes is None or m.name in mistakes]
    yield Verdict(f"{assignment.name}: known mistakes", len(assignment.mistakes) >= 5, f"{len(assignment.mistakes)}")
    for mistake in chosen:
        yield _mistaken(assignment, mistake)
    for name in tricks:
        yield _cheated(assignment, name)


def _released(assignment: Assignment) -> Iterator[Verdict]:
    stub = student_files(assignment)[assignment.file]
    whole = grade(assignment, assignment.solution, "solution", SECRET)
    lost = [f"{r.asked.function}: {r.failure.sentence}" for r in whole.results if r.failure]
    said = f"{whole.score:g} of {whole.total:g} in {whole.seconds:.1f} s"
    yield Verdict(f"{assignment.name}: solution", not lost and whole.total > 0, "; ".join([said, *lost]))
    nothing = grade(assignment, stub, "stub", SECRET)
    given = [r.asked.function for r in nothing.results if not r.failure]
    yield Verdict(f"{assignment.name}: stub", nothing.score == 0, "; ".join([f"{nothing.score:g} points", *given]))


def _of_others(assignment: Assignment, count: int) -> Verdict:
    """Grade the solution under several names: no inputs that chance may draw cost a right answer its points."""
    grades = [grade(assignment, assignment.solution, f"solution {k}", SECRET, together=True) for k in range(count)]
    lost = [f"{r.asked.function}: {r.failure.sentence}" for found in grades for r in found.results if r.failure]
    said = f"{len(lost)} properties refused it"
    return Verdict(f"{assignment.name}: solution, {count} more times", not lost, "; ".join([said, *lost]))


def _mistaken(assignment: Assignment, mistake: Mistake) -> Verdict:
    found = grade(assignment, assignment.with_mistake(mistake), mistake.name, SECRET, only=[mistake.function])
    named = found.mistakes.get(mistake.function, "nothing")
    seen = f"{found.score:g} of {found.total:g} for {mistake.function}, recognised as {named}"
    return Verdict(f"{assignment.name}: {mistake.name}", found.score < found.total and named == mistake.name, seen)


def _cheated(assignment: Assignment, name: str) -> Verdict:
    """Put a cheat in the place of the first function, and grade that and the last."""
    asked = [p.function for p in assignment.properties()]
    victim, control = asked[0], asked[-1]
    solution = assignment.folder / "solution" / assignment.file
    text = cheats.source(name, victim, solution, Path("results.json").resolve())
    found = grade(assignment, replaced(assignment.solution, victim, text), name, SECRET, only=[victim, control])
    points = sum(r.score for r in found.of(victim))
    others = all(r.failure is None for r in found.of(control))
    first = found.of(victim)[0].failure
    seen = f"{points:g} points ({first.sentence if first else 'nothing found'})"
    return Verdict(f"{assignment.name}: {name}", points == 0 and others, seen + ("" if others else "; others lose too"))
