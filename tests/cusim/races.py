"""Data races of a kernel: the same text under ThreadSanitizer, each CUDA thread a fiber, barriers its only order.

A race between blocks is found as well as one in shared memory. The kernel runs in a process of its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import re
import struct
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.cusim import simulator
from tests.cusim.arguments import Arguments, GuardedCopy
from tests.cusim.build import racing_program
from tests.cusim.errors import BuildError, SimError
from tests.cusim.simulator import Launch, SimKernel, SimModule

__all__ = ["Race", "find_races", "missing_thread_sanitizer", "races_in"]

SETTINGS = "halt_on_error=0:exitcode=0:history_size=4:report_thread_leaks=0"
REPORT = re.compile(r"WARNING: ThreadSanitizer: data race.*?(?=^={10,}$|\Z)", re.S | re.M)
ACCESS = re.compile(r"^  (?:Previous )?(?:atomic )?(write|read) of size \d+ .*?:\n((?:    #\d+ .*\n)*)", re.M | re.I)
FRAME = re.compile(r"(\w[\w.]*\.(?:cu|cuh)):(\d+)")
NO_RANDOM_ADDRESSES, ASK = 0x0040000, 0xFFFFFFFF  # of personality(2)


class Access(NamedTuple):
    """One side of a race: a "write" or a "read", and where it stands."""

    kind: str
    file: str
    line: int


class Race(NamedTuple):
    """Two accesses to the same memory that nothing orders, one of them a write."""

    one: Access
    other: Access

    def __str__(self) -> str:
        return " against ".join(f"{side.kind} at {side.file}:{side.line}" for side in self)


@contextlib.contextmanager
def fixed_addresses() -> Iterator[None]:
    """Give programs that start here the addresses that older ThreadSanitizers need, where that is allowed."""
    personality = ctypes.CDLL(None).personality
    before = personality(ASK)
    personality(before | NO_RANDOM_ADDRESSES)
    try:
        yield
    finally:
        personality(before)


def recorded(kernel: SimKernel, launch: Launch, arguments: Arguments) -> bytes:
    """Return a launch as replay.h reads it."""
    pieces = [struct.pack("2I", kernel.number, len(arguments.placed)), bytes(launch)]
    for number, value in enumerate(arguments.placed):
        first = next(i for i, other in enumerate(arguments.placed) if other is value)
        if isinstance(value, GuardedCopy):
            pieces.append(struct.pack("2I2Q", 1, first, value.bytes, value.misalignment))
            pieces.append(value.array.tobytes() if first == number else b"")
        else:
            pieces.append(struct.pack("2I2Q", 0, first, value.nbytes, 0) + value.tobytes())
    return b"".join(pieces)


def replay(program: Path, launch: bytes) -> str:
    """Run a launch under ThreadSanitizer and return what that reports."""
    environment = {**os.environ, "TSAN_OPTIONS": SETTINGS}
    with tempfile.NamedTemporaryFile() as file, fixed_addresses():
        file.write(launch)
        file.flush()
        done = subprocess.run([program, file.name], capture_output=True, text=True, check=False, env=environment)
    if done.returncode or done.stdout:
        raise SimError(
            done.stdout or f"the run under ThreadSanitizer ends with {done.returncode}:\n{done.stderr[:2000]}"
        )
    return done.stderr


def sides(report: str) -> Iterator[Access]:
    """Return the two accesses of a report, each at its innermost line of the kernel's own text."""
    for kind, stack in ACCESS.findall(report):
        frames = [(file, int(line)) for file, line in FRAME.findall(stack)]
        own = [frame for frame in frames if frame[0] != "mma.cuh"]
        yield Access(kind.lower(), *(own or frames or [("?", 0)])[0])


@functools.cache
def missing_thread_sanitizer() -> str | None:
    """Return why races cannot be looked for here, in one sentence, or None."""
    nothing = SimModule('extern "C" __global__ void nothing() {}')
    launch = nothing.get_function("nothing").launch_of((1,), (1,), 0)
    try:
        replay(racing_program(nothing.text, 1, ()), struct.pack("2I", 0, 0) + bytes(launch))
    except (SimError, BuildError) as error:
        return f"looking for races needs a compiler with ThreadSanitizer: {str(error).splitlines()[-1]}"
    return None


def races_of(kernel: SimKernel, launch: Launch, arguments: Arguments) -> list[Race]:
    """Run one launch under ThreadSanitizer; where there is none, the test is skipped."""
    if reason := missing_thread_sanitizer():
        pytest.skip(reason)
    program = racing_program(kernel.module.text, len(kernel.module.names), kernel.module.defines)
    reports = REPORT.findall(replay(program, recorded(kernel, launch, arguments)))
    return sorted({Race(*sorted(sides(report))) for report in reports})


def races_in(action: Callable[[], Any]) -> list[Race]:
    """Return the races of all kernels that a function launches; it may be a launcher that runs on simcupy."""
    found: list[Race] = []

    def observe(kernel: SimKernel, launch: Launch, arguments: Arguments) -> None:
        found.extend(races_of(kernel, launch, arguments))

    simulator.observers.append(observe)
    try:
        action()
    finally:
        simulator.observers.remove(observe)
    return sorted(set(found))


def find_races(
    code: str,
    name: str,
    grid: Iterable[int],
    block: Iterable[int],
    args: Iterable[Any],
    shared_mem: int = 0,
    options: Iterable[str] = (),
    include_dirs: Iterable[str | Path] = (),
) -> list[Race]:
    """Return the races of one launch of a kernel, each once."""
    kernel = SimModule(code, options, include_dirs=include_dirs).get_function(name)
    kernel.max_dynamic_shared_size_bytes = shared_mem
    return races_in(lambda: kernel(grid, block, args, shared_mem=shared_mem))
