"""The same work on a GPU: a library whose tensors are made there, a clock of the GPU's own, and its yardsticks.

Both libraries put their work on the default stream, so one pair of events times either.
"""

from __future__ import annotations

from typing import Any

from ..backend import module_for
from ..cuda import get_device_name
from .machine import Machine
from .race import best
from .workload import Library

SIDE = 4096  # of the matrices of the yardstick
COPIED = 2**28  # float32 numbers


class OnDevice:
    """A library that makes tensors on a device. Everything else is the library's."""

    def __init__(self, lib: Library, device: str) -> None:
        self.lib, self.device = lib, device

    def __getattr__(self, name: str) -> Any:
        return getattr(self.lib, name)

    def from_numpy(self, array: Any) -> Any:
        """Return the array as a tensor on the device."""
        return self.lib.from_numpy(array).to(self.device)

    def arange(self, *bounds: int) -> Any:
        """Return whole numbers on the device."""
        return self.lib.arange(*bounds, device=self.device)

    def zeros(self, *shape: int) -> Any:
        """Return zeros on the device."""
        return self.lib.zeros(*shape, device=self.device)

    def ones(self, *shape: int) -> Any:
        """Return ones on the device."""
        return self.lib.ones(*shape, device=self.device)


class DeviceClock:
    """The seconds that the GPU has worked, by events: each reading waits for what was launched before it."""

    def __init__(self) -> None:
        self._cuda = module_for("cuda").cuda
        self._last, self._total = self._event(), 0.0

    def __call__(self) -> float:
        """Return the seconds since the clock was made."""
        now = self._event()
        self._total += self._cuda.get_elapsed_time(self._last, now) / 1e3
        self._last = now
        return self._total

    def _event(self) -> Any:
        event = self._cuda.Event()
        event.record()
        event.synchronize()
        return event


def measure(side: int = SIDE, copied: int = COPIED) -> Machine:
    """Measure the GPU: cuBLAS's float32 product, and a copy in its memory."""
    cupy, clock = module_for("cuda"), DeviceClock()
    a = cupy.ones((side, side), cupy.float32)
    x = cupy.zeros(copied, cupy.float32)
    product = best(lambda: a @ a, clock)
    copy = best(x.copy, clock)
    return Machine(get_device_name(), 1, 2 * side**3 / product / 1e9, 2 * x.nbytes / copy / 1e9)

