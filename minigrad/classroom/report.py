"""A class in one page: how each function went, and which misconceptions occurred, the most frequent first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from .assignment import Assignment
from .grade import Grade


def class_report(assignment: Assignment, grades: Sequence[Grade]) -> str:
    """Return the report as Markdown."""
    scores = sorted(g.score for g in grades)
    count = len(scores)
    median = (scores[(count - 1) // 2] + scores[count // 2]) / 2
    lines = [
        f"# {assignment.title}", "",
        f"{_number(count, 'submission')}; median {median:g} of {grades[0].total:g} points, "
        f"lowest {scores[0]:g}, highest {scores[-1]:g}.", "",
        "| function | right | points, mean |", "|---|---|---|", *_functions(grades), "",
    ]  # fmt: skip
    return "\n".join([*lines, *_misconceptions(assignment, grades), *_unnamed(grades), *_to_read(grades)]) + "\n"


def _functions(grades: Sequence[Grade]) -> list[str]:
    rows = []
    for name in grades[0].functions:
        of = [g.of(name) for g in grades]
        right = sum(all(r.failure is None for r in results) for results in of)
        mean = sum(r.score for results in of for r in results) / len(grades)
        rows.append(f"| `{name}` | {right} of {len(grades)} | {mean:.1f} of {sum(r.asked.points for r in of[0]):g} |")
    return rows


def _misconceptions(assignment: Assignment, grades: Sequence[Grade]) -> list[str]:
    """Return the known mistakes that occurred, and who made them."""
    known = {m.name: m for m in assignment.mistakes}
    who: dict[str, list[str]] = {}
    for g in grades:
        for name in g.mistakes.values():
            who.setdefault(name, []).append(g.submission)
    if not who:
        return ["No known misconception occurred.", ""]
    ranked = sorted(who.items(), key=lambda item: -len(item[1]))
    head = ["## Misconceptions", "", "| how often | function | what they believe | who |", "|---|---|---|---|"]
    rows = [
        f"| {len(names)} | `{known[m].function}` | {known[m].sentence} | {', '.join(names)} |" for m, names in ranked
    ]
    return [*head, *rows, ""]


def _unnamed(grades: Sequence[Grade]) -> list[str]:
    """Return the failures that no known mistake explains, by what the checker saw."""
    seen = Counter(
        (r.asked.function, r.failure.codes[0] if r.failure.codes else "wrong")
        for g in grades for r in g.results
        if r.failure is not None and r.asked.function not in g.mistakes
    )  # fmt: skip
    if not seen:
        return []
    rows = [f"| {n} | `{function}` | {code} |" for (function, code), n in seen.most_common(20)]
    return ["## Other failures", "", "| how often | function | diagnosis |", "|---|---|---|", *rows, ""]


def _to_read(grades: Sequence[Grade]) -> list[str]:
    rows = [f"- {g.submission}: {note}" for g in grades for note in g.notes]
    return ["## Worth a look", "", *rows, ""] if rows else []


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
