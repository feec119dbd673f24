"""Report versions, devices, threads and kernels.

What to paste into a bug report.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import platform

from ..backend import module_for
from ..errors import MinigradError


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The command takes no arguments."""


def facts() -> dict[str, str]:
    """Return what there is to know about this installation, by name."""
    found = {"python": f"{platform.python_version()} on {platform.system()} {platform.machine()}"}
    for package in ("minigrad", "numpy", "numba", "matplotlib", "rich", "pillow", "hypothesis"):
        found[package] = _version(package)
    found["cpus"] = str(os.cpu_count())
    found["threads"] = os.environ.get("OMP_NUM_THREADS", "as many as the BLAS library chooses")
    found["cuda"] = _cuda()
    found["kernels"] = os.environ.get("MINIGRAD_KERNELS", "auto")
    return found


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _cuda() -> str:
    if importlib.util.find_spec("cupy") is None:
        return "CuPy is not installed"
    try:
        return f"{module_for('cuda').cuda.runtime.getDeviceCount()} device(s)"
    except MinigradError as error:
        return str(error)


def run(arguments: argparse.Namespace) -> int:
    """Print the facts."""
    rows = facts()
    width = max(map(len, rows))
    for name, value in rows.items():
        print(f"{name:<{width}}  {value}")
    return 0
