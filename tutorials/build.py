"""Run the lessons and publish them as Markdown, or check that what was published is still what they say.

    python tutorials/build.py [PAGE ...]     run the pages (by default all) and write PAGE.md and PAGE_files/*.png
    python tutorials/build.py --check [-j 2] run them again and compare; nothing is written

A page is a Python file in cells: "# %% [markdown]" opens text in comments, "# %%" opens code. All cells run in one
namespace, in a process of their own. Below a cell stand what it printed, the value of its last line, and its pictures,
each with its figure's label as alternative text.

A check compares text exactly. Numbers printed by a statement with the mark `# ~` may differ by 5 %, with `# ~ 30%` by
so much, with `# ~ any` (timings) by anything. Pictures must exist and show something; their pixels depend on fonts.
A page whose weights or packages are not at hand is skipped, with the reason.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import io
import math
import multiprocessing
import re
import sys
import time
import traceback
import types
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from PIL import Image, UnidentifiedImageError

HERE = Path(__file__).resolve().parent
BUDGET = 20.0  # seconds for a page
SMALL = 80_000  # bytes of a picture
STYLE: Any = {
    "figure.figsize": (6, 3.2), "savefig.dpi": 110, "figure.constrained_layout.use": True, "font.size": 9,
    "axes.spines.top": False, "axes.spines.right": False, "figure.max_open_warning": 0,
}  # fmt: skip
MARK = re.compile(r"#\s*~\s*(any\b|free\b|\d+\s*%)?")
FREE = -1.0  # the tolerance of a line that may say anything
NUMBER = re.compile(r"(?<![\w.])[-+−]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?")


class PageError(Exception):
    """A page that cannot be published, and why."""


class Cell(NamedTuple):
    """A part of a page: text or code, and the line of the file before its first."""

    is_text: bool
    before: int
    body: str


class Line(NamedTuple):
    """A line of a page, and how far its numbers may be off: None for not at all."""

    text: str
    tolerance: float | None = None


@dataclass
class Page:
    """What a run of a page said and drew."""

    lines: list[Line] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The page as Markdown."""
        return "\n".join(line.text for line in self.lines) + "\n"

    def add(self, *lines: Line) -> None:
        """Append a block, with an empty line before it."""
        self.lines += [*([Line("")] if self.lines else []), *lines]


class Outcome(NamedTuple):
    """What became of a page: "written", "same", "skipped" or "failed"."""

    name: str
    status: str
    seconds: float
    message: str = ""


