"""Threads that stand by for their part of a kernel's work.

To wake a sleeping thread takes longer than most kernels do. So whoever waits here stays awake for a moment, without the
interpreter lock, and looks at a number in memory; only then it falls asleep.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import threading
import time
from collections.abc import Callable
from functools import cache
from itertools import count
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from .compiled import compiled
from .simd import intrinsic

Work = Callable[[], object]
AWAKE = 1e-3  # seconds
LINE = 16  # int64, two cache lines: what two threads write must not share one
LET_GO = 25e-6  # seconds until whoever hands out work is in its own part, which has let go of the interpreter lock


@intrinsic
def look(typing: Any, numbers: Any) -> Any:
    """Return numbers[0] as other threads have it now."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        first = context.make_array(signature.args[0])(context, builder, args[0]).data
        if platform.machine() in ("x86_64", "AMD64"):  # let the core's other thread work meanwhile
            pause = ir.FunctionType(ir.VoidType(), [])
            builder.call(builder.module.declare_intrinsic("llvm.x86.sse2.pause", fnty=pause), [])
        return builder.load_atomic(first, ordering="acquire", align=8)

    return types.int64(numbers), emit


@compiled
def reaches(number: Any, goal: int, looks: int, more: int) -> bool:
    """Look at number[0] up to `looks` times; once it is at least `goal`, take `more` looks and return True."""
    for _ in range(looks):
        if look(number) >= goal:
            for _ in range(more):
                look(number)
            return True
    return False


@cache
def looks_in(seconds: float) -> int:
    """Return how often one looks in some time."""
    never, looks = np.zeros(LINE, np.int64), 1000
    reaches(never, 1, looks, 0)
    start = time.perf_counter()
    reaches(never, 1, looks, 0)
    return int(seconds / (time.perf_counter() - start) * looks)


class Count:
    """A number that only grows: one thread sets it, another waits for it."""

    def __init__(self) -> None:
        self._number = np.zeros(LINE, np.int64)
        self._changed = threading.Condition()
        self.asleep = False

    def set(self, number: int) -> None:
        """Set the number, and wake whoever sleeps for it."""
        self._number[0] = number
        if self.asleep:
            with self._changed:
                self._changed.notify()

    def wait_for(self, goal: int, longer: float = 0) -> None:
        """Return when the number is at least `goal`, and if it was seen at once that it is, some seconds later."""
        if reaches(self._number, goal, looks_in(AWAKE), looks_in(longer)):
            return
        with self._changed:
            self.asleep = True  # before the next look: either that sees the change, or `set` sees who sleeps
            while self._number[0] < goal:
                self._changed.wait()
            self.asleep = False


_processor = getattr(ctypes.CDLL(None), "sched_getcpu", None) if hasattr(os, "sched_setaffinity") else None


def keep_away(thread: int | None) -> None:
    """Keep a thread off the processor that this one runs on, where the system can be told.

    Linux often wakes a thread beside the one that wakes it, where both take turns for some milliseconds.
    """
    if _processor is not None and thread is not None:
        others = os.sched_getaffinity(0) - {_processor()}
        if others:
            with contextlib.suppress(OSError):
                os.sched_setaffinity(thread, others)


class Worker:
    """A thread that does one piece of work after the other."""

    def __init__(self) -> None:
        self._given, self._done = Count(), Count()
        self._pieces = 0
        self._work: Work | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="minigrad-kernel", daemon=True)
        self._thread.start()

    def give(self, work: Work) -> None:
        """Let the thread call work()."""
        self._work, self._error = work, None
        self._pieces += 1
        if self._given.asleep:
            keep_away(self._thread.native_id)
        self._given.set(self._pieces)

    def finish(self) -> BaseException | None:
        """Wait until the thread is done, and return what it raised."""
        try:
            self._done.wait_for(self._pieces)
        except KeyboardInterrupt as interrupt:  # not yet: the thread still writes to arrays of its caller
            self._done.wait_for(self._pieces)
            return interrupt
        return self._error

    def _run(self) -> None:
        for piece in count(1):
            self._given.wait_for(piece, LET_GO)
            try:
                if self._work is not None:
                    self._work()
            except BaseException as error:  # whoever waits raises it again
                self._error = error
            self._work = None
            self._done.set(piece)


class Crew:
    """Workers, who are hired as they are needed, and the thread that asks, which works too."""

    def __init__(self) -> None:
        self._workers: list[Worker] = []

    def run(self, parts: list[Work]) -> None:
        """Call all parts at the same time; raise what one of them raises."""
        mine, *others = parts
        self._workers += [Worker() for _ in range(len(others) - len(self._workers))]
        busy = self._workers[: len(others)]
        for worker, part in zip(busy, others, strict=True):
            worker.give(part)
        try:
            mine()
        finally:
            for error in [worker.finish() for worker in busy]:
                if error is not None:
                    raise error
