"""The safetensors format: named arrays in one file that holds no code.

    bytes 0-7     n, the length of the header, little-endian
    n bytes       the header, a JSON object, padded with spaces so that the buffer starts at a multiple of 8;
                  it gives every array's type, shape and place [begin, end) in the buffer
    the rest      the buffer: every array in C order, little-endian

Source: https://github.com/huggingface/safetensors, section "Format".
"""

from __future__ import annotations

import json
import math
import mmap as memory_map
import os
from collections.abc import Callable, Mapping
from io import BufferedReader
from typing import Any, TypeAlias

import numpy as np

from ..backend import Array, is_array, to_numpy
from ..errors import ArgumentError, DtypeError, FileFormatError
from .atomic import atomic_write
from .files import StrPath, check_bools, open_regular, quote
from .safetensors_header import (
    BFLOAT16,
    DTYPES,
    MAX_AXES,
    MAX_HEADER,
    METADATA,
    Entry,
    Header,
    is_unicode,
    parse_header,
)

NDArray: TypeAlias = "np.ndarray[Any, Any]"

_CODES = {dtype: code for code, dtype in DTYPES.items()}
_RANK = {code: rank for rank, code in enumerate(DTYPES)}


def save_file(tensors: Mapping[str, Array], path: StrPath, metadata: Mapping[str, str] | None = None) -> None:
    """Write arrays by name, atomically. The same arrays always give the same bytes.

    Raises    ArgumentError: a name or metadata that is no string; DtypeError: an element type that the format
              does not have; OSError as `atomic_write`

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_file({"w": np.ones((2, 1))}, folder + "/w.safetensors", {"epoch": "3"})
    ...     load_file(folder + "/w.safetensors")
    {'w': array([[1.],
           [1.]])}
    """
    if not isinstance(tensors, Mapping):
        raise ArgumentError(f"save_file: needs a dict of arrays, got a {type(tensors).__name__}")
    entries = _lay_out(tensors)
    header: dict[str, Any] = {} if metadata is None else {METADATA: _checked_metadata(metadata)}
    for name, entry in entries.items():
        header[name] = {"dtype": entry.dtype, "shape": entry.shape, "data_offsets": [entry.begin, entry.end]}
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > MAX_HEADER:
        raise ArgumentError(f"save_file: the header has {len(text)} bytes, the format allows {MAX_HEADER}")
    with atomic_write(path) as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, entry in entries.items():
            file.write(_bytes_of(to_numpy(tensors[name]), DTYPES[entry.dtype]))


def load_file(path: StrPath, *, mmap: bool = False) -> dict[str, NDArray]:
    """Return the arrays of a file by name, in the order of its header.

    The arrays are writable and independent of each other. BF16 comes back widened to float32, which is exact.
    With `mmap` the file is mapped, not read: a page comes from the disk when it is first touched, and writing to
    an array changes this process' copy alone. The arrays are then aligned as the file has them, and the file must
    not be cut short while they live (`save_file` replaces it, which is safe).

    Raises    FileFormatError: anything about the file that is not as the format says; OSError as `open`
    """
    return read_file(path, mmap=mmap)[0]


def read_file(path: StrPath, *, mmap: bool = False) -> tuple[dict[str, NDArray], dict[str, str]]:
    """Return (arrays by name, metadata); `load_file` has the details."""
    with open_regular("safetensors", path) as (file, size):
        header = parse_header(path, file, size)
        source = _mapped(file, header.start) if mmap else _copied(path, file)
        front_to_back = sorted(header.entries.items(), key=lambda item: item[1].begin)
        arrays = {name: _decoded(path, name, entry, source) for name, entry in front_to_back}
    return {name: arrays[name] for name in header.entries}, header.metadata


def read_header(path: StrPath) -> Header:
    """Return names, types, shapes and metadata without reading any array."""
    with open_regular("safetensors", path) as (file, size):
        return parse_header(path, file, size)


Source: TypeAlias = "Callable[[Entry, np.dtype[Any]], NDArray]"  # gives the array that lies at an entry


def _copied(path: StrPath, file: BufferedReader) -> Source:
    def read(entry: Entry, dtype: np.dtype[Any]) -> NDArray:
        array = np.empty(entry.shape, dtype)
        if file.readinto(array.reshape(-1).view(np.uint8).data) != entry.end - entry.begin:
            raise FileFormatError(f"safetensors: {os.fspath(path)!r}: the file shrank while it was being read")
        return array

    return read


def _mapped(file: BufferedReader, start: int) -> Source:
    pages = memory_map.mmap(file.fileno(), 0, access=memory_map.ACCESS_COPY)
    return lambda entry, dtype: np.ndarray(entry.shape, dtype, pages, start + entry.begin)


def _decoded(path: StrPath, name: str, entry: Entry, source: Source) -> NDArray:
    if entry.dtype == BFLOAT16:
        return widened(source(entry, np.dtype("<u2")))
    array = source(entry, DTYPES[entry.dtype])
    if entry.dtype == "BOOL":
        check_bools(f"safetensors: {os.fspath(path)!r}: entry {quote(name)}", array)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def widened(upper: NDArray) -> NDArray:
    """Return the float32 numbers whose upper 16 bits are `upper` and whose lower 16 bits are zero."""
    halves = np.zeros((*upper.shape, 2), "<u2")
    halves[..., 1] = upper
    return halves.view("<f4")[..., 0].astype(np.float32, copy=False)


def _lay_out(tensors: Mapping[str, Array]) -> dict[str, Entry]:
    """Give every array its place: the widest types first, then by name, which is what the official library does."""
    codes = {name: _code(name, array) for name, array in tensors.items()}
    entries: dict[str, Entry] = {}
    begin = 0
    for name in sorted(tensors, key=lambda name: (_RANK[codes[name]], name)):
        shape = tensors[name].shape
        end = begin + math.prod(shape) * DTYPES[codes[name]].itemsize
        entries[name] = Entry(codes[name], shape, begin, end)
        begin = end
    return entries


def _code(name: str, array: Array) -> str:
    if not isinstance(name, str) or name == METADATA or not is_unicode(name):
        raise ArgumentError(f"save_file: {quote(name)} cannot name an entry; use a string other than {METADATA}")
    if not is_array(array):
        kind = type(array).__name__
        raise ArgumentError(
            f"save_file: entry {quote(name)} is a {kind}, an array is needed\nHint: minigrad.save takes nested tensors"
        )
    dtype = np.dtype(array.dtype)
    code = _CODES.get(dtype.newbyteorder("<")) if dtype.kind in "fiub" else None
    if code is None:
        raise DtypeError(f"save_file: entry {quote(name)} has dtype {dtype}, the format has {' '.join(DTYPES)}")
    if array.ndim > MAX_AXES:
        raise ArgumentError(f"save_file: entry {quote(name)} has {array.ndim} axes, {MAX_AXES} are allowed")
    return code


def _checked_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    for key, value in metadata.items():
        if not (isinstance(key, str) and isinstance(value, str) and is_unicode(key + value)):
            raise ArgumentError(f"save_file: metadata must map strings to strings, got {quote(key)}: {quote(value)}")
    return dict(metadata)


def _bytes_of(array: NDArray, dtype: np.dtype[Any]) -> NDArray:
    """Return the bytes of `array` in C order, little-endian, and copy it only if they differ from its own."""
    flat = np.ascontiguousarray(array, dtype).reshape(-1).view(np.uint8)
    return flat != 0 if dtype == np.bool_ else flat  # a view may have put other bytes into a bool array
