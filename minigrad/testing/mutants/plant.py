"""Planting: run with one expression replaced, then everything as before.

The module's source is read, the expression replaced, the whole compiled anew, and the code of the one function that
changed put into the living function object. So every name that the function goes by (an import, a method of Tensor,
an entry of a table) is mutated, no file is touched, and taking the mutant out is putting the old code object back.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from minigrad_kernels import registry

from ...errors import ArgumentError
from .mutant import Mutant


@contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """Make the package wrong in this one way inside the block.

    Meanwhile no kernel stands in for what is wrong.

    Raises  ArgumentError if the function is gone, or does not hold the expression exactly once
    """
    function = function_of(find(mutant))
    healthy, function.__code__ = function.__code__, mutated(mutant, function)
    try:
        with without_kernels():
            yield
    finally:
        function.__code__ = healthy


@contextmanager
def without_kernels() -> Iterator[None]:
    """Let no kernel be found inside the block, in any thread; those that a test registers itself still are."""
    found, load = dict(registry._found), registry._load
    registry._found.clear()
    registry.__dict__["_load"] = lambda loop, device: None
    try:
        yield
    finally:
        registry.__dict__["_load"] = load
        registry._found.clear()
        registry._found.update(found)


def find(mutant: Mutant) -> Any:
    """Return what the mutant's `where` names: a function, or what a decorator has made of it."""
    try:
        found: Any = importlib.import_module(mutant.module)
        for part in mutant.function.split("."):
            found = inspect.getattr_static(found, part)
    except (ImportError, AttributeError) as error:
        raise ArgumentError(f"mutant {mutant.name}: {mutant.where} does not exist: {error}") from error
    return found


def function_of(found: Any) -> FunctionType:
    """Return the function inside its decorators."""
    while not isinstance(found, FunctionType) or hasattr(found, "__wrapped__"):
        for inner in ("reference", "__wrapped__", "__func__", "fget"):
            if hasattr(found, inner):
                found = getattr(found, inner)
                break
        else:
            raise ArgumentError(f"mutant: {found!r:.80} is not a function written in Python")
    return found


def mutated(mutant: Mutant, function: FunctionType) -> CodeType:
    """Return the code of the function with the expression replaced."""
    path = function.__code__.co_filename
    source = Path(path).read_text(encoding="utf-8")
    start, end = _body(source, function.__code__)
    body = source[start:end]
    if (count := body.count(mutant.old)) != 1:
        raise ArgumentError(
            f"mutant {mutant.name}: {mutant.where} holds {mutant.old!r} {count} times, it must be once\n"
            "Hint: the function has been rewritten; rewrite the mutant to fit, or retire it"
        )
    try:
        changed = compile(source[:start] + body.replace(mutant.old, mutant.new) + source[end:], path, "exec")
    except SyntaxError as error:
        raise ArgumentError(f"mutant {mutant.name}: with {mutant.new!r} the source does not compile") from error
    code = _code_like(changed, function.__code__)
    if code is None or code.co_freevars != function.__code__.co_freevars:
        raise ArgumentError(f"mutant {mutant.name}: {mutant.new!r} changes what {mutant.where} closes over")
    return code


def _body(source: str, code: CodeType) -> tuple[int, int]:
    """Return where the function's statements begin and end in the source, its docstring left out."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == code.co_name:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first == code.co_firstlineno:
                statements = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
                lines = source.splitlines(keepends=True)
                begin = sum(map(len, lines[: statements[0].lineno - 1]))
                return begin, sum(map(len, lines[: node.end_lineno]))
    raise ArgumentError(f"mutant: the source of {code.co_name} has changed since it was imported")


def _code_like(code: CodeType, like: CodeType) -> CodeType | None:
    """Return the code object of the same name and first line inside `code`."""
    if code.co_name == like.co_name and code.co_firstlineno == like.co_firstlineno:
        return code
    inside = (_code_like(const, like) for const in code.co_consts if isinstance(const, CodeType))
    return next((found for found in inside if found is not None), None)
