"""Work split over threads. Kernels release the interpreter lock, so their threads run at the same time.

A kernel computes each of its results by the same instructions whatever thread that falls to, so results do not depend
on how many threads there are. The thread that asks works too; it takes the first part.

Two pools would fight for the processors. So BLAS is held to one thread from the first work that is split, or the first
set_num_threads, on; large products are split here too (matmul.py).
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .workers import Crew

Part = Callable[[], object]
_asked: int | None = None
_crew: Crew | None = None
_one_at_a_time = threading.Lock()  # whoever finds it taken, a worker or another thread of the user's, works alone
MOST = 256  # parts


def get_num_threads() -> int:
    """Return how many threads work on a kernel: set_num_threads, else OMP_NUM_THREADS, else the CPUs there are."""
    if _asked is not None:
        return _asked
    said = os.environ.get("OMP_NUM_THREADS", "")
    if said.isdigit():
        return max(1, int(said))
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def set_num_threads(n: int) -> None:
    """Let n threads work on a kernel, in the whole process. With 1 no thread but the asking one works."""
    global _asked
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ValueError(f"set_num_threads: needs a number of threads, at least 1, got {n!r}")
    _asked = n
    _hold_blas()


def split(part: Callable[[int, int], Part], count: int, worthwhile: bool = True) -> None:
    """Run part(start, stop)() for parts of range(count), at the same time if `worthwhile`.

    What a part needs is made by part(start, stop), in this thread; the rest, a call of a kernel, should not need the
    interpreter.
    """
    global _crew
    parts = min(get_num_threads(), count, MOST) if worthwhile else 1
    if parts <= 1 or not _one_at_a_time.acquire(blocking=False):
        part(0, count)()
        return
    try:
        if _crew is None:
            from .workers import Crew

            _hold_blas()
            _crew = Crew()
        edges = [count * i // parts for i in range(parts + 1)]
        _crew.run([part(*ends) for ends in pairwise(edges)])
    finally:
        _one_at_a_time.release()


def _hold_blas() -> None:
    """Leave BLAS one thread. Its own ones go on spinning after a product, on the processors that kernels need."""
    with contextlib.suppress(ImportError):
        from threadpoolctl import threadpool_limits

        threadpool_limits(1, user_api="blas")


def _forget_crew() -> None:
    global _crew, _one_at_a_time
    _crew = None
    _one_at_a_time = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_crew)  # a child process has none of its parent's threads
