"""From the instructor's folder to the students': what is marked as solution goes, and nothing of it may be left.

    def relu_backward(dy, x):                         def relu_backward(dy, x):
        \"\"\"y = max(x, 0)\"\"\"                               \"\"\"y = max(x, 0)\"\"\"
        # BEGIN SOLUTION                     →            # your code here
        return dy * (x > 0)                               raise NotImplementedError("relu_backward")
        # END SOLUTION

The leak test then looks for every line of every solution in every file that is handed out.
"""

from __future__ import annotations

import ast
import re
import shutil
import zipfile
from pathlib import Path

from ..errors import ArgumentError, FileFormatError
from ..io.atomic import atomic_write
from .assignment import Assignment

MARKER = re.compile(r"^(\s*)# (BEGIN|END) SOLUTION\s*$")
LONGEST_COMMON = 12  # characters, spaces aside, that a line may share with a solution
HANDED_OUT = ("train.py", "handout.md")


def strip(source: str, file: str) -> str:
    """Return a file without what stands between its markers.

    Raises  FileFormatError for markers that do not pair, that end no function, or that leave no Python
    """
    kept: list[str] = []
    begun = 0
    for number, line in enumerate(source.splitlines(), 1):
        marker = MARKER.match(line)
        if marker is None:
            if not begun:
                kept.append(line)
            continue
        if (marker[2] == "BEGIN") == bool(begun):
            raise FileFormatError(f"{file}, line {number}: {marker[2]} SOLUTION without its other half")
        begun = number if marker[2] == "BEGIN" else 0
        if begun:
            name = _function_around(source, number, file)
            kept += [f"{marker[1]}# your code here", f'{marker[1]}raise NotImplementedError("{name}")']
    if begun:
        raise FileFormatError(f"{file}, line {begun}: BEGIN SOLUTION without its other half")
    stripped = "\n".join(kept) + "\n"
    try:
        ast.parse(stripped)
    except SyntaxError as error:
        raise FileFormatError(f"{file}: without the solution it is no Python: {error.msg}") from error
    _check_last(stripped, file)
    return stripped


def _function_around(source: str, line: int, file: str) -> str:
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise FileFormatError(f"{file} is no Python, line {error.lineno}: {error.msg}") from error
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0) + 1:
            return node.name
    raise FileFormatError(f"{file}, line {line}: a solution must stand in a function")


def _check_last(stripped: str, file: str) -> None:
    """Refuse statements behind the `raise` that takes a solution's place: they would be dead, and may give it away."""
    for node in ast.walk(ast.parse(stripped)):
        if isinstance(node, ast.FunctionDef):
            raises = [i for i, s in enumerate(node.body) if isinstance(s, ast.Raise)]
            if raises and raises[0] != len(node.body) - 1:
                raise FileFormatError(f"{file}: {node.name} goes on after END SOLUTION\nHint: end the function there")


def solution_lines(source: str) -> set[str]:
    """Return the lines between the markers, without their spaces, that are long enough to be recognised."""
    found, inside = set(), False
    for line in source.splitlines():
        marker = MARKER.match(line)
        if marker is not None:
            inside = marker[2] == "BEGIN"
        elif inside and len(bare := "".join(line.split())) > LONGEST_COMMON:
            found.add(bare)
    return found


def leaks(assignment: Assignment, texts: dict[str, str]) -> list[str]:
    """Return where a line of the solution stands in what is handed out."""
    secret = solution_lines(assignment.solution)
    found = []
    for name, text in texts.items():
        for number, line in enumerate(text.splitlines(), 1):
            bare = "".join(line.split())
            found += [f"{name}, line {number}: {line.strip()}" for s in secret if s in bare]
    return found


def student_files(assignment: Assignment) -> dict[str, str]:
    """Return what students get, name by name.

    Raises  FileFormatError if a line of the solution is among it
    """
    texts = {assignment.file: strip(assignment.solution, assignment.file), **assignment.given}
    for name in HANDED_OUT:
        path = assignment.folder / name
        if path.exists():
            texts[name] = path.read_text(encoding="utf-8")
    found = leaks(assignment, texts)
    if found:
        raise FileFormatError(f"{assignment.name}: the solution shows in what is handed out\n  " + "\n  ".join(found))
    return texts


def release(assignment: Assignment, target: Path) -> Path:
    """Write the students' folder, or zip if the name ends so; an existing one stays.

    Raises  ArgumentError if the target exists
    """
    texts = student_files(assignment)
    if target.exists():
        raise ArgumentError(f"release: {target} exists\nHint: choose a new name, so that nobody's work is overwritten")
    if target.suffix == ".zip":
        with atomic_write(target) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in texts.items():
                archive.writestr(f"{target.stem}/{name}", text)
        return target
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for name, text in texts.items():
        (part / name).write_text(text, encoding="utf-8")
    part.rename(target)
    return target
