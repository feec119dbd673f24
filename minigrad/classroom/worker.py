"""A student's process, seen from the grader: calls with one deadline each, replies that are never trusted.

    grader ── function, arguments ──▶ worker      the deadline covers the whole exchange: a reply that begins
    grader ◀── result or a sentence ── worker     and does not end is as late as none

Whatever goes wrong (a late, long, cut, forged or missing reply) ends this worker and is told in one sentence; the next
function gets a fresh one.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from ..errors import MissingPackageError
from .sandbox.wire import LENGTH, WireError, pack, unpack

BOOT = "import sys; sys.path.insert(0, sys.argv.pop()); from sandbox import serve; del sys.path[0]; serve.main()"
MEGABYTE = 1 << 20


class StudentError(Exception):
    """What a student's function did instead of returning a result: "relu raises ValueError in line 3 of ops.py"."""

    code = "raises"  # or "unwritten", "undefined", "out-of-bounds", "broken", "output", "ended"


class Ended(StudentError):
    """The process is gone, and with it the chance to call the function again."""

    code = "ended"


@dataclass(frozen=True)
class Limits:
    """How much a student's process may use."""

    seconds: float = 5.0  # for one call
    total: float = 40.0  # for all calls of one process
    start: float = 30.0  # to start, and to execute the file
    memory: int = 2048 * MEGABYTE
    longest: int = 64 * MEGABYTE  # of one reply


class Worker:
    """A process with a student's files in it."""

    def __init__(self, files: Mapping[str, str], main: str, limits: Limits = Limits()) -> None:
        if os.name == "nt":
            raise MissingPackageError("classroom: needs a POSIX system\nHint: on Windows, use its Linux subsystem")
        self.main, self.limits = main, limits
        self.printed, self.ended, self.spent = "", "", 0.0
        self.folder = tempfile.TemporaryDirectory(prefix="minigrad-", ignore_cleanup_errors=True)
        os.chmod(self.folder.name, 0o755)
        self.process = self._start()
        setup = {"files": dict(files), "memory": limits.memory, "longest": limits.longest,
                 "seconds": int(limits.total + limits.start), "user": _stranger()}  # fmt: skip
        try:
            ready = self._exchange(main, setup, limits.start)
        except Ended:
            ready = {}
        self.problems = [str(p) for p in _list(ready.get("problems"))]

    def _start(self) -> subprocess.Popen[bytes]:
        """Start Python, isolated, in an empty folder."""
        command = [sys.executable, "-I", "-c", BOOT, str(Path(__file__).parent)]
        threads = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=self.folder.name,
            env={"PATH": "/usr/bin:/bin", **threads}, start_new_session=True, bufsize=0,
        )  # fmt: skip

    def call(self, function: str, *arguments: Any, file: str = "") -> Any:
        """Return what a function of `main`, or of another `file`, returns.

        Arguments that it changed in its process are changed here too.

        Raises  StudentError, in a sentence, for whatever else it does
        """
        if self.ended:
            raise Ended(self.ended)
        request = {"file": file or self.main, "function": function, "arguments": tuple(arguments)}
        left = self.limits.total - self.spent
        if left <= 0.0:
            raise self._end(f"{function} was not called: the calls before took the {self.limits.total:.3g} s there are")
        seconds = min(self.limits.seconds, left)
        reply = self._exchange(function, request, seconds)
        self.printed += str(reply.get("printed", ""))[: 2000 - len(self.printed)]
        if "error" in reply:
            failure = StudentError(f"{function} {' '.join(str(reply['error']).split())[:500]}")
            failure.code = str(reply.get("code", "raises"))
            raise failure
        try:
            return _as_here(reply, arguments)
        except (TypeError, ValueError, LookupError, AttributeError, RecursionError):
            raise self._end(f"{function} wrote something of its own into the channel to the grader") from None

    def _exchange(self, function: str, request: Any, seconds: float) -> dict[str, Any]:
        started = time.monotonic()
        try:
            body = pack(request)
            self._write(LENGTH.pack(len(body)) + body, started + seconds)
            (length,) = LENGTH.unpack(self._read(LENGTH.size, started + seconds))
            if length > self.limits.longest:
                raise WireError
            reply = unpack(self._read(length, started + seconds))
        except TimeoutError:
            raise self._end(f"{function} took longer than {seconds:.3g} s: is there an endless loop?") from None
        except EOFError:
            raise self._end(f"{function} ended the process it ran in ({self._death()})") from None
        except WireError:
            raise self._end(f"{function} wrote something of its own into the channel to the grader") from None
        finally:
            self.spent += 0.0 if function == self.main else time.monotonic() - started
        if not isinstance(reply, dict):
            raise self._end(f"{function} wrote something of its own into the channel to the grader")
        return reply

    def _write(self, data: bytes, deadline: float) -> None:
        assert self.process.stdin is not None
        descriptor = self.process.stdin.fileno()
        os.set_blocking(descriptor, False)
        view = memoryview(data)
        while view:
            if not select.select([], [descriptor], [], max(0.0, deadline - time.monotonic()))[1]:
                raise TimeoutError
            try:
                view = view[os.write(descriptor, view[:65536]) :]
            except BlockingIOError:
                continue
            except OSError:  # the other end is closed
                raise EOFError from None

    def _read(self, length: int, deadline: float) -> bytes:
        assert self.process.stdout is not None
        descriptor, parts, missing = self.process.stdout.fileno(), [], length
        while missing:
            if not select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError
            part = os.read(descriptor, min(missing, MEGABYTE))
            if not part:
                raise EOFError
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _death(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            status = self.process.wait(1.0)
            return f"exit status {status}" if status >= 0 else f"signal {signal.Signals(-status).name}"
        return "it closed its pipes"

    def _end(self, sentence: str) -> Ended:
        self.ended = sentence
        self.close()
        return Ended(sentence)

    def close(self) -> None:
        """End the process and whatever it has started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(5.0)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self.folder.cleanup()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _stranger() -> int:
    """Return the number of a user that owns nothing, for a grader that is root; 0 for one that cannot change users."""
    return 200_000 + os.getpid() % 100_000 if os.geteuid() == 0 else 0


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _as_here(reply: dict[str, Any], arguments: tuple[Any, ...]) -> Any:
    """Return the result with the memory it had in the worker: an argument that was handed back is that argument."""
    result = reply["result"]
    for i, changed in _list(reply.get("changed")):
        arguments[i][...] = changed
    several = list(result) if isinstance(result, (list, tuple)) else [result]
    for k, kind, i in _list(reply.get("shared")):
        owner = arguments[i] if kind == "argument" else several[i]
        if isinstance(owner, np.ndarray) and np.array_equal(owner, several[k]) and owner.dtype == several[k].dtype:
            several[k] = owner
    return type(result)(several) if isinstance(result, (list, tuple)) else several[0]
