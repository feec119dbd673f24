"""Compile the kernels for this CPU now, so that no later run waits for it."""

from __future__ import annotations

import argparse
import time
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There is nothing to choose."""


def run(arguments: argparse.Namespace) -> int:
    """Do every piece of work of the benchmark once; what is compiled for it stays on disk."""
    from rich.progress import track

    import minigrad
    import minigrad.optim
    from minigrad_kernels.cpu.compiled import kernel_folder

    from ..bench.run import WORKLOADS

    folder, start = kernel_folder(), time.perf_counter()
    before = _count(folder)
    for workload in track(WORKLOADS["cpu"], "compiling kernels"):
        workload.build(minigrad)()
    where = "not kept: no folder can be trusted" if folder is None else f"kept in {folder}"
    print(f"{_count(folder) - before} kernels compiled in {time.perf_counter() - start:.0f} s, {where}")
    return 0


def _count(folder: Path | None) -> int:
    return 0 if folder is None else len(list(folder.iterdir()))
