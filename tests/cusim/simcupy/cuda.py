"""The device itself: one of it, its streams, events and graphs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, ClassVar

from . import memory
from .ledger import LEDGER, CUDARuntimeError
from .memory import ALLOCATION, CAPACITY, POOL

ATTRIBUTES = {
    "MultiProcessorCount": 132, "MaxSharedMemoryPerBlock": 48 * 1024, "MaxSharedMemoryPerBlockOptin": 227 * 1024,
    "MaxThreadsPerBlock": 1024, "WarpSize": 32,
}  # fmt: skip


def synchronize() -> None:
    """Wait for the device."""
    LEDGER.wait("synchronize")


class Device:
    """The only device."""

    def __init__(self, device: int | None = None) -> None:
        self.id = int(device or 0)
        self.compute_capability = "90"
        self.attributes = ATTRIBUTES
        self.mem_info = memory_info()

    def __enter__(self) -> Device:
        return self.use()

    def __exit__(self, *error: object) -> None:
        pass

    def __int__(self) -> int:
        return self.id

    def use(self) -> Device:
        """Make it the current device."""
        set_device(self.id)
        return self

    def synchronize(self) -> None:
        """Wait for it."""
        synchronize()


def set_device(number: int) -> None:
    """Make a device the current one."""
    if number != 0:
        raise CUDARuntimeError("cudaErrorInvalidDevice: invalid device ordinal")


def memory_info() -> tuple[int, int]:
    """Return the bytes that are free, and all there are."""
    return CAPACITY - POOL.total_bytes(), CAPACITY


class Event:
    """A point in the work of a stream."""

    def __init__(self, block: bool = False, disable_timing: bool = False, interprocess: bool = False) -> None:
        self.time, self.done = 0.0, True

    def record(self, stream: Any = None) -> None:
        """Mark the point."""
        self.time = time.perf_counter()

    def synchronize(self) -> None:
        """Wait for it."""
        synchronize()


class Stream:
    """A queue of work; the stand-in does all of it at once."""

    null: ClassVar[Stream]

    def __init__(self, null: bool = False, non_blocking: bool = False, ptds: bool = False, priority: int | None = None) -> None:
        self.ptr = 0 if null else id(self)
        self.is_non_blocking = non_blocking
        self._steps: list[Callable[[], None]] | None = None

    def __enter__(self) -> Stream:
        _streams.stack.append(self)
        return self

    def __exit__(self, *error: object) -> None:
        _streams.stack.pop()

    def use(self) -> Stream:
        """Make it the current stream."""
        _streams.stack[-1] = self
        return self

    def synchronize(self) -> None:
        """Wait for its work."""
        synchronize()

    @property
    def done(self) -> bool:
        """Say whether its work is done."""
        return True

    def record(self, event: Event | None = None) -> Event:
        """Mark where its work stands."""
        event = event or Event()
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        """Let its work wait for another stream's."""

    def begin_capture(self, mode: int | None = None) -> None:
        """Record what follows instead of doing it."""
        if self.ptr == 0:
            raise RuntimeError("cannot capture on the default (legacy) stream")
        if get_current_stream() is not self:
            raise NotImplementedError("the stand-in records the current stream alone")
        LEDGER.recording = []

    def end_capture(self) -> Graph:
        """Return what was recorded."""
        steps, LEDGER.recording = LEDGER.recording or [], None
        return Graph(steps)

    def is_capturing(self) -> bool:
        """Say whether it records."""
        return LEDGER.recording is not None and get_current_stream() is self


class Graph:
    """Work that was recorded, to be done any number of times with one launch."""

    def __init__(self, steps: list[Callable[[], None]]) -> None:
        self._steps = steps

    def launch(self, stream: Stream | None = None) -> None:
        """Do it all again, in the same memory."""
        LEDGER.operations += 1
        for step in self._steps:
            step()

    def upload(self, stream: Stream | None = None) -> None:
        """Send it to the device ahead of its launch."""


class _Streams(threading.local):
    def __init__(self) -> None:
        self.stack = [Stream.null]


Stream.null = Stream(null=True)
_streams = _Streams()


def get_current_stream(device_id: int = -1) -> Stream:
    """Return the stream that this thread's work goes to."""
    return _streams.stack[-1]


def get_elapsed_time(start_event: Event, end_event: Event) -> float:
    """Return the milliseconds between two events."""
    return 1e3 * (end_event.time - start_event.time)


RUNTIME = SimpleNamespace(
    CUDARuntimeError=CUDARuntimeError,
    deviceSynchronize=synchronize,
    driverGetVersion=lambda: 13000,
    getDevice=lambda: 0,
    getDeviceCount=lambda: 1,
    getDeviceProperties=lambda device: {"name": b"stand-in", "multiProcessorCount": 132, "totalGlobalMem": CAPACITY, "major": 9, "minor": 0},
    memGetInfo=memory_info,
    runtimeGetVersion=lambda: 13000,
    setDevice=set_device,
)
CUDA = SimpleNamespace(
    Device=Device, Event=Event, Graph=Graph, MemoryPool=memory.MemoryPool, PinnedMemoryPool=memory.PinnedMemoryPool,
    Stream=Stream, get_current_stream=get_current_stream, get_elapsed_time=get_elapsed_time, is_available=lambda: True,
    alloc=ALLOCATION.alloc, get_allocator=ALLOCATION.get_allocator, set_allocator=ALLOCATION.set_allocator,
    using_allocator=ALLOCATION.using_allocator,
    memory=SimpleNamespace(MemoryPool=memory.MemoryPool, OutOfMemoryError=memory.OutOfMemoryError), runtime=RUNTIME,
)  # fmt: skip
