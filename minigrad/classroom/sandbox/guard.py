"""What a student's process may do: compute with NumPy. Files, programs, sockets and other packages are out of bounds.

    imports      a module that is not on the list becomes a stand-in, which complains when it is used: the functions
                 that do not use it work
    audit hook   Python asks it before it opens, lists, starts or connects anything; nobody can remove it
    limits       memory, processor time, processes and file size, held by the kernel

None of these is a wall for a determined attacker. They are the second line: nothing worth stealing is in this process,
and what it replies is only ever read as numbers.
"""

from __future__ import annotations

import builtins
import importlib
import os
import resource
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np

ALLOWED = (
    "__future__", "abc", "collections", "copy", "dataclasses", "enum", "functools", "itertools", "math", "numpy",
    "operator", "random", "typing", "warnings",
)  # fmt: skip
REMOVED = ("open", "input", "exec", "eval", "compile", "breakpoint", "help", "exit", "quit")
REFUSED = ("os.", "subprocess.", "socket.", "ctypes.", "shutil.", "signal.", "pty.", "syslog.", "tempfile.")
NOBODY = 65534
LOOKS = ("open", "os.listdir", "os.scandir")  # what the import of a part of NumPy does


class OutOfBounds(Exception):
    """A student's function asked for something that functions of an assignment have no use for."""


class StandIn:
    """A module, or a part of one, that is out of bounds: it may be imported and not be used."""

    def __init__(self, name: str) -> None:
        self.__dict__["_name"] = name

    def __getattr__(self, name: str) -> Any:
        """Return a stand-in for the part."""
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(f"{self._name}.{name}")

    def __call__(self, *_: Any, **__: Any) -> Any:
        """Refuse."""
        raise OutOfBounds(f"{self._name} is out of bounds here: write it yourself, with NumPy")

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse."""
        raise OutOfBounds(f"{self._name} is out of bounds here, and so is changing it")


def scope_for(name: str, extra: Sequence[str] = ()) -> dict[str, Any]:
    """Return the global names that a student's file starts with: those of Python, less what is out of bounds."""
    allowed = {*ALLOWED, *extra}

    def limited(module: str, scope: Any = None, _: Any = None, names: Any = (), level: int = 0) -> Any:
        if level == 0 and module.partition(".")[0] in allowed:
            return builtins.__import__(module, scope, None, names, 0)
        top = module.partition(".")[0] or "a relative import"
        return StandIn(module if names else top)

    known = {k: v for k, v in vars(builtins).items() if k not in REMOVED}
    refused = {k: StandIn(k) for k in REMOVED}
    return {"__name__": name, "__file__": f"{name}.py", "__builtins__": {**known, **refused, "__import__": limited}}


def limit(memory: int, seconds: int, user: int) -> None:
    """Ask the kernel to hold this process to so many bytes and seconds, no further process, and no file at all.

    A process of root would be exempt, and could read everything: it becomes `user` first.
    """
    for module in (*ALLOWED, "numpy.fft", "numpy.linalg", "numpy.random"):
        importlib.import_module(module)  # a stranger may not be able to read them
    if user:
        become(user)
    wanted = ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_FSIZE, 0),
              (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NPROC, 0))  # fmt: skip
    for which, value in wanted:
        hard = resource.getrlimit(which)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, value))


def become(user: int) -> None:
    """Stop being root: become `user`, or nobody in a container that has no such number, if it lets anyone change."""
    for number in (user, NOBODY):
        with suppress(OSError):
            os.setgroups([])
            os.setgid(number)
            os.setuid(number)
            return


def watch() -> None:
    """Refuse, from now on, whatever touches files, programs or the network."""
    numpy_home = os.path.dirname(os.path.dirname(np.__file__))
    paths = {sys.prefix, sys.base_prefix, numpy_home}
    roots = tuple(os.path.realpath(p) + os.sep for p in paths if p not in ("", os.sep))
    realpath, separator = os.path.realpath, os.sep
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in LOOKS:
            path = arguments[0]
            reads = event != "open" or not (arguments[2] or 0) & writing
            if reads and isinstance(path, str) and (realpath(path) + separator).startswith(roots):
                return
            raise OutOfBounds("files are out of bounds here: everything a function needs is in its arguments")
        if event.startswith(REFUSED):
            raise OutOfBounds(f"{event} is out of bounds here: a function computes, and returns")

    sys.addaudithook(hook)
