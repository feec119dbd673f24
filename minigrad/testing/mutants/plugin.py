"""A pytest plugin that plants a mutant before anything is collected, or notes which mutants the tests could see.

    MINIGRAD_MUTANT=zoo:softmax-no-sum pytest -p minigrad.testing.mutants.plugin tests/ops/test_softmax.py
    MINIGRAD_REACHED=zoo:/tmp/names    the names of the mutants whose function is called, written there at the end
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from ...errors import ArgumentError
from .mutant import load
from .plant import find, function_of, planted, without_kernels

PLANT, REACHED = "MINIGRAD_MUTANT", "MINIGRAD_REACHED"

_stack = ExitStack()
_reached: set[CodeType] = set()


def pytest_configure(config: Any) -> None:
    """Plant, or begin to note; either way without kernels, so that tests are compared with tests."""
    _stack.enter_context(without_kernels())
    if PLANT in os.environ:
        source, _, name = os.environ[PLANT].rpartition(":")
        found = [m for m in load(source) if m.name == name]
        if not found:
            raise ArgumentError(f"{PLANT}: there is no mutant {name!r} in {source!r}")
        _stack.enter_context(planted(found[0]))
    if REACHED in os.environ:
        note = _noting(_reached)
        threading.setprofile(note)
        sys.setprofile(note)


def pytest_unconfigure(config: Any) -> None:
    """Take the mutant out, or write the names."""
    if REACHED in os.environ:
        sys.setprofile(None)
        threading.setprofile(None)
        source, _, path = os.environ[REACHED].partition(":")
        names = [m.name for m in load(source) if function_of(find(m)).__code__ in _reached]
        Path(path).write_text("\n".join(names), encoding="utf-8")
    _stack.close()


def _noting(reached: set[CodeType]) -> Callable[[FrameType, str, Any], None]:
    """Return a profiler that remembers the functions of the package that are called."""

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            reached.add(frame.f_code)

    return note
