"""Conditions on values: checked at once on the CPU, on the GPU when the host next waits for it anyway.

Whether a class number is in range is known to the GPU only, after all the work that was given to it before. Asking
would make the host wait, and the GPU would then wait for the host. So the answer is read later, together with the next
value that somebody asks for: the error is raised by `item()` or `cpu()`, and says that it comes late. Until then an
index out of range has wrapped around, as CuPy's do; before a kernel of ours gets it, it is brought into range. What a
recorded graph replays is not checked.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from .backend import Array, after_waiting, array_module, is_recording

Complaint = Callable[[], Exception]

MOST = 100  # doubts that are put off: each keeps an array in memory


class _Doubts(threading.local):
    """What this thread has put off."""

    def __init__(self) -> None:
        self.open: list[tuple[Array, Complaint]] = []


_doubts = _Doubts()


def at_hand(x: Array) -> bool:
    """Say whether the host may look at values without waiting for them: they are in its own memory."""
    return isinstance(x, (np.ndarray, np.generic))


def insist(holds: Array, complaint: Complaint) -> None:
    """Raise what `complaint` returns unless `holds`, a single bool, is true: now, or on the GPU at the next wait."""
    if isinstance(holds, bool) or at_hand(holds):
        if not holds:
            raise complaint()
        return
    if is_recording():
        return
    _doubts.open.append((holds, complaint))
    if len(_doubts.open) > MOST:
        settle()


def settle() -> None:
    """Look at what was put off, and raise the first complaint."""
    doubts, _doubts.open = _doubts.open, []
    if not doubts:
        return
    flags = [holds for holds, _ in doubts]
    if array_module(flags[0]).stack(flags).all():
        return
    error = next(complaint() for holds, complaint in doubts if not holds)
    raise type(error)(f"{error}\nOn the GPU this is seen late: the op ran before, and its result is wrong")


after_waiting.append(settle)
