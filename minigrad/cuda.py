"""The GPU: is there one, what is it, how full is its memory, when is it done, and how to record a step and replay it.

Work for the GPU is put in a queue, a stream, and Python goes on. Whatever reads a value (`.item()`, `.numpy()`,
printing) waits for it; `synchronize` waits for everything, which is what a measurement needs. There is one stream
unless you make others: what lies in two of them may be done at the same time, and waits only where you say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from .backend import is_recording, module_for
from .errors import DeviceError, MinigradError

__all__ = [
    "CUDAGraph", "Event", "Stream", "current_stream", "device_count", "empty_cache", "get_device_capability",
    "get_device_name", "graph", "is_available", "is_current_stream_capturing", "mem_get_info", "memory_allocated",
    "memory_reserved", "memory_stats", "stream", "synchronize",
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


class Event:
    """A point in the work of a stream. With `enable_timing`, two of them measure the time between."""

    def __init__(self, enable_timing: bool = False) -> None:
        self._event = module_for("cuda").cuda.Event(disable_timing=not enable_timing)
        self._timed = enable_timing

    def record(self, stream: Stream | None = None) -> None:
        """Be the point that the stream, or the current one, has come to."""
        self._event.record(None if stream is None else stream._stream)

    def wait(self, stream: Stream | None = None) -> None:
        """Let what is put into the stream, or the current one, from now on wait for this point."""
        (stream or current_stream())._stream.wait_event(self._event)

    def query(self) -> bool:
        """Say whether the point has been passed."""
        return bool(self._event.done)

    def synchronize(self) -> None:
        """Wait until the point has been passed."""
        self._event.synchronize()

    def elapsed_time(self, end_event: Event) -> float:
        """Return the milliseconds from this point to another, both of them passed."""
        if not (self._timed and end_event._timed):
            raise DeviceError(
                "Event: elapsed_time needs two events that keep time\nHint: make both with Event(enable_timing=True)"
            )
        return float(module_for("cuda").cuda.get_elapsed_time(self._event, end_event._event))


class Stream:
    """A queue of work for the GPU: `with minigrad.cuda.stream(s):` puts work into it.

    An array that one stream writes and another reads needs `wait_stream` between the two, and must not be freed before
    the reader is done.
    """

    def __init__(self) -> None:
        self._stream: Any = module_for("cuda").cuda.Stream(non_blocking=True)

    def wait_stream(self, stream: Stream) -> None:
        """Let what is put into this stream from now on wait for all that the other has been given."""
        self._stream.wait_event(stream._stream.record())

    def wait_event(self, event: Event) -> None:
        """Let what is put into this stream from now on wait for a point in another."""
        event.wait(self)

    def record_event(self, event: Event | None = None) -> Event:
        """Return the point that this stream has come to."""
        event = event or Event()
        event.record(self)
        return event

    def query(self) -> bool:
        """Say whether all that was put into it is done."""
        return bool(self._stream.done)

    def synchronize(self) -> None:
        """Wait until all that was put into it is done."""
        self._stream.synchronize()


def current_stream() -> Stream:
    """Return the stream that work is put into now."""
    current = Stream.__new__(Stream)
    current._stream = module_for("cuda").cuda.get_current_stream()
    return current


@contextmanager
def stream(stream: Stream) -> Iterator[None]:
    """Put the work of the block into `stream`."""
    with stream._stream:
        yield


def is_current_stream_capturing() -> bool:
    """Say whether the work is being recorded into a graph."""
    return is_recording()


class CUDAGraph:
    """Work that was recorded once and can be replayed: one launch for all of it.

    A small model's step is bound by the time it takes to launch kernels one by one. Numbers from Python, a learning
    rate for instance, are recorded as they were: only what lies in arrays on the GPU may change. So what would draw
    random numbers, or correct for the number of the step as Adam does, refuses to be recorded.
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
