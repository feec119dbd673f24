"""What the machine can do: its name, the product of matrices per second, the bytes copied per second."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .race import best, clock_for


class Machine(NamedTuple):
    """The yardsticks of a run, on as many threads as the run uses."""

    cpu: str
    threads: int
    gflops: float  # of a large float32 matrix product
    gbytes: float  # read and written per second by a large copy


def measure(threads: int) -> Machine:
    """Measure this machine; takes about a second."""
    a, b = (np.random.default_rng(i).standard_normal((1024, 1024), np.float32) for i in range(2))
    c = np.empty_like(a)
    x = np.zeros(2**25, np.float32)
    y = np.empty_like(x)
    return Machine(
        cpu_name(), threads,
        2 * 1024**3 / best(lambda: np.matmul(a, b, out=c), clock_for(threads)) / 1e9,
        2 * x.nbytes / best(lambda: np.copyto(y, x), clock_for(threads)) / 1e9,
    )  # fmt: skip


def cpu_name() -> str:
    """Return what the processor calls itself."""
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
