"""`@compiled`: Numba's compiler, with a cache on disk that cannot be stale.

Numba's own cache looks at the file of a kernel only, so after a change of simd.py it would run yesterday's machine
code. Here the folder's name is a digest of everything that machine code depends on: all kernel sources, Numba, LLVM,
Python, the CPU and the vector width. A file in it holds one kernel for one signature, with a checksum; a file that
does not fit is compiled anew. Any number of processes may read and write at once.

Unpickling runs code, so the folder must belong to this user alone; otherwise nothing is read from it, or written.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import pickle
import shutil
import stat
import sys
import threading
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numba
from numba import njit
from numba.core import compiler, serialize
from numba.core.caching import NullCache

from ..folders import cache_folder

KEPT = 16  # folders of versions, the youngest
FOLDER_VARIABLE = "MINIGRAD_KERNEL_CACHE"  # a folder, or "off"
_log = logging.getLogger("minigrad.kernels")
_result: Any = compiler.CompileResult  # what Numba keeps of a compiled function
_dumps: Any = serialize.dumps


def digest() -> str:
    """Return a name for everything that compiled kernels depend on."""
    state = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        state.update(source.name.encode() + source.read_bytes())
    cpu = (llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten(), os.environ.get("MINIGRAD_LANES"))
    numba_settings = sorted((k, v) for k, v in os.environ.items() if k.startswith("NUMBA_"))
    state.update(repr((numba.__version__, llvmlite.__version__, sys.version, cpu, numba_settings)).encode())
    return state.hexdigest()[:16]


@cache
def kernel_folder() -> Path | None:
    """Return the folder of this version's compiled kernels, or None if there is none that can be trusted."""
    asked = os.environ.get(FOLDER_VARIABLE, "")
    if asked == "off":
        return None
    folder = Path(asked or cache_folder() / "kernels") / digest()
    try:
        if not folder.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _prune(folder.parent)
        return folder if _is_ours(folder) and os.access(folder, os.W_OK) else None
    except OSError:
        return None


def _prune(folders: Path) -> None:
    """Remove the kernels of old versions. Whoever still runs one compiles it again."""
    ages = sorted((f for f in folders.iterdir() if f.is_dir()), key=lambda f: -f.stat().st_mtime)
    for old in ages[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    """Say whether only this user can have written to the folder."""
    if not hasattr(os, "getuid"):
        return True
    status = folder.stat()
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


@cache
def _announce(folder: Path | None) -> None:
    where = f"; they are kept in {folder}" if folder is not None else ""
    _log.warning("minigrad: compiling kernels for this CPU, once%s", where)


class KernelCache(NullCache):
    """What a dispatcher of Numba asks before it compiles, and tells after."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def _file(self, sig: Any, codegen: Any) -> Path | None:
        folder = kernel_folder()
        if folder is None:
            return None
        f = self.function
        key = repr((f.__module__, f.__qualname__, f.__code__.co_firstlineno, sig, codegen.magic_tuple()))
        return folder / f"{f.__name__}-{hashlib.sha256(key.encode()).hexdigest()}"

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled kernel for a signature, or None."""
        target_context.refresh()
        file = self._file(sig, target_context.codegen())
        try:
            content = b"" if file is None else file.read_bytes()
            if hashlib.sha256(content[32:]).digest() == content[:32]:
                return _result._rebuild(target_context, *pickle.loads(content[32:]))
        except OSError:
            pass
        _announce(kernel_folder())
        return None

    def save_overload(self, sig: Any, cres: Any) -> None:
        """Keep a compiled kernel, atomically; a full or read-only disk costs the next process some seconds only."""
        file = self._file(sig, cres.codegen)
        if file is None or cres.library.has_dynamic_globals or cres.lifted:
            return
        content = _dumps(cres._reduce())
        draft = file.with_name(f"{file.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            draft.write_bytes(hashlib.sha256(content).digest() + content)
            os.replace(draft, file)
        except OSError:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)


def compiled(function: Any = None, **options: Any) -> Any:
    """Compile a kernel on its first call, without the interpreter lock; division by 0 gives inf, not an exception.

    Only functions of modules, not of other functions: what a closure holds is not part of the cache's key.
    """
    if function is None:
        return lambda f: compiled(f, **options)
    settings: Any = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True, **options}
    dispatcher: Any = njit(**settings)(function)
    dispatcher._cache = KernelCache(function)
    return dispatcher


def inner(function: Any) -> Any:
    """Compile a kernel that only other kernels call: without the code that takes Python's objects apart."""
    return compiled(function, no_cpython_wrapper=True)
