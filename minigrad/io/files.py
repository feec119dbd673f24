"""Files that may be anything: what they look like, and how to quote them in an error message.

A file is identified by its first bytes, never by its name. Only regular files are opened: a pipe would make
the reader wait for ever, and a device has no size to check a header against.
"""

from __future__ import annotations

import os
import reprlib
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from typing import Any, TypeAlias

import numpy as np

from ..errors import FileFormatError

StrPath: TypeAlias = "str | os.PathLike[str]"

_SIGNATURES = (
    (b"PK\x03\x04", "a zip archive, as PyTorch's .pt and NumPy's .npz files are"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x80\x02", "a Python pickle, as old PyTorch checkpoints are; load_torch reads them, and never unpickles"),
    (b"\x80\x03", "a Python pickle; minigrad never unpickles"),
    (b"\x80\x04", "a Python pickle; minigrad never unpickles"),
    (b"\x80\x05", "a Python pickle; minigrad never unpickles"),
    (b"\x93NUMPY", "a NumPy .npy file"),
    (b"\x89HDF\r\n", "an HDF5 file"),
    (b"GGUF", "a GGUF file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"version https://git-lfs", "a Git LFS pointer: the data themselves were not downloaded"),
    (b"<", "an HTML or XML page, perhaps the error page of a download"),
    (b"{", "a JSON text"),
)
LONGEST_SIGNATURE = max(len(signature) for signature, _ in _SIGNATURES)

_quoter = reprlib.Repr()
_quoter.maxstring = _quoter.maxother = 80
_quoter.maxlong = 40


def quote(value: object) -> str:
    """Return `repr(value)`, shortened: what a hostile file holds may be as long as the file.

    >>> quote("conv1.weight")
    "'conv1.weight'"
    """
    return _quoter.repr(value)


def looks_like(start: bytes) -> str:
    """Name the format that a file's first bytes belong to, or return "".

    >>> looks_like(b"GGUF and so on")
    'a GGUF file'
    """
    return next((kind for signature, kind in _SIGNATURES if start.startswith(signature)), "")


@contextmanager
def open_regular(op: str, path: StrPath) -> Iterator[tuple[BufferedReader, int]]:
    """Open a regular file for reading, and give it with its size in bytes.

    Raises    FileFormatError for a folder, pipe or device; FileNotFoundError, PermissionError as `open` does
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise FileFormatError(f"{op}: {os.fspath(path)!r} is a folder, pipe or device, a regular file is needed")
    with open(path, "rb") as file:
        yield file, os.fstat(file.fileno()).st_size


def check_bools(what: str, array: np.ndarray[Any, Any]) -> None:
    """Refuse bytes other than 0 and 1 in a bool array: they mean damage, and compiled code may add them up."""
    largest = array.view(np.uint8).max(initial=0)
    if largest > 1:
        raise FileFormatError(f"{what}: a byte of a bool array is {largest}, only 0 and 1 are allowed")
