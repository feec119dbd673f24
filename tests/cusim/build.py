"""g++ and the cache of builds: a build is named by the hash of everything that it is made of."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from minigrad_kernels.folders import cache_folder
from tests.cusim.errors import BuildError

FOLDER = Path(__file__).parent
COMMON = ["-std=c++17", "-march=native", "-fno-strict-aliasing", "-fvisibility=hidden", "-U_FORTIFY_SOURCE", "-w"]
OPTIMISED = [*COMMON, "-O2", "-fPIC"]
MONTH = 30 * 24 * 3600  # seconds
LINES = "-g1"  # names the line of a trap


def compiler() -> list[str]:
    """Return the command of the C++ compiler, which CXX chooses."""
    return os.environ.get("CXX", "g++").split()


@functools.cache
def compiler_facts(command: tuple[str, ...]) -> str:
    """Return all macros of the compiler: its version and what this processor can do. Empty: there is none."""
    try:
        done = subprocess.run(
            [*command, "-march=native", "-dM", "-E", "-x", "c++", os.devnull],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""


def missing_compiler() -> str | None:
    """Return why no kernel can be simulated here, in one sentence, or None."""
    if sys.platform == "win32":
        return "the simulator of CUDA kernels needs Linux"
    if not compiler_facts(tuple(compiler())):
        name = " ".join(compiler())
        return f"the simulator of CUDA kernels needs a C++ compiler: {name} is none (the variable CXX names another)"
    return None


def checks() -> list[str]:
    """Return the flags that make a wrong access trap."""
    facts = compiler_facts(tuple(compiler()))
    gcc = 0 if "__clang__" in facts else int(re.findall(r"__GNUC__ (\d+)", facts)[0])
    sanitizers = f"{'bounds-strict' if gcc else 'bounds'},alignment,shift-exponent,integer-divide-by-zero"
    flags = [f"-fsanitize={sanitizers}", "-fsanitize-undefined-trap-on-error"]
    if gcc:
        flags += ["-fno-crossjumping", "-fno-tree-tail-merge"]  # or a trap has the line of another one
    if not gcc or gcc >= 12:
        flags.append("-ftrivial-auto-var-init=pattern")  # a register that nobody wrote holds -1.7e38
    return flags


@functools.cache
def headers() -> str:
    return "".join(path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.h")))


def cached(suffix: str, made_of: Iterable[str], make: Callable[[Path], None]) -> Path:
    """Return the file that `make` writes, which is made only once from the same texts.

    Two processes may make the same at once: each renames its own into place, and they are equal.
    """
    key = hashlib.sha256("\0".join(made_of).encode()).hexdigest()[:32]
    result = cache_folder() / "cusim" / (key + suffix)
    if result.exists():
        result.touch()
        return result
    result.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=result.parent) as scratch:
        made = Path(scratch, "made")
        make(made)
        made.replace(result)
    forget_unused(result.parent)
    return result


def forget_unused(folder: Path) -> None:
    """Delete the files that nobody has used for a month."""
    for path in folder.glob("*.*"):
        with contextlib.suppress(FileNotFoundError):  # another process may do the same
            if path.is_file() and path.stat().st_mtime < time.time() - MONTH:
                path.unlink()


def build(text: str, flags: Iterable[str], suffix: str, inputs: Iterable[Path] = ()) -> Path:
    """Return a compiled text."""
    command, inputs = [*compiler(), *flags], [str(path) for path in inputs]

    def make(made: Path) -> None:
        source = made.with_name("kernel.cu")
        source.write_text(text, encoding="utf-8")
        whole = [*command, f"-I{FOLDER}", "-x", "c++", str(source), "-x", "none", *inputs, "-o", str(made)]
        done = subprocess.run(whole, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BuildError(f"{' '.join(compiler())} refuses the kernel:\n{done.stderr}")

    return cached(suffix, [text, headers(), *command, *inputs, compiler_facts(tuple(compiler()))], make)


def runtime(flags: Iterable[str] = ()) -> Path:
    """Return the machine as an object file."""
    return build((FOLDER / "runtime.cpp").read_text(encoding="utf-8"), [*OPTIMISED, *flags, "-c"], ".o")


def library(text: str, defines: Iterable[str]) -> Path:
    """Return translated kernels as a shared library."""
    return build(text, [*OPTIMISED, LINES, *checks(), *defines, "-shared"], ".so", [runtime()])


def racing_program(text: str, kernels: int, defines: Iterable[str]) -> Path:
    """Return translated kernels as a program under ThreadSanitizer, which takes a launch as a file."""
    table = ", ".join(f"cusim_launch_{number}" for number in range(kernels))
    usual_names = "#undef std\n#undef uint32_t\n#undef uint64_t\n"  # replay.h is no kernel
    table = f"constexpr decltype(&cusim_launch_0) KERNELS[] = {{{table}}};\n"
    program = f'{text}\n{usual_names}{table}#include "replay.h"\n'
    flags = [*COMMON, "-O1", LINES, "-fno-omit-frame-pointer", "-fsanitize=thread", "-pthread", *defines]
    return build(program, flags, ".race", [runtime(["-DCUSIM_TSAN"])])
