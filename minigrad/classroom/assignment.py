"""An assignment is a folder: what students fill, what it must satisfy, and the mistakes that are known.

    assignment.toml      title, the file to fill, points of interest
    handout.md           what students read
    given.py             code that works, given to students as it is: the forwards, and whatever else they stand on
    train.py             the network that their functions train in the end
    solution/ops.py      the file to fill, filled; # BEGIN SOLUTION and # END SOLUTION mark what is theirs to write
    properties.py        PROPERTIES, a list of Gradient, Agrees and Law
    wrong/*.py           a known mistake each: a docstring "function: what is misunderstood", and the function

`solution` and `wrong` stay with the instructor. `properties.py` may import `given` as `from .given import relu`.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import ArgumentError, FileFormatError, MissingPackageError
from .properties import Property

DEFAULT = Path(__file__).parents[2] / "tutorials" / "assignments"


@dataclass(frozen=True)
class Mistake:
    """A known wrong version of one function."""

    name: str
    function: str
    sentence: str
    source: str


@dataclass(frozen=True)
class Assignment:
    """An assignment's folder, read when it is asked."""

    folder: Path
    constants: dict[str, Any] = field(default_factory=dict, hash=False)  # in the place of those in given.py

    @property
    def name(self) -> str:
        """The folder's name, such as a1_backward_rules."""
        return self.folder.name

    @cached_property
    def settings(self) -> dict[str, Any]:
        """What assignment.toml says."""
        try:
            import tomllib
        except ImportError as error:
            raise MissingPackageError("classroom: assignments need Python 3.11 or later, which reads TOML") from error
        path = self.folder / "assignment.toml"
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise FileFormatError(f"{path}: {error}") from error
        for key in ("title", "file"):
            if not isinstance(found.get(key), str):
                raise FileFormatError(f"{path}: {key} is missing, or no string")
        return found

    @property
    def title(self) -> str:
        """What the assignment is about."""
        return str(self.settings["title"])

    @property
    def file(self) -> str:
        """The name of the file that students fill."""
        return str(self.settings["file"])

    @property
    def variants(self) -> dict[str, list[Any]]:
        """Constants of given.py that differ from student to student: name to possible values."""
        return dict(self.settings.get("variants", {}))

    def variant(self, constants: dict[str, Any]) -> Assignment:
        """Return the assignment with these constants in given.py."""
        return replace(self, constants=constants)

    @cached_property
    def given(self) -> dict[str, str]:
        """The sources that a student's file may import, by file name."""
        path = self.folder / "given.py"
        return {"given.py": with_constants(path.read_text(encoding="utf-8"), self.constants)} if path.exists() else {}

    def sources(self, submission: str) -> dict[str, str]:
        """Return what goes into a student's process, the file to fill last."""
        return {**self.given, self.file: submission}

    @cached_property
    def solution(self) -> str:
        """The source of the solution."""
        path = self.folder / "solution" / self.file
        if not path.exists():
            raise ArgumentError(f"{self.name}: there is no solution here\nHint: it stays with the instructor")
        return path.read_text(encoding="utf-8")

    def properties(self) -> list[Property]:
        """Return what is asked, in the order of the file."""
        package = f"minigrad_assignment_{self.name}"
        root = ModuleType(package)
        root.__path__ = [str(self.folder)]
        sys.modules[package] = root
        try:
            if self.given:
                vars(_module(package, self.folder / "given.py")).update(self.constants)
            found = _module(package, self.folder / "properties.py").PROPERTIES
        finally:
            for name in [n for n in sys.modules if n.partition(".")[0] == package]:
                del sys.modules[name]
        if not found or not all(isinstance(p, Property) for p in found):
            raise FileFormatError(f"{self.name}: PROPERTIES in properties.py must be a list of properties")
        return list(found)

    @cached_property
    def mistakes(self) -> list[Mistake]:
        """The known mistakes."""
        return [_mistake(path) for path in sorted((self.folder / "wrong").glob("*.py"))]

    def with_mistake(self, mistake: Mistake) -> str:
        """Return the solution with one function replaced by its wrong version."""
        return replaced(self.solution, mistake.function, mistake.source)


def find(name: str, folder: Path | None = None) -> Assignment:
    """Return the assignment whose folder has this name, or begins with it, as a1 does.

    Raises  ArgumentError if none or several do
    """
    root = folder or DEFAULT
    path = Path(name)
    if (path / "assignment.toml").exists():
        return Assignment(path.resolve())
    found = [a for a in every(root) if a.name == name] or [a for a in every(root) if a.name.startswith(f"{name}_")]
    if len(found) != 1:
        known = ", ".join(a.name for a in every(root)) or "none"
        raise ArgumentError(
            f"classroom: there is no assignment {name!r} in {root}; there are {known}\n"
            "Hint: --assignments names the folder that holds them"
        )
    return found[0]


def every(folder: Path | None = None) -> list[Assignment]:
    """Return all assignments in a folder, by name."""
    root = folder or DEFAULT
    return [Assignment(p.parent) for p in sorted(root.glob("*/assignment.toml"))]


def with_constants(source: str, constants: dict[str, Any]) -> str:
    """Return a file in which assignments at the top give these constants these values."""
    for name, value in constants.items():
        source, count = re.subn(rf"^{name} = [^#\n]*?( *#.*)?$", rf"{name} = {value!r}\1", source, flags=re.MULTILINE)
        if count != 1:
            raise FileFormatError(f"given.py: {name} is a variant, and there is no line {name} = ...")
    return source


def _module(package: str, path: Path) -> ModuleType:
    """Execute a file of the assignment as a module of its package."""
    name = f"{package}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.exists():
        raise FileFormatError(f"{path}: there is no such file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _mistake(path: Path) -> Mistake:
    source = path.read_text(encoding="utf-8")
    function, colon, sentence = (ast.get_docstring(ast.parse(source)) or "").partition(": ")
    if not colon or function not in functions(source):
        raise FileFormatError(f'{path}: it must open with a docstring "function: mistake" and define that function')
    return Mistake(path.stem, function, " ".join(sentence.split()), source)


def functions(source: str) -> dict[str, ast.FunctionDef]:
    """Return the functions at the top of a file."""
    return {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}


def replaced(source: str, function: str, other: str) -> str:
    """Return a file in which a function is that of another file, with whatever it stands on there."""
    old = functions(source).get(function)
    if old is None:
        raise FileFormatError(f"there is no function {function} in the solution")
    lines, body = source.splitlines(), ast.parse(other).body
    start = body[1].lineno - 1 if ast.get_docstring(ast.parse(other)) else 0
    return "\n".join([*lines[: old.lineno - 1], *other.splitlines()[start:], *lines[old.end_lineno :]]) + "\n"
