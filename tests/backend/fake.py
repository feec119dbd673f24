"""CuPy, played by a module of the same name: its arrays are recognised by the module of their type."""

import sys
import types

import numpy as np


class CudaArray:
    """An array on the other side."""

    def __init__(self, values):
        self.values = np.array(values)


CudaArray.__module__ = "cupy._core.core"


def fake_cupy(monkeypatch):
    """Return a CuPy with one device, which `import cupy` finds for the rest of the test."""
    module = types.ModuleType("cupy")
    module.asarray = CudaArray
    module.asnumpy = lambda x: x.values
    device = types.SimpleNamespace(id=0, compute_capability="90")
    module.cuda = types.SimpleNamespace(
        runtime=types.SimpleNamespace(getDeviceCount=lambda: 1, memGetInfo=lambda: (100, 1000)), Device=lambda: device,
        set_allocator=lambda malloc: setattr(module, "malloc", malloc), memory=types.SimpleNamespace(OutOfMemoryError=MemoryError))
    module.get_default_memory_pool = lambda: types.SimpleNamespace(malloc=module.pool, used_bytes=lambda: 800)
    module.pool = lambda size: f"{size} bytes"
    monkeypatch.setitem(sys.modules, "cupy", module)
    return module
