"""A stand-in for cupy.RawModule that runs CUDA C on the host. README.md tells what it checks."""

from __future__ import annotations

import contextlib
import ctypes
import re
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cusim.arguments import Arguments
from tests.cusim.build import FOLDER, library, missing_compiler
from tests.cusim.errors import SimError
from tests.cusim.rewrite import c_names, expand, kernel_names, translate, widest_struct

__all__ = ["SCHEDULES", "SimError", "SimKernel", "SimModule", "missing_compiler", "scheduled", "skip_without_compiler"]

ORDERS = {"forward": 0, "reverse": 1, "random": 2}
SCHEDULES = [("forward", 0), ("reverse", 0), ("random", 1), ("random", 2)]
SHARED_DEFAULT, SHARED_LIMIT = 48 * 1024, 227 * 1024  # bytes for each block: unasked, and at most (sm_90)

skip_without_compiler = pytest.mark.skipif(missing_compiler() is not None, reason=missing_compiler() or "")

default_schedule = ("random", 1)
observers: list[Callable[[SimKernel, Launch, Arguments], None]] = []  # called before each launch
one_launch_at_a_time = threading.Lock()  # signals and the timer belong to the process


@contextlib.contextmanager
def scheduled(order: str, seed: int = 0) -> Iterator[None]:
    """Run every kernel that has no order of its own in this one."""
    global default_schedule
    before, default_schedule = default_schedule, (order, seed)
    try:
        yield
    finally:
        default_schedule = before


class Launch(ctypes.Structure):
    """As in machine.h."""

    _fields_ = [
        ("grid", ctypes.c_uint * 3),
        ("block", ctypes.c_uint * 3),
        ("dynamic_bytes", ctypes.c_size_t),
        ("shared_limit", ctypes.c_size_t),
        ("seed", ctypes.c_uint64),
        ("order", ctypes.c_int),
        ("seconds", ctypes.c_int),
    ]


class Outcome(ctypes.Structure):
    """As in machine.h."""

    _fields_ = [("message", ctypes.c_char * 1024), ("fault", ctypes.c_void_p)]


def three(sizes: Iterable[int]) -> tuple[int, int, int]:
    x, y, z = (*sizes, 1, 1)[:3]
    return x, y, z


def unspaced(name: str) -> str:
    return "".join(name.split())


class SimKernel:
    """One kernel of a module: callable as a function of cupy.RawModule is."""

    def __init__(self, module: SimModule, number: int, name: str):
        self.module, self.number, self.name, self.path = module, number, name, module.path
        self.order: str | None = None
        self.seed = 0
        self.seconds = 120
        self.asked: int | None = None
        self.code = ctypes.CDLL(str(self.path))
        signature = getattr(self.code, f"cusim_signature_{number}")
        signature.restype = ctypes.c_char_p
        self.signature: list[str] = [parameter for parameter in signature().decode().split(",") if parameter]
        self.start = getattr(self.code, f"cusim_launch_{number}")
        self.start.restype = None

    def __call__(
        self, grid: Iterable[int], block: Iterable[int], args: Iterable[Any], *, shared_mem: int = 0, stream: Any = None
    ):
        launch = self.launch_of(grid, block, shared_mem)
        arguments, outcome = Arguments(self.name, self.signature, tuple(args), self.module.alignment), Outcome()
        try:
            for observe in observers:
                observe(self, launch, arguments)
            with one_launch_at_a_time:
                self.start(ctypes.byref(launch), arguments.pointers, ctypes.byref(outcome))
            if outcome.message:
                raise SimError(f"{self.name}: {outcome.message.decode()}{self.line_of(outcome.fault)}")
            arguments.copy_back()
        finally:
            arguments.close()

    @property
    def max_dynamic_shared_size_bytes(self) -> int:
        """The dynamic shared memory that a launch may ask for. Until it is set, 48 KB less the static memory."""
        return SHARED_DEFAULT if self.asked is None else self.asked

    @max_dynamic_shared_size_bytes.setter
    def max_dynamic_shared_size_bytes(self, asked: int) -> None:
        if asked > SHARED_LIMIT:
            raise SimError(f"{self.name}: max_dynamic_shared_size_bytes = {asked} exceeds the {SHARED_LIMIT} of a GPU")
        self.asked = asked

    def launch_of(self, grid: Iterable[int], block: Iterable[int], shared_mem: int) -> Launch:
        """Return a launch within the limits of a GPU that Python can see."""
        most = self.max_dynamic_shared_size_bytes
        if shared_mem > most:
            raise SimError(
                f"{self.name}: shared_mem = {shared_mem} exceeds max_dynamic_shared_size_bytes = {most}: raise it first"
            )
        order, seed = default_schedule if self.order is None else (self.order, self.seed)
        limit = SHARED_DEFAULT if self.asked is None else SHARED_LIMIT
        return Launch(three(grid), three(block), shared_mem, limit, seed, ORDERS[order], self.seconds)

    def line_of(self, fault: int | None) -> str:
        """Return the line of the instruction that trapped, where addr2line finds it."""
        if not fault:
            return ""
        replaced = r"(?: \(deleted\))?"  # by an equal build of another process
        start = re.compile(rf"^(\w+)-.* 00000000 .*{re.escape(str(self.path))}{replaced}$", re.M)
        try:
            base = int(start.findall(Path("/proc/self/maps").read_text(encoding="utf-8"))[0], 16)
            command = ["addr2line", "-e", str(self.path), hex(fault - base)]
            found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        except (OSError, IndexError):
            return ""
        file, _, line = found.rpartition("/")[2].partition(":")
        return f" at line {line.split()[0]} of {file}" if line and not line.startswith("?") else ""


class SimModule:
    """The kernels of a CUDA C text: those without template, those that it lists as instances, and those named here."""

    def __init__(
        self,
        code: str,
        options: Iterable[str] = (),
        name_expressions: Iterable[str] | None = None,
        include_dirs: Iterable[str | Path] = (),
    ):
        if reason := missing_compiler():
            raise SimError(reason)
        options = list(options)
        expressions = list(name_expressions or ())
        self.names: dict[str, str] = {}
        for name in [*kernel_names(code), *expressions]:
            self.names.setdefault(unspaced(name), name)
        self.found = self.names.keys() if name_expressions is None else {*map(unspaced, expressions), *c_names(code)}
        folders = [FOLDER, *map(Path, include_dirs), *(Path(o[2:]) for o in options if o.startswith("-I"))]
        expanded = expand(code, folders)
        self.alignment = widest_struct(expanded)
        self.text = translate(expanded, self.names.values())
        self.defines = [option for option in options if option.startswith("-D")]
        self.path = library(self.text, self.defines)

    def get_function(self, name: str) -> SimKernel:
        """Return a kernel: a name expression, or one that is extern "C"; any one if no name expressions were given."""
        if unspaced(name) not in self.found:
            known = ", ".join(self.names.values())
            raise SimError(f'{name} is neither a name expression of the module nor an extern "C" kernel: {known}')
        return SimKernel(self, list(self.names).index(unspaced(name)), name)
