"""Read NumPy's .npz files without trusting them: nothing is unpickled, no size is believed before it is checked.

An .npz is a zip of .npy members, and a .npy is a short header and the numbers:

    b"\\x93NUMPY", version (2 bytes), length of the header (2 bytes, from version 2 on 4, little-endian),
    {'descr': '<f4', 'fortran_order': False, 'shape': (60000, 28, 28), }

The sizes in the directory of the zip are checked before anything is unpacked, and have to agree with the shapes.
NumPy's own reader evaluates the header as a Python literal; here it has to match the one form in which NumPy writes it.
"""

from __future__ import annotations

import math
import os
import re
from typing import IO

import numpy as np

from ..errors import FileFormatError
from .files import StrPath, check_bools, open_regular, quote
from .safetensors import NDArray
from .safetensors_header import MAX_AXES
from .zip_members import open_zip, read_into

_MAGIC = b"\x93NUMPY"
_HEADER = re.compile(
    rb"\{'descr': '([<>|](?:f[248]|[iu][1248]|b1))', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d{1,19}, )*(?:\d{1,19},?)?)\), \} *\n"
)
_MAX_HEADER = 10_000  # bytes, NumPy's own limit


def load_npz(path: StrPath, *, max_bytes: int = 8 * 2**30) -> dict[str, NDArray]:
    """Return the arrays of an .npz file by name.

    Raises    FileFormatError: a damaged file, arrays of Python objects, text or records, more than `max_bytes`
              when unpacked; OSError as `open`

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez_compressed(folder + "/a.npz", x=np.arange(3))
    ...     load_npz(folder + "/a.npz")
    {'x': array([0, 1, 2])}
    """
    where = f"load_npz: {os.fspath(path)!r}"
    with (
        open_regular("load_npz", path) as (file, size),
        open_zip(where, file, size, max_bytes) as (archive, members),
    ):
        arrays = {}
        for member in members:
            what = f"{where}: member {quote(member.filename)}"
            if not member.filename.endswith(".npy"):
                hint = "PyTorch's .pt files are zips too, load_torch reads them"
                raise FileFormatError(f"{what}: is no .npy\nHint: {hint}")
            with archive.open(member) as stream:
                arrays[member.filename.removesuffix(".npy")] = _read_npy(what, stream, member.file_size)
        return arrays


def _read_npy(what: str, stream: IO[bytes], size: int) -> NDArray:
    """Read a .npy of `size` bytes from `stream` and check that header, shape and size agree."""
    start = stream.read(8)
    if len(start) < 8 or not start.startswith(_MAGIC) or start[6] not in (1, 2, 3):
        raise FileFormatError(f"{what}: should start with {_MAGIC!r} and version 1 to 3, starts with {start!r}")
    width = 2 if start[6] == 1 else 4
    length = int.from_bytes(stream.read(width), "little")
    if length > _MAX_HEADER:
        raise FileFormatError(f"{what}: the header should have {length} bytes, at most {_MAX_HEADER} are read")
    header = stream.read(length)
    match = _HEADER.fullmatch(header)
    if match is None:
        raise FileFormatError(
            f"{what}: the header is not that of an array of numbers or bools: {quote(header)}\n"
            "Hint: arrays of Python objects, text and records are not read; save their parts as plain arrays"
        )
    dtype = np.dtype(match[1].decode())
    shape = tuple(int(n) for n in match[3].decode().replace(",", " ").split())
    expected = size - 8 - width - length
    if math.prod(shape) * dtype.itemsize != expected:
        raise FileFormatError(f"{what}: shape {quote(shape)} of {dtype} does not fill the {expected} bytes there are")
    if len(shape) > MAX_AXES or math.prod(n or 1 for n in shape) * dtype.itemsize >= 2**63:
        raise FileFormatError(f"{what}: shape {quote(shape)} is larger than an array can be")
    flat = _read_numbers(what, stream, math.prod(shape), dtype)
    return flat.reshape(shape[::-1]).T if match[2] == b"True" else flat.reshape(shape)


def _read_numbers(what: str, stream: IO[bytes], n: int, dtype: np.dtype[np.generic]) -> NDArray:
    array = np.empty(n, dtype)
    read_into(what, stream, array.view(np.uint8))
    if dtype == np.bool_:
        check_bools(what, array)
    return array.astype(dtype.newbyteorder("="), copy=False)
