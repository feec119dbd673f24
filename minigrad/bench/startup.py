"""How long a new process takes: to import, and to its first convolution with and without compiled kernels at hand."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time

_IMPORT = "import {}"
_FIRST = (
    "import minigrad as m; F = m.nn.functional; x = m.randn(4, 8, 10, 10, requires_grad=True); "
    "F.max_pool2d(F.conv2d(x, m.randn(8, 8, 3, 3)), 2).sum().backward()"
)


def startup(rivals: list[str]) -> dict[str, float]:
    """Return seconds of wall time per kind of start, interpreter included."""
    imports = {f"import {name}": _IMPORT.format(name) for name in ["numpy", "minigrad", *rivals]}
    times = {name: min(_run(code) for _ in range(3)) for name, code in imports.items()}
    with tempfile.TemporaryDirectory() as folder:
        times["first convolution, kernels to be compiled"] = _run(_FIRST, folder)
        times["first convolution, kernels on disk"] = min(_run(_FIRST, folder) for _ in range(3))
    return times


def _run(code: str, kernels: str = "") -> float:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    if kernels:
        environment["MINIGRAD_KERNEL_CACHE"] = kernels
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start
