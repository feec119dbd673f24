"""How much memory a process takes at its peak that trains the main job's CNN, library included."""

from __future__ import annotations

import os
import subprocess
import sys

_CODE = """
import importlib, resource, sys
lib = importlib.import_module(sys.argv[1])
from minigrad.bench.steps import DIGITS, training_step
from minigrad.bench.networks import CNN
if hasattr(lib, "set_num_threads"): lib.set_num_threads(1)
step = training_step(CNN, DIGITS, lib)
for _ in range(5): step()
if sys.platform == "linux":  # getrusage would count what the parent process had when it forked
    print(int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 2**10)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""


def footprint(libraries: list[str]) -> dict[str, float]:
    """Return the peak in MB for batches of 64, per library.

    Empty where the system does not say (Windows).
    """
    if sys.platform == "win32":
        return {}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    found = {}
    for name in libraries:
        done = subprocess.run([sys.executable, "-c", _CODE, name], check=True, env=environment, capture_output=True)
        found[name] = float(done.stdout)
    return found
