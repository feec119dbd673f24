"""Remembering how values came about: which line, from what, recorded or not, and how to compute them again.

The tape keeps what backward needs and lets go of it afterwards. Inside `watching()` every result also keeps a story:
its inputs, those without a gradient too, and the call that made it. So `explain` can speak about a graph that backward
has freed, about values that never were on the tape, and can repeat one op to compare its rule with differences.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Any

from ..grad_mode import mode
from ..overwrites import users_line

if TYPE_CHECKING:
    from ..autograd import Edge
    from ..tensor import Tensor

_STORY, _USES, _SOURCE = "_story", "_uses", "_source"  # attributes of tensors that were watched
_RECORDERS = ("made", "record", "record_view")
_MOST_USES = 50  # that are remembered of one tensor


@dataclass
class Use:
    """One op that a value went into."""

    op: str
    place: str
    recorded: bool  # False inside no_grad
    passed: bool = False  # backward has come by


@dataclass
class Story:
    """How a value came about."""

    use: Use  # of its inputs
    edges: tuple[Edge, ...]  # every input, with its rule
    function: Any = None  # the op, if it can be found by its name
    arguments: dict[str, Any] = field(default_factory=dict)
    varargs: str = ""  # the name of the argument that takes the rest


def story_of(y: Tensor) -> Story | None:
    """Return the story of a value that was made inside `watching()`."""
    found: Story | None = y.__dict__.get(_STORY)
    return found


def uses_of(x: Tensor) -> list[Use]:
    """Return the ops inside `watching()` that a value went into, the last ones of many."""
    found: list[Use] = x.__dict__.get(_USES, [])
    return found


def source_of(x: Tensor) -> Tensor | None:
    """Return the value with a history that an untracked tensor shares its memory with: it was detached from it."""
    owner: Any = x.__dict__.get(_SOURCE) if _SOURCE in x.__dict__ else (None if x.buffer is None else x.buffer.owner())
    return owner if owner is not None and owner is not x and owner.tracked else None


class _Listener:
    """Notes a story for every result, and a use for every input."""

    def __init__(self) -> None:
        self.alive: list[Tensor] = []  # so that a detached copy can be traced to what it was detached from

    def made(self, y: Tensor, inputs: Sequence[Edge]) -> None:
        """Note where `y` comes from."""
        y.place = users_line()
        function, arguments, varargs = _call(sys._getframe(1))
        use = Use(y.op, y.place, mode.recording)
        y.__dict__[_STORY] = Story(use, tuple(inputs), function, arguments, varargs)
        self.alive.append(y)
        for x, _ in inputs:
            x.__dict__[_USES] = [*uses_of(x), use][-_MOST_USES:]
            if not x.tracked and story_of(x) is None:
                x.__dict__[_SOURCE] = source_of(x)

    def passed(self, y: Tensor, dx: Tensor) -> None:
        """Note that backward has come by."""
        story = story_of(y)
        if story is not None:
            story.use.passed = True


def _call(frame: FrameType | None) -> tuple[Any, dict[str, Any], str]:
    """Return the function that called `record`, and what it was called with, as far as its arguments still say."""
    while frame is not None and frame.f_code.co_name in _RECORDERS:
        frame = frame.f_back
    if frame is None:
        return None, {}, ""
    code = frame.f_code
    function = frame.f_globals.get(code.co_name)
    function = getattr(function, "reference", function)
    if getattr(function, "__code__", None) is not code:  # a closure, or a method
        return None, {}, ""
    named = code.co_argcount + code.co_kwonlyargcount
    rest = code.co_varnames[named] if code.co_flags & 0x04 else ""
    names = (*code.co_varnames[:named], *([rest] if rest else []))
    return function, {name: frame.f_locals[name] for name in names if name in frame.f_locals}, rest


@contextmanager
def watching() -> Iterator[None]:
    """Let every result inside the block remember how it came about, for `explain`.

    Slower, and nothing that is made inside is freed before the block ends: for looking, not for training.
    """
    before, mode.watcher = mode.watcher, _Listener()
    try:
        yield
    finally:
        mode.watcher = before
