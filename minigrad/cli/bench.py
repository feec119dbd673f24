"""Time minigrad, and PyTorch where it is installed, on the same work in one run."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from ..bench.run import Options, add_arguments
from ..errors import ArgumentError

__all__ = ["add_arguments", "run"]


def run(arguments: argparse.Namespace) -> int:
    """Run the benchmark in a new process: every library reads the number of threads when it is first imported."""
    options = Options(**{name: getattr(arguments, name) for name in Options._fields})
    if options.threads < 1:
        raise ArgumentError(f"bench: --threads is {options.threads}, at least 1 is needed")
    variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(variables, str(options.threads))}
    words = [f"--{k}={v}" for k, v in options._asdict().items() if v is not None]
    return subprocess.run([sys.executable, "-m", "minigrad.bench", *words], env=environment, check=False).returncode
