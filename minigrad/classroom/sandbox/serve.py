"""The loop of a student's process: a call comes in, the function runs, its result or one sentence goes out.

The reply also says what the function did to memory: which arguments it changed, and whether a result is the memory of
an argument or of another result. The grader does the same on its side, so that checks see what happened here.
"""

from __future__ import annotations

import os
import sys
import types
from typing import IO, Any, TextIO, cast

import numpy as np

from .blocks import BrokenPiece, execute
from .guard import OutOfBounds, limit, scope_for, watch
from .wire import LENGTH, WireError, pack, unpack

PRINTED = 2000  # characters of what a function prints that are kept


class Printed:
    """Where prints go: the beginning is kept, the rest is counted."""

    def __init__(self) -> None:
        self.kept, self.length = "", 0

    def write(self, text: str) -> int:
        """Take a piece of text."""
        if self.length < PRINTED:
            self.kept = (self.kept + str(text))[:PRINTED]
        self.length += len(text)
        return len(text)

    def flush(self) -> None:
        """There is nothing to flush."""


def main() -> None:
    """Answer calls until the grader hangs up."""
    requests, replies = _pipes()
    setup = _receive(requests)
    pack(np.zeros(1))  # once, for what it imports: soon this process may not be allowed to read it
    printed = Printed()
    sys.stdout = sys.stderr = cast(TextIO, printed)
    limit(setup["memory"], setup["seconds"], setup["user"])
    watch()
    scopes, problems = load(setup["files"])
    _send(replies, {"problems": problems, "printed": printed.kept}, setup["longest"])
    while True:
        request = _receive(requests)
        printed.kept, printed.length = "", 0
        file = request["file"]
        reply = answer(scopes[file], file, request["function"], request["arguments"])
        _send(replies, {**reply, "printed": printed.kept}, setup["longest"])


def _pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Take the pipes to the grader away from descriptors 0 and 1, which prints of C code would write to."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    return requests, replies


def _receive(requests: IO[bytes]) -> Any:
    head = requests.read(LENGTH.size)
    if len(head) < LENGTH.size:
        os._exit(0)
    return unpack(requests.read(LENGTH.unpack(head)[0]))


def _send(replies: IO[bytes], reply: dict[str, Any], longest: int) -> None:
    try:
        body = pack(reply, longest)
    except WireError as error:
        body = pack({"error": f"returned {error}: arrays of real numbers are expected", "code": "output"})
    except (MemoryError, RecursionError, ValueError):
        body = pack({"error": "returned what cannot be sent: arrays of real numbers are expected", "code": "output"})
    replies.write(LENGTH.pack(len(body)) + body)
    replies.flush()


def load(files: dict[str, str]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Execute the files, each of which may import the earlier ones; return their names, and what went wrong."""
    problems: list[str] = []
    scopes: dict[str, dict[str, Any]] = {}
    for file, source in files.items():
        stem = file.removesuffix(".py")
        module = types.ModuleType(stem)
        module.__dict__.update(scope_for(stem, [name.removesuffix(".py") for name in scopes]))
        sys.modules[stem] = module
        scopes[file] = module.__dict__
        problems += execute(source, file, module.__dict__)
    return scopes, problems


def answer(scope: dict[str, Any], file: str, name: str, arguments: tuple[Any, ...]) -> dict[str, Any]:
    """Call a function and return its result, or the sentence that says why there is none."""
    function = scope.get(name)
    if not isinstance(function, types.FunctionType):
        return {"error": f"is not defined in {file}", "code": "undefined"}
    before = [a.tobytes() if isinstance(a, np.ndarray) else None for a in arguments]
    try:
        with np.errstate(all="ignore"):
            result = function(*arguments)
    except BaseException as error:  # SystemExit and the like too: each costs this function only
        return dict(zip(("error", "code"), _told(error, file), strict=True))
    changed = [[i, a] for i, (a, old) in enumerate(zip(arguments, before, strict=True))
               if old is not None and a.tobytes() != old]  # fmt: skip
    return {"result": result, "changed": changed, "shared": _shared(result, arguments)}


def _shared(result: Any, arguments: tuple[Any, ...]) -> list[list[Any]]:
    """Return which of the results is the memory of an argument, or of an earlier result: [result, kind, which]."""
    several = list(result) if type(result) in (list, tuple) else [result]
    found: list[list[Any]] = []
    for k, y in enumerate(several[:100]):
        if type(y) is not np.ndarray:
            continue
        for kind, others in (("argument", arguments), ("result", several[:k])):
            found += [[k, kind, i] for i, x in enumerate(others) if type(x) is np.ndarray and np.may_share_memory(x, y)]
    return found


def _told(error: BaseException, file: str) -> tuple[str, str]:
    """Return what an exception says, on one line, with the line of the student's file that it came from; and a code."""
    if isinstance(error, BrokenPiece):
        return f"cannot run: {error}", "broken"
    if isinstance(error, OutOfBounds):
        return f"goes out of bounds: {error}", "out-of-bounds"
    line, trace = 0, error.__traceback__
    while trace is not None:
        line = trace.tb_lineno if trace.tb_frame.f_code.co_filename == file else line
        trace = trace.tb_next
    place = f" in line {line} of {file}" if line else ""
    if isinstance(error, RecursionError):
        return f"calls itself without end{place}", "recursion"
    if isinstance(error, MemoryError):
        return f"asks for more memory than there is{place}", "memory"
    if isinstance(error, NotImplementedError):
        return f"is not written yet{place}", "unwritten"
    try:
        text = " ".join(str(error).split())[:300]
    except BaseException:
        text = ""
    return f"raises {type(error).__name__}{place}{': ' + text if text else ''}", "raises"
