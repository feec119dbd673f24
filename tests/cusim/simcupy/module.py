"""The module that `import cupy` finds."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from . import functions, linalg
from .array import ndarray
from .cuda import CUDA
from .functions import function
from .kernels import RawKernel, RawModule
from .memory import PINNED, POOL
from .names import entries
from .ufunc import UFUNCS, ufunc


class Room(ModuleType):
    """A module whose names are made when they are first asked for."""

    def __init__(self, name: str, attribute: Callable[[str], Any], **members: Any) -> None:
        super().__init__(name)
        self._attribute = attribute
        self.__dict__.update(members)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        value = self.__dict__[name] = self._attribute(name)
        return value


STRIDE_TRICKS = SimpleNamespace(
    **{
        name: function(entries()[f"lib.stride_tricks.{name}"], getattr(np.lib.stride_tricks, name))
        for name in ("as_strided", "sliding_window_view")
    }
)
CUPY = Room(
    "cupy",
    functions.attribute,
    ndarray=ndarray, ufunc=ufunc, RawKernel=RawKernel, RawModule=RawModule, **UFUNCS,
    cuda=CUDA, linalg=Room("cupy.linalg", linalg.attribute), lib=SimpleNamespace(stride_tricks=STRIDE_TRICKS),
    is_available=CUDA.is_available, get_default_memory_pool=lambda: POOL, get_default_pinned_memory_pool=lambda: PINNED,
    __version__="14.2.0",
)  # fmt: skip
