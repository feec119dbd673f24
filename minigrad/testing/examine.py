"""One check from beginning to end: run, look at memory, run again, compare with differences, and report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .adapters.subject import Forward, Subject
from .comparison import Comparison, Comparisons
from .diagnosis.verdict import diagnose, diagnose_refusal, diagnose_shape
from .directions import Direction
from .flaws import Flaw, Guess
from .measure import Measured
from .numeric import Lines
from .ownership import check_form, check_layout, check_memory, check_repeats, check_untouched, kept
from .point import Point
from .report import Entry, GradReport, worst
from .settings import Settings
from .words import describe, options, title

After = Callable[["Check"], None]


class Check:
    """A check in progress: what it has found so far."""

    def __init__(self, subject: Subject, settings: Settings) -> None:
        self.subject, self.settings = subject, settings
        self.point: Point | None = None
        self.comparisons: Comparisons | None = None
        self.found: list[Comparison] = []
        self.entries: list[Entry] = []
        self.notes: list[str] = []

    def run(self) -> None:
        """Go through the questions in their order; the first that is answered badly ends the check."""
        self.subject.prepare()
        self.point = point = Point(self.subject, self.subject.arrays, self.settings.cotangent, self.settings.seed)
        self._own(point)
        self._repeat(point)
        for which, gradient in zip(self.subject.wrt, point.raw, strict=True):
            if gradient is not None:
                self._form(point, which, gradient)
        self._compare(point)
        self._vacuity(point)

    def _own(self, point: Point) -> None:
        if self.settings.ownership:
            check_untouched(self.subject, point.run, point.given, point.cotangents)
            check_memory(self.subject, point.run, point.raw)

    def _repeat(self, point: Point) -> None:
        runs = [(point.run, kept(point.raw))]
        if self.settings.determinism > 1 and self.subject.repeatable:
            runs.append((point.run, kept(point.pull(point.run, point.fresh_cotangents()))))
        runs += [self._again(point) for _ in range(self.settings.determinism - 1)]
        point.raw = runs[0][1]
        try:
            check_repeats(runs)
        except Flaw:
            check_repeats([*runs, self._again(point)])  # a third answer tells whether they grow
            raise
        if self.settings.ownership:
            check_layout(self.subject, point.run, point.raw, point.given)

    def _again(self, point: Point) -> tuple[Forward, list[Any]]:
        again = Point(self.subject, point.arrays, point.cotangents)
        return again.run, kept(again.raw)

    def _form(self, point: Point, which: int, gradient: Any) -> None:
        try:
            check_form(self.subject, point.run, which, gradient)
        except Flaw as flaw:
            if flaw.kind == "shape":
                flaw.guesses = diagnose_shape(point, self.settings, which, flaw.evidence["got"])
            raise

    def _compare(self, point: Point) -> None:
        self.comparisons = comparisons = Comparisons(point, self.settings)
        self.found = [comparisons.compare(which) for which in self.subject.wrt]
        wrong = [c for c in self.found if c.measured.wrong.any()]
        if wrong:
            ranked = worst([entry for c in wrong for entry in c.entries()])
            first = next(c for c in wrong if c.name == ranked[0].name)
            if len(wrong) > 1:
                self.notes.append(f"wrong: {', '.join(c.name for c in wrong)}")
            self.entries = ranked
            raise Flaw("value", describe(ranked[0], first), guesses=diagnose(point, comparisons, first))
        if self.settings.kinks == "error":
            self._refuse_kinks()
        elif self.settings.kinks == "subgradient" and (group := comparisons.tied(self.found)) is not None:
            self._refuse_ties(*group)

    def _refuse_kinks(self) -> None:
        for c in self.found:
            if c.measured.kinked.any():
                count, name = int(c.measured.kinked.sum()), self.subject.names[c.which]
                raise Flaw(
                    "kink", f"{count} of {c.got.size} elements of {name} are at a kink of the function",
                    'move it off the kink, or check with kinks="subgradient"',
                )  # fmt: skip

    def _refuse_ties(self, groups: list[Direction], measured: Measured) -> None:
        j = int(np.argmax(measured.excess))
        names = " and ".join(self.subject.names[which] for which, _, _ in groups[j])
        count = sum(len(places) for _, places, _ in groups[j])
        got, expected, tolerance = (float(a[j]) for a in (measured.claimed, measured.value, measured.tolerance))
        self.entries = [Entry(f"{names}, {count} equal elements together", (), got, expected, tolerance)]
        raise Flaw(
            "value",
            f"{count} equal elements of {names} moved together: their gradients add up to "
            f"{got:.8g}, differences say {expected:.8g} ± {tolerance:.1e}",
            "where values tie, the gradient goes to one of them or is shared, so that it adds up to what came in",
            (Guess("ties:full", "tied elements get more than their share, such as each the full gradient"),),
        )  # fmt: skip

    def _vacuity(self, point: Point) -> None:
        assert self.comparisons is not None
        lines = self.comparisons.lines
        covered = [c.covered(lines, self.comparisons.settings) for c in self.found]
        seen = [c for c in covered if c.looked_at > c.skipped and lines.outputs.size]
        if lines.coarse:
            self.notes.append(
                f"the function computes with a rounding of about {float(lines.grain.max()):.0e}, coarser than float64: "
                "smaller errors cannot be seen"
            )
        if self.settings.zero == "expected" and not all(c.flat for c in seen):
            raise Flaw("nonzero", "the slopes were expected to be 0 everywhere, and they are not",
                       'leave out zero="expected"')  # fmt: skip
        if self.settings.zero == "alarm" and seen and all(c.flat for c in seen):
            raise Flaw(
                "vacuous", "the numeric gradient is 0 everywhere, so a backward that returns zeros would pass",
                "a constant sum is checked (Σ softmax = 1)? check the outputs themselves; "
                'if 0 is right, say zero="expected"',
                (Guess("vacuous", "the check sees nothing"),),
            )  # fmt: skip
        for c, gradient in zip(self.found, point.raw, strict=True):
            if c.got.size and c.covered(lines, self.comparisons.settings).flat and self.settings.zero == "alarm":
                name = self.subject.names[c.which]
                self.notes.append(f"the output does not depend on {name}" if gradient is None else
                                  f"the slopes by {name} are 0: zeros from backward would pass")  # fmt: skip

    def report(self, flaw: Flaw | None = None) -> GradReport:
        """Return what was found."""
        lines: Lines | None = None if self.comparisons is None else self.comparisons.lines
        settings = self.settings if self.comparisons is None else self.comparisons.settings
        covered = []
        if lines is not None:
            for c in self.found:
                c.name = self.subject.names[c.which]
                covered.append(c.covered(lines, settings))
        report = GradReport(
            self.settings.check, title(self.subject.function), flaw is None, covered,
            entries=self.entries, notes=self.notes, options=options(settings, lines),
        )  # fmt: skip
        report.outputs = [] if self.point is None else [y.shape for y in self.point.run.outputs]
        report.inputs, report.parameters = self.subject.arrays[: self.subject.given], self.subject.own()
        if flaw is not None:
            report.kind, report.sentence, report.hint, report.guesses = (
                flaw.kind,
                flaw.sentence,
                flaw.hint,
                flaw.guesses,
            )
            report.cause = flaw.evidence.get("cause")
        return report


def examine(subject: Subject, settings: Settings, afterwards: After | None = None) -> GradReport:
    """Check a subject at its point and return the report."""
    check = Check(subject, settings)
    try:
        check.run()
        if afterwards is not None:
            afterwards(check)
    except Flaw as flaw:
        flaw.guesses = flaw.guesses or diagnose_refusal(flaw.evidence.get("cause"))
        return check.report(flaw)
    return check.report()
