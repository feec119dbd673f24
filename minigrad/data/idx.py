"""The idx format of the MNIST family: a header of a few bytes, then the array.

    0 0 type ndim | size of axis 0 ... size of axis ndim-1 | elements, last axis fastest
    1 1 1    1    | 4 bytes each                           | everything big-endian

A header is a claim, not a fact: nothing is allocated before the claimed size has been found in the data.
"""

from __future__ import annotations

import gzip
import io
import math
import os
import struct
import zlib
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np

from ..errors import DtypeError, FileFormatError

PathLike: TypeAlias = "str | os.PathLike[str]"
Numbers: TypeAlias = "np.ndarray[Any, Any]"
Stream: TypeAlias = "IO[bytes] | gzip.GzipFile"

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MAX_AXES = 32  # what every supported NumPy can hold
CHUNK = 1 << 20


def read_idx(path: PathLike) -> Numbers:
    """Read an idx file, compressed with gzip or not.

    Raises    FileFormatError if the file is not idx, is cut short, or holds more than its header says
    """
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        try:
            return _parse(gzip.GzipFile(fileobj=file) if packed else file, os.fspath(path))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise FileFormatError(f"read_idx: {os.fspath(path)}: the gzip data are damaged: {error}") from error


def decode_idx(data: bytes, name: str = "data") -> Numbers:
    """Return the array that the bytes of an idx file hold; `name` appears in error messages."""
    return _parse(io.BytesIO(data), name)


def encode_idx(array: Numbers) -> bytes:
    """Return the idx file of `array`: integers of 8, 16 and 32 bits (unsigned: 8 only) and floats of 32 and 64.

    >>> decode_idx(encode_idx(np.array([[1, 2], [3, 4]], dtype=np.uint8))).tolist()
    [[1, 2], [3, 4]]
    """
    array = np.asarray(array)
    big_endian = array.dtype.newbyteorder(">")
    code = next((code for code, dtype in TYPES.items() if np.dtype(dtype) == big_endian), None)
    if code is None:
        raise DtypeError(f"write_idx: the format has no {array.dtype}\nHint: convert to uint8, int32 or float32")
    if array.ndim > MAX_AXES or max(array.shape, default=0) >= 2**32:
        raise FileFormatError(f"write_idx: shape {array.shape} does not fit the format")
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return header + array.astype(big_endian, copy=False).tobytes()


def write_idx(path: PathLike, array: Numbers) -> None:
    """Write `array` as an idx file, compressed if the name ends in .gz."""
    data = encode_idx(array)
    if os.fspath(path).endswith(".gz"):
        data = gzip.compress(data, mtime=0)
    Path(path).write_bytes(data)


def _parse(stream: Stream, name: str) -> Numbers:
    """Read header and elements, checking each claim of the header before relying on it."""
    zeros, code, ndim = struct.unpack(">HBB", _take(stream, 4, name, "the first four bytes"))
    if zeros != 0 or code not in TYPES or ndim > MAX_AXES:
        found = struct.pack(">HBB", zeros, code, ndim).hex(" ")
        raise FileFormatError(
            f"read_idx: {name}: the file begins with {found}, which is not an idx header\n"
            f"Hint: expected 00 00, a type of {', '.join(f'{c:02x}' for c in TYPES)}, and at most {MAX_AXES} axes"
        )
    shape = struct.unpack(f">{ndim}I", _take(stream, 4 * ndim, name, f"the sizes of {ndim} axes"))
    dtype = np.dtype(TYPES[code])
    extent = math.prod(n for n in shape if n) * dtype.itemsize  # NumPy refuses this size even if an axis is 0
    if extent >= 2**63:
        raise FileFormatError(f"read_idx: {name}: shape {shape} of {dtype.name} is larger than any memory")
    need = extent if all(shape) else 0
    elements = _take(stream, need, name, f"{dtype.name} of shape {shape}")
    if stream.read(1):
        raise FileFormatError(f"read_idx: {name}: data continue after {dtype.name} of shape {shape}, which ends them")
    return np.frombuffer(elements, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def _take(stream: Stream, need: int, name: str, what: str) -> bytes:
    """Read exactly `need` bytes in pieces, so that a false claim costs no more memory than the file is long."""
    pieces, left = [], need
    while left and (piece := stream.read(min(left, CHUNK))):
        pieces.append(piece)
        left -= len(piece)
    if left:
        raise FileFormatError(f"read_idx: {name}: {what} take {need} bytes, the file has {need - left}")
    return b"".join(pieces)
