"""Work split over the images of a batch, on threads that kernels without the interpreter lock can use at once.

Every image is computed by the same instructions whatever thread it falls to, so results do not depend on how many
there are.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

_pool: ThreadPoolExecutor | None = None


def thread_count() -> int:
    """Return OMP_NUM_THREADS, or the number of CPUs this process may use."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit():
        return max(1, int(asked))
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def split(work: Callable[[int, int], None], count: int, worthwhile: bool = True) -> None:
    """Call work(start, stop) for parts of range(count), at the same time if `worthwhile`."""
    global _pool
    parts = min(thread_count(), count) if worthwhile else 1
    if parts <= 1:
        work(0, count)
        return
    if _pool is None:
        _pool = ThreadPoolExecutor(thread_count(), thread_name_prefix="minigrad-kernel")
    edges = [count * i // parts for i in range(parts + 1)]
    for job in [_pool.submit(work, a, b) for a, b in pairwise(edges)]:
        job.result()