def cells(text: str) -> list[Cell]:
    """Cut a page at its marks."""
    found: list[tuple[str, int, list[str]]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(r"# %%(\s|$)", line):
            found.append((line[4:].strip(), number, []))
        elif found:
            found[-1][2].append(line)
        elif line.strip():
            raise PageError(f'line {number}: a page begins with "# %%" or "# %% [markdown]", got {line!r}')
    for kind, number, _ in found:
        if kind not in ("", "[markdown]"):
            raise PageError(f'line {number}: a cell opens with "# %%" or "# %% [markdown]", got "# %% {kind}"')
    bodies = ["\n".join(lines) for _, _, lines in found]
    gaps = [len(body) - len(body.lstrip("\n")) for body in bodies]
    return [
        Cell(kind == "[markdown]", number + gap, body.strip("\n"))
        for (kind, number, _), gap, body in zip(found, gaps, bodies, strict=True)
    ]


def prose(cell: Cell) -> list[Line]:
    """Take the comment signs off a cell of text."""
    lines = cell.body.strip().split("\n")
    for line in lines:
        if line and not line.startswith("#"):
            raise PageError(f"after line {cell.before}: text stands in comments, got {line!r}")
    return [Line(line.removeprefix("#").removeprefix(" ")) for line in lines]


def tolerance_of(source: str) -> float | None:
    """Read the mark in the lines of a statement."""
    if (mark := MARK.search(source)) is None:
        return None
    word = mark[1] or "5%"
    return {"any": math.inf, "free": FREE}.get(word) or float(word.rstrip("% ")) / 100


def run_cell(cell: Cell, file: str, names: dict[str, Any]) -> list[Line]:
    """Run the statements of a cell one by one and return what they printed, and the value of the last line."""
    source, out = "\n" * cell.before + cell.body, []
    tree = ast.parse(source, file)
    for statement in tree.body:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            if statement is tree.body[-1] and isinstance(statement, ast.Expr):
                value = eval(compile(ast.Expression(statement.value), file, "eval"), names)
                if value is not None and not plt.get_fignums():  # nobody wants to read the value of a plot
                    print(repr(value))
            else:
                exec(compile(ast.Module([statement], []), file, "exec"), names)
        allowed = tolerance_of("\n".join(source.split("\n")[statement.lineno - 1 : statement.end_lineno]))
        out += [Line(text.rstrip(), allowed) for text in printed.getvalue().splitlines()]
    return out


def pictures(page: Page, folder: str) -> None:
    """Move the open figures into the page, as PNGs of at most 128 colours."""
    for number in plt.get_fignums():
        figure = plt.figure(number)
        if not str(figure.get_label()).strip():
            raise PageError("a figure has no alternative text: say what is seen with figure.set_label(...)")
        drawn, small = io.BytesIO(), io.BytesIO()
        figure.savefig(drawn, format="png")
        plt.close(figure)
        Image.open(drawn).convert("RGB").quantize(128).save(small, "PNG", optimize=True)
        page.pictures.append(small.getvalue())
        page.add(Line(f"![{figure.get_label()}]({folder}/{len(page.pictures)}.png)"))


def run_page(path: Path) -> Page:
    """Run a page from top to bottom."""
    plt.close("all")
    module, page = types.ModuleType(path.stem), Page()
    module.__file__ = str(path)
    sys.modules[path.stem] = module  # dataclasses and inspect look there
    with plt.rc_context(STYLE):
        for cell in cells(path.read_text(encoding="utf-8")):
            if cell.is_text:
                page.add(*prose(cell))
                continue
            printed = run_cell(cell, str(path), module.__dict__)
            page.add(Line("```python"), *map(Line, cell.body.split("\n")), Line("```"))
            if printed:
                page.add(Line("```text"), *printed, Line("```"))
            pictures(page, f"{path.stem}_files")
    return page


def write(path: Path, page: Page) -> str:
    """Write PAGE.md and its pictures, remove pictures that it no longer has, and return a note on large ones."""
    folder = path.with_name(f"{path.stem}_files")
    for number, picture in enumerate(page.pictures, 1):
        folder.mkdir(exist_ok=True)
        (folder / f"{number}.png").write_bytes(picture)
    for old in folder.glob("*.png"):
        if not (old.stem.isdigit() and 1 <= int(old.stem) <= len(page.pictures)):
            old.unlink()
    path.with_suffix(".md").write_text(page.text, encoding="utf-8")
    return "; ".join(f"picture {i} has {len(p):,} bytes" for i, p in enumerate(page.pictures, 1) if len(p) > SMALL)


def check(path: Path, page: Page) -> str:
    """Compare a run with what is published; an empty answer means that they agree."""
    published = path.with_suffix(".md")
    if not published.exists():
        return f"{published.name} does not exist; write it with: python tutorials/build.py {path.name}"
    problems = differences(published.read_text(encoding="utf-8").split("\n"), [*page.lines, Line("")])
    for number in range(1, len(page.pictures) + 1):
        picture = path.with_name(f"{path.stem}_files") / f"{number}.png"
        if not picture.exists():
            problems.append(f"{picture.parent.name}/{picture.name} does not exist")
        elif blank(picture):
            problems.append(f"{picture.parent.name}/{picture.name} is blank")
    return "\n".join(problems)


def blank(picture: Path) -> bool:
    """Say whether all pixels of a picture are the same, or it is no picture."""
    try:
        low, high = Image.open(picture).convert("L").getextrema()
    except (UnidentifiedImageError, OSError, SyntaxError):
        return True
    return low == high


def differences(old: list[str], new: list[Line]) -> list[str]:
    """Return the lines that differ as a unified diff, where numbers that are close enough count as equal."""
    skeletons = [skeleton(line) for line in old], [skeleton(line.text) for line in new]
    accepted = [line.text for line in new]
    for tag, i, i_end, j, j_end in difflib.SequenceMatcher(None, *skeletons, autojunk=False).get_opcodes():
        if tag in ("equal", "replace") and i_end - i == j_end - j:
            for k, line in enumerate(new[j:j_end]):
                if agrees(old[i + k], line, tag == "equal"):
                    accepted[j + k] = old[i + k]
    return list(difflib.unified_diff(old, accepted, "published", "this run", lineterm="", n=1))


def agrees(old: str, line: Line, same_words: bool) -> bool:
    """Say whether a published line and the line in its place say the same, as far as they have to."""
    t = line.tolerance
    return t == FREE or (t is not None and same_words and close(old, line.text, t))


def skeleton(line: str) -> str:
    """Return a line without its numbers and the widths they take."""
    return " ".join(NUMBER.sub("#", line).split())


def close(old: str, new: str, tolerance: float) -> bool:
    """Say whether the numbers of two lines with one skeleton are within a part of each other."""
    a, b = ([float(n.replace(",", "").replace("−", "-")) for n in NUMBER.findall(line)] for line in (old, new))
    return all(x == y or abs(x - y) <= tolerance * max(abs(x), abs(y)) for x, y in zip(a, b, strict=True))


def publish(path: Path, checking: bool) -> Outcome:
    """Run a page and write it or check it."""
    from minigrad.errors import DataError, MissingPackageError

    start = time.perf_counter()
    try:
        page = run_page(path)
        message = check(path, page) if checking else write(path, page)
        status = "written" if not checking else "failed" if message else "same"
    except PageError as error:
        status, message = "failed", str(error)
    except Exception as error:
        missing = checking and isinstance(error, (DataError, MissingPackageError))
        status = "skipped" if missing else "failed"
        message = str(error).split("\n", 1)[0] if missing else traceback.format_exc()
    return Outcome(path.stem, status, time.perf_counter() - start, message)


def alone(path: Path, checking: bool) -> Outcome:
    """Publish a page in a fresh process: no page sees what another imported, drew or seeded."""
    try:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            return pool.submit(publish, path, checking).result()
    except Exception as error:  # the process died
        return Outcome(path.stem, "failed", 0.0, f"{type(error).__name__}: {error}")


def main(arguments: list[str] | None = None) -> int:
    """Publish or check pages and say how it went; the result is the number of pages that failed."""
    parser = argparse.ArgumentParser(description="Run lessons and write them as Markdown, or check what was written.")
    parser.add_argument("pages", nargs="*", type=Path, help="files (default: all in tutorials/)")
    parser.add_argument("--check", action="store_true", help="compare with what is published, write nothing")
    parser.add_argument("-j", "--jobs", type=int, default=1, help="how many pages to run at a time")
    options = parser.parse_args(arguments)
    paths = options.pages or sorted(p for p in HERE.glob("*.py") if p.name != Path(__file__).name)
    if absent := [str(p) for p in paths if not p.is_file()]:
        parser.error(f"no such page: {', '.join(absent)}")
    failed = 0
    with ThreadPoolExecutor(max(1, options.jobs)) as pool:
        for outcome in pool.map(lambda path: alone(path.resolve(), options.check), paths):
            late = f"  over the budget of {BUDGET:.0f} s" if outcome.seconds > BUDGET else ""
            print(f"{outcome.status:8} {outcome.name:28} {outcome.seconds:5.1f} s{late}", flush=True)
            if outcome.message:
                print("  " + outcome.message.rstrip().replace("\n", "\n  "), flush=True)
            failed += outcome.status == "failed"
    return failed


if __name__ == "__main__":
    sys.exit(main())
