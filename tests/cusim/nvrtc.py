"""Compiles CUDA C as CuPy does, without a GPU: what NVRTC refuses, and what the assembler says about each kernel.

Needs the wheel of NVRTC (pip install nvidia-cuda-nvrtc) and neither a driver nor a toolkit.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.cusim.build import cached
from tests.cusim.errors import BuildError
from tests.cusim.rewrite import expand, kernel_names

__all__ = ["ARCHITECTURES", "NvrtcError", "Resources", "compile_check", "faults", "missing_nvrtc", "skip_without_nvrtc"]

ARCHITECTURES = ("sm_80", "sm_90")
OPTIONS = ("-std=c++17", "-ftz=true", "--device-as-default-execution-space", "--ptxas-options=-v")
REGISTERS_OF_A_BLOCK, STATIC_SHARED = 65536, 48 * 1024

ENTRY = re.compile(r"Compiling entry function '(\S+)'")
SPILLS = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
USED = re.compile(r"Used (\d+) registers(?:.*?(\d+) bytes smem)?")
BOUND = re.compile(r"\.entry (\w+)\([^)]*\)\s*\.maxntid (\d+), (\d+), (\d+)")


class NvrtcError(BuildError):
    """NVRTC refuses a text; the message is its log."""


@dataclass(frozen=True)
class Resources:
    """What one kernel takes: registers of a thread, bytes, and the threads that it may be launched with."""

    kernel: str
    registers: int = 0
    shared: int = 0
    spilled: int = 0
    stack: int = 0
    threads: int = 1024


def libraries() -> list[Path]:
    """Return NVRTC and what it loads, if the wheel is installed; NVRTC is the last."""
    found = importlib.util.find_spec("nvidia")
    folders = [Path(folder) for folder in found.submodule_search_locations or ()] if found else []
    for folder in folders:
        for nvrtc in sorted(folder.glob("*/lib/libnvrtc.so.*"), reverse=True):
            if "alt" not in nvrtc.name:
                return [*sorted(nvrtc.parent.glob("libnvrtc-builtins.so.*")), nvrtc]
    return []


def missing_nvrtc() -> str | None:
    """Return why nothing can be compiled for a GPU here, in one sentence, or None."""
    return None if libraries() else "compiling for a GPU needs NVRTC: pip install nvidia-cuda-nvrtc"


skip_without_nvrtc = pytest.mark.skipif(missing_nvrtc() is not None, reason=missing_nvrtc() or "")


@functools.cache
def nvrtc() -> ctypes.CDLL:
    """Return the library. It finds by name what was loaded before it."""
    return [ctypes.CDLL(str(path)) for path in libraries()][-1]


def text_of(program: ctypes.c_void_p, what: str) -> str:
    """Return the log or the PTX of a program."""
    size = ctypes.c_size_t()
    getattr(nvrtc(), f"nvrtcGet{what}Size")(program, ctypes.byref(size))
    text = ctypes.create_string_buffer(size.value)
    getattr(nvrtc(), f"nvrtcGet{what}")(program, text)
    return text.value.decode()


def lowered(program: ctypes.c_void_p, name: str) -> str:
    """Return the name of an instance in the compiled program."""
    symbol = ctypes.c_char_p()
    nvrtc().nvrtcGetLoweredName(program, name.encode(), ctypes.byref(symbol))
    return (symbol.value or b"").decode()


def compile_check(
    code: str, arch: str, include_dirs: Iterable[str | Path] = (), options: Iterable[str] = ()
) -> list[Resources]:
    """Compile all kernels of a text for an architecture, and return what each takes. Done once for the same text."""
    folders = [Path(folder) for folder in include_dirs]
    flags = [f"-arch={arch}", *OPTIONS, *(f"-I{folder}" for folder in folders), *options]

    def make(made: Path) -> None:
        found = compiled(code, flags)
        made.write_text(json.dumps([asdict(kernel) for kernel in found]), encoding="utf-8")

    made_of = [expand(code, folders), *kernel_names(code), *flags, *map(str, libraries())]
    return [Resources(**kernel) for kernel in json.loads(cached(".json", made_of, make).read_text(encoding="utf-8"))]


def compiled(code: str, flags: list[str]) -> list[Resources]:
    """Compile all kernels of a text."""
    names = list(dict.fromkeys(kernel_names(code)))
    program: Any = ctypes.c_void_p()
    nvrtc().nvrtcCreateProgram(ctypes.byref(program), code.encode(), b"kernel.cu", 0, None, None)
    try:
        for name in names:
            nvrtc().nvrtcAddNameExpression(program, name.encode())
        refused = nvrtc().nvrtcCompileProgram(
            program, len(flags), (ctypes.c_char_p * len(flags))(*(f.encode() for f in flags))
        )
        log = text_of(program, "ProgramLog")
        if refused or not names:
            raise NvrtcError(log if refused else "the text has no kernel")
        kernels = {lowered(program, name): name for name in names}
        return resources(log, text_of(program, "PTX"), kernels)
    finally:
        nvrtc().nvrtcDestroyProgram(ctypes.byref(program))


def resources(log: str, ptx: str, kernels: dict[str, str]) -> list[Resources]:
    """Read what the assembler reports on each kernel."""
    bounds = {m[1]: int(m[2]) * int(m[3]) * int(m[4]) for m in BOUND.finditer(ptx)}
    found: list[Resources] = []
    for line in log.splitlines():
        if match := ENTRY.search(line):
            found.append(Resources(kernels.get(match[1], match[1]), threads=bounds.get(match[1], 1024)))
        elif found and (match := SPILLS.search(line)):
            found[-1] = replace(found[-1], stack=int(match[1]), spilled=int(match[2]) + int(match[3]))
        elif found and (match := USED.search(line)):
            found[-1] = replace(found[-1], registers=int(match[1]), shared=int(match[2] or 0))
    return found


def faults(kernel: Resources) -> list[str]:
    """Return what a kernel should not do."""
    found = []
    if kernel.spilled:
        found.append(f"spills {kernel.spilled} bytes of registers")
    elif kernel.stack:
        found.append(f"has {kernel.stack} bytes of local memory: an array that is indexed at run time?")
    if kernel.registers * kernel.threads > REGISTERS_OF_A_BLOCK:
        found.append(f"needs {kernel.registers} registers in each of {kernel.threads} threads: state __launch_bounds__")
    if kernel.shared > STATIC_SHARED:
        found.append(f"has {kernel.shared} bytes of static shared memory, {STATIC_SHARED} are allowed")
    return found
