"""A stand-in for CuPy 14 on the CPU, with CuPy's strictness, so that the whole `cuda` path runs where there is no GPU.

    with installed() as cupy:
        x = minigrad.ones(3, device="cuda")

| file | holds |
|---|---|
| `names.py`, `../cupy_names.txt` | the names and parameters that CuPy has, and nothing else has here |
| `array.py`, `index.py` | the array: no way to NumPy by accident, indices that wrap around, masks that wait |
| `operations.py` | how a function of NumPy runs on it |
| `ufunc.py`, `functions.py`, `linalg.py` | NumPy's functions under CuPy's rules |
| `kernels.py` | raw kernels over the simulator |
| `memory.py`, `cuda.py` | the pool with its limit; streams, events, graphs |
| `ledger.py` | counts what is done and waited for; records graphs |

Not modelled: `ElementwiseKernel`, `ReductionKernel`, `fuse`, `random`, more than one device, time.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from .cuda import CUDA
from .cupyx import CUPYX
from .ledger import LEDGER
from .memory import POOL
from .module import CUPY

__all__ = ["CUPY", "CUPYX", "LEDGER", "POOL", "installed"]


@contextmanager
def installed() -> Iterator[Any]:
    """Let `import cupy` find the stand-in inside the block; kernels that were loaded for it are forgotten after."""
    from minigrad_kernels import registry

    modules: dict[str, ModuleType] = {"cupy": CUPY, "cupyx": CUPYX, "cupy.cuda": CUDA}  # type: ignore[dict-item]
    before = {name: sys.modules.get(name) for name in modules}
    _forget_twins(registry)
    sys.modules.update(modules)
    try:
        yield CUPY
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
        _forget_twins(registry)


def _forget_twins(registry: Any) -> None:
    for key in [key for key in registry._found if key[1] == "cuda"]:
        del registry._found[key]
    package = sys.modules.get("minigrad_kernels.cuda")
    for name in [name for name in sys.modules if name.startswith("minigrad_kernels.cuda.")]:
        del sys.modules[name]
        delattr(package, name.rpartition(".")[2])  # else `from . import x` finds the old one
