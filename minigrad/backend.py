"""Devices, array modules, and the place where a kernel may stand in for an array loop.

An array's type is its device: NumPy arrays live on "cpu", CuPy arrays on "cuda". This is the only file that
says "cupy", and it imports it only when a cuda device is first asked for.
"""

from __future__ import annotations

import ctypes
import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from types import ModuleType
from typing import Any, Generic, ParamSpec, TypeAlias, TypeVar

import numpy as np

from minigrad_kernels import registry
from minigrad_kernels.cpu import threads

from .allocator import recycle
from .errors import ArgumentError, DeviceError, MissingPackageError, OutOfMemoryError

P = ParamSpec("P")
R = TypeVar("R")
Array: TypeAlias = Any  # numpy.ndarray or cupy.ndarray

MODES = ("auto", "exact", "reference")
PRECISIONS = ("highest", "high", "medium")
after_waiting: list[Callable[[], None]] = []  # called whenever the host has waited for a value from the GPU
LEAST_CAPABILITY = 70  # the first whose threads of a warp can wait for one another
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


def is_recording() -> bool:
    """Say whether work for the GPU is being recorded, to be replayed (see cuda.graph)."""
    cupy = sys.modules.get("cupy")
    return cupy is not None and bool(cupy.cuda.get_current_stream().is_capturing())


def module_for(device: str) -> ModuleType:
    """Return the array module of `device`, or say why there is none."""
    kind, _, index = device.partition(":")
    if kind == "cpu":
        return np
    if kind != "cuda":
        raise ArgumentError(f'device: {device!r} is unknown; use "cpu" or "cuda"')
    if index not in ("", "0"):
        raise ArgumentError(
            f'device: {device!r} is not supported; "cuda" is the first GPU that the process sees\n'
            f"Hint: start it with CUDA_VISIBLE_DEVICES={index} to make that one the first"
        )
    return _cupy()


def _cupy() -> ModuleType:
    """Return CuPy, if there is a GPU that it can use."""
    reason = None if "cupy" in sys.modules else driver_problem()
    if reason is not None:
        raise DeviceError(f"device: cuda is not available here: {reason}\nHint: use device=\"cpu\"")
    try:
        cupy = import_module("cupy")
    except ImportError as error:
        raise MissingPackageError(
            "device: cuda needs CuPy; install it with pip install 'minigrad[cuda12]' or 'minigrad[cuda13]'"
        ) from error
    return _prepared(cupy)


@functools.cache
def _prepared(cupy: ModuleType) -> ModuleType:
    """Return CuPy with an allocator that explains itself, or say why the GPU cannot be used."""
    try:
        cupy.cuda.runtime.getDeviceCount()
    except Exception as error:
        raise DeviceError(f"device: cuda is not available here, the driver says: {error}") from error
    capability = int(cupy.cuda.Device().compute_capability)
    if capability < LEAST_CAPABILITY:
        raise DeviceError(
            f"device: this GPU has compute capability {capability / 10}, the kernels need {LEAST_CAPABILITY / 10} "
            '(Volta, 2017) or newer\nHint: use device="cpu"'
        )
    cupy.cuda.set_allocator(functools.partial(_allocate, cupy))
    return cupy


def driver_problem() -> str | None:
    """Return why no GPU can be used, None if one can: asked of the driver itself, which takes no time and no CuPy."""
    library = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        driver = ctypes.CDLL(library)
    except OSError:
        return f"NVIDIA's driver ({library}) is not installed"
    count = ctypes.c_int()
    status = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count))
    if status:
        return f"NVIDIA's driver does not start (error {status})"
    return None if count.value else "NVIDIA's driver finds no GPU"


def _allocate(cupy: ModuleType, size: int) -> Any:
    """Take memory from CuPy's pool; where there is none left, say how much there was."""
    pool = cupy.get_default_memory_pool()
    try:
        return pool.malloc(size)
    except cupy.cuda.memory.OutOfMemoryError as error:
        free, total = cupy.cuda.runtime.memGetInfo()
        raise OutOfMemoryError(
            f"cuda: {size:,} bytes were asked for, {free:,} of the GPU's {total:,} are free; "
            f"arrays of this process hold {pool.used_bytes():,}\n"
            "Hint: make the batch smaller, use checkpoint(), or drop references to tensors that are not needed"
        ) from error


def to_device(x: Array, device: str) -> Array:
    """Return `x` on `device`, itself if it is there already."""
    if device_of(x) == device.partition(":")[0]:
        return x
    target = module_for(device)
    if target is not np:
        return target.asarray(x)
    y = array_module(x).asnumpy(x)
    for look in after_waiting:
        look()
    return y


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


def get_float32_matmul_precision() -> str:
    """Return how exactly float32 products are computed on the GPU: "highest", "high" or "medium"."""
    return registry.choice.precision


def set_float32_matmul_precision(precision: str) -> None:
    """Choose, for this thread, how exactly float32 products, convolutions and attention are computed on the GPU.

    "highest" multiplies float32 as it is; "high" rounds both factors to TF32 (10 bits after the point, relative error
    about 5e-4) and "medium" to bfloat16 (7 bits, about 4e-3), for which there are tensor cores. Sums are float32.
    """
    if precision not in PRECISIONS:
        wanted = ", ".join(PRECISIONS)
        raise ArgumentError(f"set_float32_matmul_precision: {precision!r} is unknown; use one of {wanted}")
    registry.choice.precision = precision


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


def solver_errors(x: Array) -> AbstractContextManager[Any]:
    """Let a solver that fails on the device of `x` raise: NumPy's always do, CuPy's if the host waits for a report."""
    return nullcontext() if array_module(x) is np else import_module("cupyx").errstate(linalg="raise")


def add_at(target: Array, key: Any, values: Array) -> None:
    """Add `values` to `target[key]`, once for every time an element is named: duplicates accumulate."""
    array_module(target).add.at(target, key, values)
