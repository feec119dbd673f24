"""Changes in place, kept honest by one clock.

The clock ticks for every recorded op and for every overwrite of a tensor's memory. So "was this value overwritten
after that op saved it?" is one comparison of two ticks, and no op has to note what it saves.
"""

from __future__ import annotations

import itertools
import os
import sys
import weakref
from typing import TYPE_CHECKING, Any

from .errors import InPlaceError

if TYPE_CHECKING:
    from .autograd import Node, Rule
    from .tensor import Tensor

_PACKAGE = os.path.dirname(__file__) + os.sep


class Clock:
    """The ticks of this process."""

    __slots__ = ("last_overwrite", "last_rebase", "tick")

    def __init__(self) -> None:
        self.tick = itertools.count(1).__next__
        self.last_overwrite = 0  # ops recorded later than this need no check
        self.last_rebase = 0  # views taken later than this need no check


clock = Clock()


class Buffer:
    """The memory that a tensor and its views share, and the ticks at which it was overwritten."""

    __slots__ = ("changed", "owner", "place", "rebased")

    def __init__(self, owner: Node) -> None:
        self.owner = weakref.ref(owner)
        self.changed = 0  # by anything
        self.rebased = 0  # by a value with a history, so that the owner's history was rewritten
        self.place = ""


def users_line() -> str:
    """Return the nearest line outside minigrad on the call stack, as file:line."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def share_memory(y: Node, x: Node) -> None:
    """Let `y` see every overwrite of `x`, and the other way round."""
    if x.buffer is None:
        x.buffer = Buffer(x)
    y.buffer = x.buffer


def note_overwrite(x: Node, place: str) -> None:
    """Tick the clock for memory that has just been written to; `place` goes into the error, if there is one."""
    if x.buffer is None:
        x.buffer = Buffer(x)
    x.buffer.place = place
    x.buffer.changed = clock.last_overwrite = clock.tick()


def rebase(x: Tensor, earlier: Tensor, y: Tensor, place: str) -> None:
    """Give `x`, whose memory now holds `y`, the history of `y`, if any. Ops that used `x` before used `earlier`.

    x is as old as the computation of y. So values that its rules mention and that this very overwrite has changed are
    found by `check_saved`; only the result itself is right from now on (`settled`).
    """
    x.order = y.order or clock.tick()
    note_overwrite(x, place)
    assert x.buffer is not None
    x.buffer.rebased = x.settled = clock.last_rebase = x.buffer.changed
    x.op, x.tracked, x.earlier = y.op, y.tracked, earlier
    x.edges = tuple((earlier if parent is x else parent, rule) for parent, rule in y.edges)
    x.hooks = ()  # they watch the earlier value, as in PyTorch


def check_fresh(op: str, *xs: Node) -> None:
    """Raise if one of `xs` is a view of memory whose history was rewritten after the view was taken."""
    for x in xs:
        if x.is_view and x.buffer is not None and x.buffer.rebased > x.order and x.buffer.rebased > x.settled:
            raise InPlaceError(
                f"{op}: an input is a view of memory that was overwritten later, by {x.buffer.place}, so its history "
                "is out of date\nHint: take the view again after the change"
            )


def check_saved(y: Node, order: int, rule: Rule) -> None:
    """Raise if a tensor that `rule` mentions was overwritten after `y` was recorded."""
    code, cells = getattr(rule, "__code__", None), getattr(rule, "__closure__", None) or ()
    names: tuple[str, ...] = getattr(code, "co_freevars", ())
    saved: list[tuple[str, Any, int]] = []
    for name, cell in zip(names, cells, strict=False):
        value = cell.cell_contents
        saved += [(name, v, order) for v in (value if isinstance(value, (tuple, list)) else (value,))]
    if code is None or "_" not in code.co_varnames[1:2]:
        saved.append(("its result", y, max(order, y.settled)))
    for name, value, since in saved:
        buffer = getattr(value, "buffer", None)
        if isinstance(buffer, Buffer) and buffer.changed > since:
            made = f" ({y.place})" if y.place else ""
            raise InPlaceError(
                f"{y.op}{made}: backward needs {name}, shape {value.array.shape}, as it was when {y.op} saved it, but "
                f"it was overwritten since by {buffer.place}\n"
                "Hint: write to a clone() instead, or call backward before the change"
            )
