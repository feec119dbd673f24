"""What the device is asked to do: every operation passes through here, is counted, and is recorded into a graph.

    LEDGER.make(compute)      an operation that gives new arrays
    LEDGER.write(act)         one that changes arrays
    LEDGER.wait("item")       a wait of the host, during which the device runs out of work
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


class CUDARuntimeError(RuntimeError):
    """What the driver refuses."""


class Ledger(threading.local):
    """Counts of one thread, and the graph that it records, if any."""

    def __init__(self) -> None:
        self.waits: Counter[str] = Counter()
        self.recording: list[Callable[[], None]] | None = None
        self.clear()

    def clear(self) -> None:
        """Count from zero."""
        self.operations = 0
        self.launches = 0  # of raw kernels, which are operations too
        self.uploads = self.downloads = 0  # bytes
        self.waits.clear()

    @contextmanager
    def counting(self) -> Iterator[Ledger]:
        """Count what happens inside the block."""
        self.clear()
        yield self

    def make(self, compute: Callable[[], Any]) -> Any:
        """Return new arrays. A graph that is recorded fills them at each replay; until then they hold nonsense."""
        return self.made(compute, computed(compute))

    def made(self, compute: Callable[[], Any], result: Any) -> Any:
        """Count an operation whose result is there already."""
        self.operations += 1
        if self.recording is not None:
            self.recording.append(lambda: _refill(result, computed(compute)))
            _spoil(result)
        return result

    def write(self, act: Callable[[], Any]) -> None:
        """Change arrays in place. While a graph is recorded nothing changes: each replay does it."""
        self.operations += 1
        if self.recording is None:
            computed(act)
        else:
            self.recording.append(lambda: computed(act))

    def wait(self, why: str) -> None:
        """Count a wait of the host; a graph cannot hold one."""
        self.waits[why] += 1
        self._not_while_recording(f"{why} waits for the device")

    def upload(self, nbytes: int) -> None:
        """Count bytes that come from host memory, which is not there any more when a graph is replayed."""
        self.uploads += nbytes
        self._not_while_recording("a copy from the host's memory")

    def _not_while_recording(self, what: str) -> None:
        if self.recording is not None:
            raise CUDARuntimeError(f"cudaErrorStreamCaptureUnsupported: {what}")


def computed(step: Callable[[], Any]) -> Any:
    """Return the result of a step of NumPy as a device has it: arrays, never scalars, and no warning of a NaN."""
    with np.errstate(all="ignore"):
        return arrays(step())


def arrays(result: Any) -> Any:
    """Return a result of NumPy with its scalars as arrays, as a device has them."""
    if isinstance(result, np.generic):
        return np.asarray(result)
    return tuple(map(arrays, result)) if isinstance(result, (tuple, list)) else result


def spoiled(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Fill memory with what a GPU may hold there: NaN, -1 or the largest number, True."""
    x[...] = True if x.dtype == bool else np.frombuffer(b"\xff" * x.itemsize, x.dtype)[0]
    return x


def _spoil(result: Any) -> None:
    for x in result if isinstance(result, tuple) else (result,):
        if isinstance(x, np.ndarray) and x.flags.writeable and x.base is None:
            spoiled(x)


def _refill(old: Any, new: Any) -> None:
    if isinstance(old, tuple):
        for x, y in zip(old, new, strict=True):
            _refill(x, y)
    elif isinstance(old, np.ndarray) and not np.may_share_memory(old, new):  # else it is a view
        old[...] = new


LEDGER = Ledger()
