"""What a submission's text shows before it runs: imports that are out of bounds, and reaches behind the scenes.

Nothing is decided here: an import that is used costs its function when it runs. These notes are for the instructor,
who may want to read such a submission.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .sandbox.blocks import pieces

BEHIND = (
    "__builtins__", "__class__", "__code__", "__globals__", "__subclasses__", "_getframe", "_os", "ctypeslib", "f2py",
    "f_back", "modules", "os", "settrace", "sys", "tb_frame",
)  # fmt: skip


def notes(source: str, file: str, allowed: tuple[str, ...]) -> list[str]:
    """Return a sentence for each line that an instructor may want to see."""
    found = []
    for piece in pieces(source, file):
        for node in ast.walk(piece.tree) if piece.tree is not None else ():
            found += [f"line {line} of {file} {what}" for line, what in _seen(node, allowed)]
    return list(dict.fromkeys(found))


def _seen(node: ast.AST, allowed: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name.partition(".")[0] not in allowed:
                yield node.lineno, f"imports {alias.name}"
    elif isinstance(node, ast.ImportFrom):
        if node.level or (node.module or "").partition(".")[0] not in allowed:
            yield node.lineno, f"imports from {'.' * node.level}{node.module or ''}"
    elif isinstance(node, ast.Attribute) and node.attr in BEHIND:
        yield node.lineno, f"reaches for .{node.attr}"
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _root(node) in ("np", "numpy"):
        yield node.lineno, f"replaces {ast.unparse(node)}"


def _root(node: ast.expr) -> str:
    """Return the name that a chain of attributes begins with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
