"""The GPU: is there one, what is it, how full is its memory, when is it done, and how to record a step and replay it.

Work for the GPU is put in a queue, a stream, and Python goes on. Whatever reads a value (`.item()`, `.numpy()`,
printing) waits for it; `synchronize` waits for everything, which is what a measurement needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from .backend import module_for
from .errors import DeviceError, MinigradError

__all__ = [
    "CUDAGraph", "device_count", "empty_cache", "get_device_capability", "get_device_name", "graph", "is_available",
    "mem_get_info", "memory_allocated", "memory_reserved", "memory_stats", "synchronize",
]  # fmt: skip


def is_available() -> bool:
    """Say whether `device="cuda"` works here: a driver, a GPU that is new enough, and CuPy."""
    try:
        module_for("cuda")
    except MinigradError:
        return False
    return True


def device_count() -> int:
    """Return how many GPUs this process sees; 0 without a driver."""
    return int(module_for("cuda").cuda.runtime.getDeviceCount()) if is_available() else 0


def get_device_name() -> str:
    """Return what the GPU is called."""
    cupy = module_for("cuda")
    name = cupy.cuda.runtime.getDeviceProperties(cupy.cuda.Device().id)["name"]
    return str(name.decode() if isinstance(name, bytes) else name)


def get_device_capability() -> tuple[int, int]:
    """Return the GPU's compute capability: (9, 0) for an H100."""
    digits = str(module_for("cuda").cuda.Device().compute_capability)
    return int(digits[:-1]), int(digits[-1])


def synchronize() -> None:
    """Wait until the GPU has done all that it was given."""
    module_for("cuda").cuda.Device().synchronize()


def memory_allocated() -> int:
    """Return the bytes that arrays hold on the GPU."""
    return int(module_for("cuda").get_default_memory_pool().used_bytes())


def memory_reserved() -> int:
    """Return the bytes that were taken from the driver: those of arrays, and those kept for the next ones."""
    return int(module_for("cuda").get_default_memory_pool().total_bytes())


def mem_get_info() -> tuple[int, int]:
    """Return the bytes that are free on the GPU, and all that it has."""
    free, total = module_for("cuda").cuda.runtime.memGetInfo()
    return int(free), int(total)


def memory_stats() -> dict[str, int]:
    """Return bytes in use, bytes reserved, and free and total bytes of the GPU, by name."""
    free, total = mem_get_info()
    return {"allocated": memory_allocated(), "reserved": memory_reserved(), "free": free, "total": total}


def empty_cache() -> None:
    """Give memory that no array holds back to the driver, for other processes."""
    module_for("cuda").get_default_memory_pool().free_all_blocks()


class CUDAGraph:
    """Work that was recorded once and can be replayed: one launch for all of it.

    A small model's step is bound by the time it takes to launch kernels one by one. Numbers from Python (a learning
    rate, the seed of a dropout) are recorded as they were: only what lies in arrays on the GPU may change.
    """

    def __init__(self) -> None:
        self._graph: Any = None
        self._memory: Any = None

    def replay(self) -> None:
        """Run what was recorded, on the arrays that it was recorded with."""
        if self._graph is None:
            raise DeviceError("CUDAGraph: nothing was recorded\nHint: record with minigrad.cuda.graph(g): ...")
        self._graph.launch()


@contextmanager
def graph(cuda_graph: CUDAGraph) -> Iterator[None]:
    """Record the work of the block into `cuda_graph` instead of doing it.

    Run the same work once before, so that kernels are compiled and libraries are set up. Inside, nothing may wait for
    the GPU: no `.item()`, no copy to the host. Arrays of the block live in memory that only this graph uses.
    """
    cupy = module_for("cuda")
    stream, memory = cupy.cuda.Stream(non_blocking=True), cupy.cuda.MemoryPool()
    synchronize()
    with stream, cupy.cuda.using_allocator(memory.malloc):
        stream.begin_capture()
        try:
            yield
        except BaseException:
            with suppress(Exception):  # the stream must leave this state; what went wrong before is what matters
                stream.end_capture()
            raise
        cuda_graph._graph, cuda_graph._memory = stream.end_capture(), memory
