"""A grade in the formats that others read: Gradescope's results.json, plain JSON, JUnit's XML, GitHub's annotations.

A public property is told with all its details. A hidden one is told by its title and its points: its inputs are what
makes it worth asking.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ..io.atomic import atomic_write
from .grade import Grade, Result

TOLD = ("unwritten", "undefined", "out-of-bounds", "broken", "output", "ended", "recursion", "memory", "raises")


def words(grade: Grade, result: Result) -> str:
    """Return what a student may read about a property."""
    if result.failure is None:
        return "right on every example"
    known = grade.sentences.get(result.asked.function, "")
    hint = f"\nA known mistake: {known}" if known else ""
    if result.asked.hidden:
        broken = result.failure.codes[0] in TOLD
        return (result.failure.sentence if broken else "wrong on an example that is not shown") + hint
    return "\n".join(part for part in (result.failure.sentence + hint, result.failure.details) if part)


def gradescope(grade: Grade) -> dict[str, Any]:
    """Return the content of results.json; instructors alone see the notes."""
    tests = [
        {
            "name": f"{r.asked.function}: {r.asked.title}", "number": str(number), "score": r.score,
            "max_score": r.asked.points, "status": "failed" if r.failure else "passed",
            "output": _clean(words(grade, r)), "output_format": "text", "tags": _tags(grade, r),
            "visibility": "after_due_date" if r.asked.hidden else "visible",
        }
        for number, r in enumerate(grade.results, 1)
    ]  # fmt: skip
    if grade.notes:
        tests.append({"name": "notes for the instructor", "output": "\n".join(grade.notes), "visibility": "hidden"})
    return {
        "score": grade.score, "execution_time": round(grade.seconds, 1), "output": _clean("\n".join(grade.problems)),
        "stdout_visibility": "hidden", "tests": tests, "extra_data": {"mistakes": grade.mistakes},
    }  # fmt: skip


def pessimistic(sentence: str) -> dict[str, Any]:
    """Return the results.json that stands until grading is done: there is one, whatever happens; it gives nothing."""
    return {"score": 0.0, "output": sentence, "stdout_visibility": "hidden", "tests": []}


def plain(grade: Grade) -> dict[str, Any]:
    """Return everything that is known about a grade, for an instructor's own programs."""
    results = [
        {
            "function": r.asked.function, "title": r.asked.title, "hidden": r.asked.hidden, "score": r.score,
            "points": r.asked.points, "sentence": r.failure.sentence if r.failure else "",
            "details": r.failure.details if r.failure else "", "codes": list(r.failure.codes) if r.failure else [],
        }
        for r in grade.results
    ]  # fmt: skip
    return {
        "assignment": grade.assignment, "submission": grade.submission, "score": grade.score, "total": grade.total,
        "seconds": round(grade.seconds, 2), "problems": grade.problems, "notes": grade.notes,
        "mistakes": grade.mistakes, "results": results,
    }  # fmt: skip


def junit(grades: Sequence[Grade]) -> str:
    """Return the grades as JUnit's XML, a suite per submission."""
    root = ElementTree.Element("testsuites")
    for grade in grades:
        failed = sum(r.failure is not None for r in grade.results)
        suite = ElementTree.SubElement(
            root, "testsuite", name=_clean(f"{grade.assignment} {grade.submission}"), tests=str(len(grade.results)),
            failures=str(failed), time=f"{grade.seconds:.2f}",
        )  # fmt: skip
        for r in grade.results:
            case = ElementTree.SubElement(suite, "testcase", classname=r.asked.function, name=r.asked.title)
            if r.failure is not None:
                sentence = _clean(words(grade, r))
                ElementTree.SubElement(case, "failure", message=sentence.partition("\n")[0]).text = sentence
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def github(grade: Grade, file: str, lines: dict[str, int]) -> list[str]:
    """Return GitHub's commands that write each failure beside its function."""
    found = []
    for r in grade.results:
        if r.failure is not None:
            text = _clean(words(grade, r).partition("\n")[0])
            place = f"file={_escaped(file)},line={lines.get(r.asked.function, 1)}"
            title = _escaped(f"{r.asked.function}: {r.asked.title}")
            found.append(f"::error {place},title={title}::{_escaped(text, message=True)}")
    return [*found, f"::notice::{_escaped(f'{grade.score:g} of {grade.total:g} points', message=True)}"]


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file, whole or not at all."""
    with atomic_write(path, "w") as file:
        json.dump(content, file, indent=1)


def _tags(grade: Grade, r: Result) -> list[str]:
    codes = list(r.failure.codes) if r.failure else []
    known = grade.mistakes.get(r.asked.function)
    return [*codes, *([known] if known and r.failure else [])]


def _clean(text: str) -> str:
    """Return text without the characters that XML and terminals choke on."""
    return "".join(c for c in text if c in "\n\t" or (ord(c) >= 32 and not 0xD800 <= ord(c) < 0xE000 and ord(c) != 127))


def _escaped(text: str, message: bool = False) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text if message else text.replace(":", "%3A").replace(",", "%2C")
