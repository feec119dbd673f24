"""A student's file, executed piece by piece: what is broken in one piece leaves the others alone.

    import numpy as np          a piece is a statement without indentation, with what belongs to it:
    def relu(dy, x): ...        decorators above, the indented lines below
    def tanh(dy, y) ...         this one has no colon: tanh says so when it is called, relu works
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

DEFINED = re.compile(r"(?:async\s+)?(?:def|class)\s+(\w+)")
GOES_ON = (")", "]", "}", "else", "elif", "except", "finally")  # such lines belong to the piece above


class BrokenPiece(Exception):
    """A function is missing, because the piece of the file that would define it is broken."""


@dataclass(frozen=True)
class Piece:
    """A statement at the top of a file: its code, or the sentence that says why there is none."""

    source: str
    line: int
    tree: ast.Module | None
    problem: str = ""

    @property
    def defines(self) -> str:
        """The name of the function or class that the piece defines, as far as can be seen."""
        found = next((m for row in self.source.splitlines() if (m := DEFINED.match(row))), None)
        return found[1] if found else ""


def pieces(source: str, name: str) -> list[Piece]:
    """Split a file into pieces; those that are no Python carry the reason."""
    source = source.replace("\r\n", "\n").replace("\x00", " ").lstrip("\ufeff")
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [_piece(text, line, name) for line, text in _cut(source)]
    found = [(ast.get_source_segment(source, node) or "", node) for node in tree.body]
    return [Piece(text, node.lineno, ast.Module([node], [])) for text, node in found]


def _cut(source: str) -> list[tuple[int, str]]:
    """Cut at every line that begins a statement: not indented, no comment, not the end of a bracket above."""
    found: list[tuple[int, list[str]]] = []
    decorated = False
    for number, row in enumerate(source.split("\n"), 1):
        starts = bool(row.strip()) and not row[0].isspace() and not row.startswith(("#", *GOES_ON))
        if (starts and not decorated) or not found:
            found.append((number, [row]))
        else:
            found[-1][1].append(row)
        decorated = row.startswith("@") if starts else decorated and not row.strip()
    return [(line, "\n".join(rows)) for line, rows in found]


def _piece(text: str, line: int, name: str) -> Piece:
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        where = line + (error.lineno or 1) - 1
        return Piece(text, line, None, f"line {where} of {name} is not Python: {error.msg}")
    except (ValueError, RecursionError, MemoryError):
        return Piece(text, line, None, f"line {line} of {name} is nested too deeply to be read")
    ast.increment_lineno(tree, line - 1)
    return Piece(text, line, tree)


def execute(source: str, name: str, scope: dict[str, Any]) -> list[str]:
    """Execute a file in `scope` and return a sentence for each piece that could not be; its function raises it."""
    problems = []
    for piece in pieces(source, name):
        problem = piece.problem
        if piece.tree is not None:
            try:
                exec(compile(piece.tree, name, "exec"), scope)
            except BaseException as error:  # SystemExit too: the file is not the one to end this process
                problem = f"line {piece.line} of {name} raises {type(error).__name__}: {_told(error)}"
        if problem:
            problems.append(problem)
            if piece.defines:
                scope[piece.defines] = _broken(problem)
    return problems


def _broken(problem: str) -> Callable[..., Any]:
    def refuse(*_: Any, **__: Any) -> Any:
        raise BrokenPiece(problem)

    return refuse


def _told(error: BaseException) -> str:
    try:
        return " ".join(str(error).split())[:200]
    except Exception:  # a class of the student's own may fail here
        return "(no message)"
