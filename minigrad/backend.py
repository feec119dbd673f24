"""Devices, array modules, and the place where a kernel may stand in for an array loop.

An array's type is its device: NumPy arrays live on "cpu", CuPy arrays on "cuda". This is the only file that
says "cupy", and it imports it only when a cuda device is first asked for.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any, Generic, ParamSpec, TypeAlias, TypeVar

import numpy as np

from minigrad_kernels import registry
from minigrad_kernels.cpu import threads

from .allocator import recycle
from .errors import ArgumentError, DeviceError, MissingPackageError

P = ParamSpec("P")
R = TypeVar("R")
Array: TypeAlias = Any  # numpy.ndarray or cupy.ndarray

MODES = ("auto", "exact", "reference")
recycle()


def array_module(x: Array) -> ModuleType:
    """Return the module (numpy or cupy) whose functions accept `x`."""
    if isinstance(x, (np.ndarray, np.generic)):
        return np
    return sys.modules[type(x).__module__.partition(".")[0]]


def is_array(x: object) -> bool:
    """Say whether `x` is an array of one of our devices."""
    return isinstance(x, (np.ndarray, np.generic)) or type(x).__module__.partition(".")[0] == "cupy"


def as_array(x: Array) -> Array:
    """Return `x` as an array proper: NumPy's reductions hand back scalars, which cannot be written to."""
    return np.asarray(x) if isinstance(x, np.generic) else x


def device_of(x: Array) -> str:
    """Return "cpu" or "cuda"."""
    return "cpu" if array_module(x) is np else "cuda"


def module_for(device: str) -> ModuleType:
    """Return the array module of `device`, or say why there is none."""
    kind = device.partition(":")[0]
    if kind == "cpu":
        return np
    if kind != "cuda":
        raise ArgumentError(f'device: {device!r} is unknown; use "cpu" or "cuda"')
    try:
        cupy = import_module("cupy")
    except ImportError as error:
        raise MissingPackageError(
            "device: cuda needs CuPy; install it with pip install 'minigrad[cuda12]' or 'minigrad[cuda13]'"
        ) from error
    try:
        cupy.cuda.runtime.getDeviceCount()
    except Exception as error:
        raise DeviceError(f"device: cuda is not available here, the driver says: {error}") from error
    return cupy


def to_device(x: Array, device: str) -> Array:
    """Return `x` on `device`, itself if it is there already."""
    if device_of(x) == device.partition(":")[0]:
        return x
    target = module_for(device)
    return array_module(x).asnumpy(x) if target is np else target.asarray(x)


def to_numpy(x: Array) -> np.ndarray[Any, Any]:
    """Return `x` as a NumPy array, copied only if it comes from another device."""
    return np.asarray(to_device(x, "cpu"))


def checked_mode(mode: str, where: str) -> str:
    """Return `mode` if there is such a one."""
    if mode not in MODES:
        raise ArgumentError(f"{where}: mode {mode!r} is unknown; use one of {', '.join(MODES)}")
    return mode


registry.Choice.mode = checked_mode(os.environ.get("MINIGRAD_KERNELS", "auto"), "MINIGRAD_KERNELS")


@contextmanager
def kernels(mode: str) -> Iterator[None]:
    """Choose the implementations that run inside the block, for this thread.

    "auto" uses a compiled kernel wherever one is registered; "exact" those only that round like the definition, so
    not Winograd's convolution; "reference" only the NumPy definition, which a debugger can step through. The
    environment variable MINIGRAD_KERNELS sets the mode a process starts with.
    """
    before, registry.choice.mode = registry.choice.mode, checked_mode(mode, "kernels")
    try:
        yield
    finally:
        registry.choice.mode = before


def get_num_threads() -> int:
    """Return how many threads a kernel may use: those asked for, else OMP_NUM_THREADS, else one per processor."""
    return threads.get_num_threads()


def set_num_threads(n: int) -> None:
    """Let kernels and large matrix products use n threads, in the whole process. Results do not depend on it."""
    try:
        threads.set_num_threads(n)
    except ValueError as error:
        raise ArgumentError(str(error)) from error


def twin_of(loop: str, array: Array) -> registry.Kernel | None:
    """Return the kernel for `loop` on the device of `array`, if there is one and this thread wants it."""
    return None if registry.choice.mode == "reference" else registry.find(loop, device_of(array))


class Accelerable(Generic[P, R]):
    """An array loop that a registered kernel may stand in for: a twin of the same name and signature.

    A twin returns NotImplemented for what it does not cover (a dtype, a layout, a geometry); the reference
    then runs.
    """

    def __init__(self, reference: Callable[P, R]) -> None:
        self.reference = reference
        self.name = reference.__name__
        functools.update_wrapper(self, reference)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the twin for the device of the first argument, or the reference."""
        first = args[0]
        twin = twin_of(self.name, first[0] if isinstance(first, list) else first)
        if twin is not None:
            result = twin(*args, **kwargs)
            if result is not NotImplemented:
                return result  # type: ignore[no-any-return]
        return self.reference(*args, **kwargs)


def accelerable(reference: Callable[P, R]) -> Accelerable[P, R]:
    """Mark an array loop as one that a kernel may replace. Its first argument, an array or a list of arrays on one
    device, decides which.
    """
    return Accelerable(reference)


def add_at(target: Array, key: Any, values: Array) -> None:
    """Add `values` to `target[key]`, once for every time an element is named: duplicates accumulate."""
    if array_module(target) is np:
        np.add.at(target, key, values)
    else:
        import_module("cupyx").scatter_add(target, key, values)
