"""A mutant: one expression of the package replaced by a wrong one.

    Mutant("softmax-no-sum", "softmax", "minigrad.ops.softmax:softmax",
           "(dy - (dy * y).sum(axis, keepdim=True))", "dy", seen=..., law=..., example=...)

says that in the function `softmax` the first text stands in place of the second, that somebody has made this mistake,
and which law of derivatives a test must know to notice it.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ...errors import ArgumentError
from .example import Call, Probe

ZOO = "zoo"


@dataclass(frozen=True)
class Mutant:
    """A wrong version of one function of the package."""

    name: str
    family: str
    where: str  # "package.module:function" or "package.module:Class.method"
    old: str  # occurs once in the function
    new: str
    seen: str  # a specimen: where this was found, or how it comes about
    law: str  # what must kill it
    example: Call | Probe
    tests: tuple[str, ...] = ()  # test files beside the mirror of the module

    @property
    def module(self) -> str:
        """The module that is wrong."""
        return self.where.partition(":")[0]

    @property
    def function(self) -> str:
        """The function that is wrong."""
        return self.where.partition(":")[2]

    @property
    def kind(self) -> str:
        """A "rule" can be seen by a gradient checker pointed at its example; the rest is "engine"."""
        return "rule" if isinstance(self.example, Call) else "engine"

    def test_files(self) -> tuple[str, ...]:
        """Return the test files that are about it: the mirror of its module, stem for stem, and `tests`."""
        *folders, stem = self.module.split(".")[1:]
        return ("/".join(["tests", *folders, f"test_{stem}.py"]), *self.tests)


def load(source: str = ZOO) -> list[Mutant]:
    """Return the mutants of a set: "zoo", the name of a module, or the path of a Python file that has `MUTANTS`.

    Raises  ArgumentError for a set that cannot be had, or names a mutant twice
    """
    module = _module(source)
    mutants = getattr(module, "MUTANTS", None)
    if not isinstance(mutants, list) or not all(isinstance(m, Mutant) for m in mutants):
        raise ArgumentError(f"mutants: {source} has no list MUTANTS of Mutant objects")
    names = [m.name for m in mutants]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise ArgumentError(f"mutants: {source} has two mutants named {twice[0]}\nHint: a name says which one survived")
    return mutants


def _module(source: str) -> Any:
    if source == ZOO:
        return importlib.import_module("minigrad.testing.mutants.zoo")
    if not source.endswith(".py"):
        try:
            return importlib.import_module(source)
        except ModuleNotFoundError as error:
            raise ArgumentError(
                f"mutants: there is no set {source!r}\nHint: give zoo, a module, or the path of a .py file"
            ) from error
    if not Path(source).is_file():
        raise ArgumentError(f"mutants: there is no file {source}")
    spec = importlib.util.spec_from_file_location(f"mutants_of_{Path(source).stem}", source)
    if spec is None or spec.loader is None:
        raise ArgumentError(f"mutants: {source} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def select(mutants: Iterable[Mutant], pattern: str | None) -> list[Mutant]:
    """Return the mutants whose name or family matches a pattern such as "softmax*"; all for None."""
    if pattern is None:
        return list(mutants)
    chosen = [m for m in mutants if fnmatchcase(m.name, pattern) or fnmatchcase(m.family, pattern)]
    if not chosen:
        raise ArgumentError(f"mutants: no name or family matches {pattern!r}\nHint: --list shows them")
    return chosen
