"""Work split over threads. Kernels release the interpreter lock, so their threads run at the same time.

A kernel computes each of its results by the same instructions whatever thread that falls to, so results do not depend
on how many threads there are. The thread that asks works too; it takes the first part.

Two pools would fight for the processors. So with the first work that is split BLAS is held to one thread, and large
products are split here too (matmul.py).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

_asked: int | None = None
_pool: ThreadPoolExecutor | None = None
MOST = 256  # threads of the pool, which starts them as they are needed


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


def split(work: Callable[[int, int], None], count: int, worthwhile: bool = True) -> None:
    """Call work(start, stop) for parts of range(count), at the same time if `worthwhile`."""
    global _pool
    parts = min(get_num_threads(), count, MOST) if worthwhile else 1
    if parts <= 1:
        work(0, count)
        return
    if _pool is None:
        _hold_blas()
        _pool = ThreadPoolExecutor(MOST, thread_name_prefix="minigrad-kernel")
    edges = [count * i // parts for i in range(parts + 1)]
    jobs = [_pool.submit(work, edges[i], edges[i + 1]) for i in range(1, parts)]
    try:
        work(0, edges[1])
    finally:
        wait(jobs)  # no thread may still write to arrays of this call when it returns
    for job in jobs:
        job.result()


def _hold_blas() -> None:
    """Leave BLAS one thread. Its own ones go on spinning after a product, on the processors that kernels need."""
    with contextlib.suppress(ImportError):
        from threadpoolctl import threadpool_limits

        threadpool_limits(1, user_api="blas")


def _forget_pool() -> None:
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)  # a child process has none of its parent's threads
