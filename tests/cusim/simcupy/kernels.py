"""Raw kernels: the CUDA text runs on the host, thread by thread, through tests/cusim/simulator.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from .array import ndarray
from .ledger import LEDGER


class RawModule:
    """A CUDA text; it is compiled when a kernel is first asked for."""

    def __init__(
        self, *, code: str | None = None, path: str | None = None, options: tuple[str, ...] = (), backend: str = "nvrtc",
        translate_cucomplex: bool = False, enable_cooperative_groups: bool = False,
        name_expressions: Any = None, jitify: Any = None,
    ) -> None:  # fmt: skip
        if not isinstance(options, tuple):
            raise TypeError(f"Argument 'options' has incorrect type (expected tuple, got {type(options).__name__})")
        if code is None:
            raise NotImplementedError("the stand-in compiles text, it loads no cubin")
        if enable_cooperative_groups:
            raise NotImplementedError("the stand-in runs one block after the other: none may wait for another")
        self.code, self.options, self.name_expressions = code, options, name_expressions
        self._module: Any = None

    def get_function(self, name: str) -> RawKernel:
        """Return a kernel: the name of a function, or one of the name expressions."""
        if self._module is None:
            from tests.cusim.simulator import SimModule

            self._module = SimModule(self.code, options=self.options, name_expressions=self.name_expressions)
        return RawKernel(self.code, name, self.options, _kernel=self._module.get_function(name))


class RawKernel:
    """One kernel."""

    def __init__(
        self, code: str, name: str, options: tuple[str, ...] = (), backend: str = "nvrtc", *, _kernel: Any = None
    ) -> None:
        self.__name__ = self.name = name
        self._code, self._options, self._found = code, options, _kernel

    @property
    def kernel(self) -> Any:
        """The simulated kernel."""
        if self._found is None:
            self._found = RawModule(code=self._code, options=self._options).get_function(self.name).kernel
        return self._found

    @property
    def max_dynamic_shared_size_bytes(self) -> int:
        """The dynamic shared memory that a launch may ask for."""
        return self.kernel.max_dynamic_shared_size_bytes  # type: ignore[no-any-return]

    @max_dynamic_shared_size_bytes.setter
    def max_dynamic_shared_size_bytes(self, nbytes: int) -> None:
        self.kernel.max_dynamic_shared_size_bytes = nbytes

    def __call__(self, grid: tuple[int, ...], block: tuple[int, ...], args: Any, *, shared_mem: int = 0, stream: Any = None) -> None:
        LEDGER.launches += 1
        values = tuple(_argument(x) for x in args)
        LEDGER.write(lambda: self.kernel(grid, block, values, shared_mem=shared_mem))


def _argument(x: Any) -> Any:
    """Return an argument as the simulator takes it."""
    if isinstance(x, ndarray):
        return x.array
    if isinstance(x, np.ndarray):
        if x.dtype.fields is None or x.size != 1:
            raise TypeError(f"You are trying to pass a numpy.ndarray of shape {x.shape} as a kernel parameter.")
        return x.reshape(())[()]  # a struct by value
    return x
