"""What a gradient check found, in words, as data, and as code that shows it again.

Rule 11: a failure fits on 15 lines: the input by name, the element, both values and the tolerance; what it looks like;
the three worst elements; what was covered; what to do; and below it code that runs, with the smallest failing arrays.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .flaws import Guess


@dataclass(frozen=True)
class Entry:
    """One wrong element, or one wrong direction through a large input (index None)."""

    name: str
    index: tuple[int, ...] | None
    backward: float
    differences: float
    tolerance: float

    @property
    def place(self) -> str:
        """The element as one would write it."""
        if self.index is None:
            return f"{self.name} along a random direction"
        return f"{self.name}[{', '.join(map(str, self.index))}]" if self.index else self.name


@dataclass
class Covered:
    """What was looked at in one input."""

    name: str
    shape: tuple[int, ...]
    looked_at: int  # elements, or directions
    elements: bool
    wrong: int = 0
    kinks: int = 0
    skipped: int = 0
    largest: float = 0.0  # of the numeric slopes
    error: float = 0.0  # the largest difference of two slopes that agree
    flat: bool = False  # whether the numeric slopes are 0, as far as differences can tell

    def __str__(self) -> str:
        size = 1
        for n in self.shape:
            size *= n
        what = f"{self.looked_at} of {size} elements" if self.elements else f"{self.looked_at} random directions"
        extras = [f"{n} {word}" for n, word in ((self.kinks, "at kinks"), (self.skipped, "not comparable")) if n]
        return f"{self.name} {self.shape}: {', '.join([what, *extras])}"


@dataclass
class GradReport:
    """The result of a check; it is true if the check passed.

    `kind` says what failed (see flaws.py), `sentence` how, `guesses` what it looks like, `entries` which elements, the
    worst first.
    """

    check: str
    function: str
    passed: bool
    covered: list[Covered] = field(default_factory=list)
    kind: str = ""
    sentence: str = ""
    hint: str = ""
    guesses: tuple[Guess, ...] = ()
    entries: list[Entry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    options: str = ""
    inputs: list[Any] = field(default_factory=list, repr=False)
    parameters: dict[str, Any] = field(default_factory=dict, repr=False)
    outputs: list[tuple[int, ...]] = field(default_factory=list)
    cotangent: Any = field(default="random", repr=False)
    cause: BaseException | None = field(default=None, repr=False, compare=False)
    _write: Callable[[], str] | None = field(default=None, repr=False, compare=False)
    _shrink: Callable[[float], GradReport] | None = field(default=None, repr=False, compare=False)
    _smallest: GradReport | None = field(default=None, repr=False, compare=False)
    _snippet: str | None = field(default=None, repr=False, compare=False)

    def __bool__(self) -> bool:
        return self.passed

    @property
    def diagnosis(self) -> tuple[str, ...]:
        """What the failure looks like, as codes that stay the same from version to version; the likeliest first."""
        return tuple(guess.code for guess in self.guesses)

    def smallest(self, seconds: float = 1.0) -> GradReport:
        """Return the report of the smallest example that is found to fail in the same way, in so many seconds."""
        if self._smallest is None:
            self._smallest = self if self.passed or self._shrink is None else self._shrink(seconds)
        return self._smallest

    def repro(self) -> str:
        """Return code that shows the failure, with the smallest arrays that were found to fail.

        They are looked for when this is first asked for, so that a failure nobody reads costs nothing.
        """
        if self._snippet is None:
            found = self.smallest()
            self._snippet = "" if found._write is None else found._write()
        return self._snippet

    def __str__(self) -> str:
        if self.passed:
            return "\n".join([f"{self.check}: {self.function} is right", *self._coverage(), *self.notes])
        lines = [f"{self.check}: {self.sentence}", f"  of {self.function}"] if self.function else [self.sentence]
        lines += [f"Looks like: {guess.sentence}  [{guess.code}]" for guess in self.guesses[:2]]
        lines += [*self.table(), *self._coverage()[:4], *self.notes[:1]]
        if self.hint:
            lines.append(f"Hint: {self.hint}")
        snippet = self.repro()
        return "\n".join([*lines, *([f"\n{snippet}"] if snippet else [])])

    def table(self) -> list[str]:
        """Return the three worst elements as rows of text."""
        if len(self.entries) < 2:
            return []
        rows = [("", "backward", "differences", "±"), *(_row(entry) for entry in self.entries[:3])]
        widths = [max(len(row[k]) for row in rows) for k in range(4)]
        return ["  " + "  ".join(cell.ljust(widths[0]) if k == 0 else cell.rjust(widths[k])
                                 for k, cell in enumerate(row)) for row in rows]  # fmt: skip

    def _coverage(self) -> list[str]:
        seen = "; ".join(map(str, self.covered))
        return [line for line in (f"looked at {seen}" if seen else "", self.options) if line]

    def to_dict(self) -> dict[str, Any]:
        """Return the report as numbers, strings, lists and dicts, for a grader or a file."""
        return {
            "check": self.check, "function": self.function, "passed": self.passed, "kind": self.kind,
            "sentence": self.sentence, "hint": self.hint, "diagnosis": list(self.diagnosis),
            "guesses": [{"code": g.code, "sentence": g.sentence} for g in self.guesses],
            "entries": [{"input": e.name, "index": None if e.index is None else list(e.index), "backward": e.backward,
                         "differences": e.differences, "tolerance": e.tolerance} for e in self.entries],
            "inputs": [{"name": c.name, "shape": list(c.shape), "looked_at": c.looked_at, "elements": c.elements,
                        "wrong": c.wrong, "kinks": c.kinks, "skipped": c.skipped, "largest": c.largest,
                        "error": c.error, "flat": c.flat} for c in self.covered],
            "notes": list(self.notes), "options": self.options,
        }  # fmt: skip

    def _repr_html_(self) -> str:
        """Return the report for a notebook."""
        color = "#2a7f3f" if self.passed else "#b3261e"
        head, *rest = str(self).split("\n")
        return (
            f'<div style="border-left:4px solid {color};padding-left:8px"><b>{html.escape(head)}</b>'
            f'<pre style="margin:0">{html.escape(chr(10).join(rest))}</pre></div>'
        )

    def __reduce__(self) -> Any:
        """Pickle what was found; the function itself stays behind."""
        state = {
            **self.__dict__,
            "_snippet": self.repro(),
            "_write": None,
            "_shrink": None,
            "_smallest": None,
            "cause": None,
        }
        return _restored, (state,)


def _restored(state: dict[str, Any]) -> GradReport:
    report = object.__new__(GradReport)
    report.__dict__.update(state)
    return report


def _row(entry: Entry) -> tuple[str, str, str, str]:
    return entry.place, f"{entry.backward:.8g}", f"{entry.differences:.8g}", f"{entry.tolerance:.1e}"


def worst(entries: Sequence[tuple[float, Entry]]) -> list[Entry]:
    """Return the entries, those that are wrong by the most tolerances first."""
    return [entry for _, entry in sorted(entries, key=lambda pair: -pair[0])]
