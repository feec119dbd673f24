"""The safetensors format: named arrays in one file that holds no code.

    bytes 0-7     n, the length of the header, little-endian
    n bytes       the header, a JSON object, padded with spaces so that the buffer starts at a multiple of 8
                      {"weight": {"dtype": "F32", "shape": [16, 3], "data_offsets": [0, 192]},
                       "__metadata__": {"any": "strings"}}
    the rest      the buffer: every array in C order, little-endian, at its [begin, end)

The arrays cover the buffer exactly: no gap, no overlap, nothing behind the last. Everything that the header
says is checked against the size of the file before anything is allocated, so a damaged or hostile file costs
an error message and no more.

Source: https://github.com/huggingface/safetensors, section "Format".
"""

from __future__ import annotations

import json
import math
import mmap as memory_map
import os
from collections.abc import Callable, Mapping
from io import BufferedReader
from typing import Any, NamedTuple, NoReturn, TypeAlias

import numpy as np

from ..backend import Array, is_array, to_numpy
from ..errors import ArgumentError, DtypeError, FileFormatError
from .atomic import atomic_write
from .files import LONGEST_SIGNATURE, StrPath, looks_like, open_regular, quote
from .strict_json import parse

NDArray: TypeAlias = "np.ndarray[Any, Any]"

# In the order in which the official library lays arrays out: the widest first keeps all of them aligned.
DTYPES: dict[str, np.dtype[Any]] = {
    "U64": np.dtype("<u8"), "I64": np.dtype("<i8"), "F64": np.dtype("<f8"), "F32": np.dtype("<f4"),
    "U32": np.dtype("<u4"), "I32": np.dtype("<i4"), "F16": np.dtype("<f2"), "U16": np.dtype("<u2"),
    "I16": np.dtype("<i2"), "I8": np.dtype("i1"), "U8": np.dtype("u1"), "BOOL": np.dtype("?"),
}  # fmt: skip
BFLOAT16 = "BF16"  # the upper half of a float32; NumPy has no such type
_CODES = {dtype: code for code, dtype in DTYPES.items()}
_RANK = {code: rank for rank, code in enumerate(DTYPES)}

MAX_HEADER = 100_000_000  # bytes, the limit of the official library
MAX_AXES = 32  # of an array that every supported NumPy can hold
_METADATA = "__metadata__"
_FIELDS = {"dtype", "shape", "data_offsets"}


class Entry(NamedTuple):
    """Where one array lies in the buffer, and how to read it."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


class Header(NamedTuple):
    """What a file says about itself, checked."""

    entries: dict[str, Entry]
    metadata: dict[str, str]
    start: int  # of the buffer, in bytes from the start of the file


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
    codes = {name: _code(name, array) for name, array in tensors.items()}
    names = sorted(tensors, key=lambda name: (_RANK[codes[name]], name))
    header: dict[str, Any] = {} if metadata is None else {_METADATA: _checked_metadata(metadata)}
    position = 0
    for name in names:
        shape = tensors[name].shape
        end = position + math.prod(shape) * DTYPES[codes[name]].itemsize
        header[name] = {"dtype": codes[name], "shape": list(shape), "data_offsets": [position, end]}
        position = end
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > MAX_HEADER:
        raise ArgumentError(f"save_file: the header has {len(text)} bytes, the format allows {MAX_HEADER}")
    with atomic_write(path) as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in names:
            file.write(_bytes_of(to_numpy(tensors[name]), DTYPES[codes[name]]))


def load_file(path: StrPath, *, mmap: bool = False) -> dict[str, NDArray]:
    """Return the arrays of a file by name, in the order of its header.

    BF16 comes back widened to float32, which is exact. With `mmap` the file is mapped, not read: pages come
    from the disk when they are first touched, and writing to an array changes this process' copy alone. Arrays
    are then aligned as the file has them.

    Raises    FileFormatError: anything about the file that is not as the format says; OSError as `open`
    """
    return read_file(path, mmap=mmap)[0]


def read_file(path: StrPath, *, mmap: bool = False) -> tuple[dict[str, NDArray], dict[str, str]]:
    """Return (arrays by name, metadata); `load_file` has the details."""
    with open_regular("safetensors", path) as (file, size):
        header = parse_header(path, file, size)
        source = _mapped(file, header.start) if mmap else _copied(path, file)
        # in the order of the buffer: the file is read front to back
        ordered = sorted(header.entries.items(), key=lambda item: item[1].begin)
        arrays = {name: _decoded(path, name, entry, source) for name, entry in ordered}
    return {name: arrays[name] for name in header.entries}, header.metadata


def read_header(path: StrPath) -> Header:
    """Return names, types, shapes and metadata without reading any array."""
    with open_regular("safetensors", path) as (file, size):
        return parse_header(path, file, size)


def parse_header(path: StrPath, file: BufferedReader, size: int) -> Header:
    """Read the header of a file of `size` bytes and check all that it says; leave `file` at the buffer."""
    where = f"safetensors: {os.fspath(path)!r}"
    first = file.read(8)
    n = int.from_bytes(first, "little")
    if len(first) < 8 or n > min(size - 8, MAX_HEADER):
        said = f"the header should have {n} bytes" if len(first) == 8 else "the length of the header is missing"
        _refuse_format(where, f"{said}, the file has {size} (headers may have {MAX_HEADER})", first + file.read(32))
    text = file.read(n)
    if not text.startswith(b"{") or len(text) != n:
        _refuse_format(where, f"the header should start with '{{', it starts with {text[:8]!r}", first + text[:32])
    fields = parse(f"{where}: header", text, max_depth=3)
    metadata = fields.pop(_METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise FileFormatError(f"{where}: {_METADATA} should map strings to strings, it is {quote(metadata)}")
    for string in (*fields, *metadata, *metadata.values()):
        if not _is_unicode(string):
            raise FileFormatError(f"{where}: the string {quote(string)} holds half a surrogate pair")
    entries = {name: _checked_entry(where, name, value) for name, value in fields.items()}
    _check_cover(where, entries, size - 8 - n)
    return Header(entries, metadata, 8 + n)


def _refuse_format(where: str, what: str, start: bytes) -> NoReturn:
    kind = looks_like(start[:LONGEST_SIGNATURE])
    hint = f"\nHint: this looks like {kind}" if kind else ""
    raise FileFormatError(f"{where}: not a safetensors file: {what}{hint}")


def _checked_entry(where: str, name: str, value: Any) -> Entry:
    def refuse(why: str) -> NoReturn:
        raise FileFormatError(f"{where}: entry {quote(name)}: {why}\n  entry {quote(value)}")

    if not isinstance(value, dict) or set(value) != _FIELDS:
        refuse("should have exactly the fields dtype, shape and data_offsets")
    dtype, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
    if not isinstance(dtype, str) or dtype not in (*DTYPES, BFLOAT16):
        refuse(f"dtype is {quote(dtype)}, readable are {' '.join([*DTYPES, BFLOAT16])}")
    if not _are_sizes(shape) or len(shape) > MAX_AXES:
        refuse(f"shape should be at most {MAX_AXES} non-negative integers, it is {quote(shape)}")
    if not _are_sizes(offsets) or len(offsets) != 2:
        refuse(f"data_offsets should be two non-negative integers, they are {quote(offsets)}")
    itemsize, in_memory = (2, 4) if dtype == BFLOAT16 else (DTYPES[dtype].itemsize,) * 2
    if math.prod(n or 1 for n in shape) * in_memory >= 2**63:  # NumPy multiplies an empty array's other sizes too
        refuse("shape is larger than memory can be")
    begin, end = offsets
    if end - begin != math.prod(shape) * itemsize:
        refuse(f"data_offsets span {end - begin} bytes, the shape needs {math.prod(shape) * itemsize}")
    return Entry(dtype, tuple(shape), begin, end)


def _are_sizes(value: Any) -> bool:
    return isinstance(value, list) and all(type(n) is int and n >= 0 for n in value)  # type: a bool is an int too


def _check_cover(where: str, entries: Mapping[str, Entry], size: int) -> None:
    position, before = 0, "the start"
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].begin, item[1].end)):
        if entry.begin != position:
            what = "overlap" if entry.begin < position else "leave a gap"
            raise FileFormatError(
                f"{where}: {before} and entry {quote(name)} {what}: "
                f"the one ends at byte {position} of the buffer, the other begins at {entry.begin}"
            )
        position, before = entry.end, f"entry {quote(name)}"
    if position != size:
        what = "is cut short" if position > size else "has bytes that belong to no entry"
        raise FileFormatError(f"{where}: the file {what}: the entries need {position} bytes, the buffer has {size}")


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
        return _widened(source(entry, np.dtype("<u2")))
    array = source(entry, DTYPES[entry.dtype])
    if entry.dtype == "BOOL" and array.view(np.uint8).max(initial=0) > 1:
        raise FileFormatError(
            f"safetensors: {os.fspath(path)!r}: entry {quote(name)}: dtype is BOOL, "
            f"but a byte is {array.view(np.uint8).max()}, only 0 and 1 are allowed"
        )
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _widened(upper: NDArray) -> NDArray:
    """Return the float32 numbers whose upper 16 bits are `upper` and whose lower 16 bits are zero."""
    halves = np.zeros((*upper.shape, 2), "<u2")
    halves[..., 1] = upper
    return halves.view("<f4")[..., 0].astype(np.float32, copy=False)


def _code(name: str, array: Array) -> str:
    if not isinstance(name, str) or name == _METADATA or not _is_unicode(name):
        raise ArgumentError(f"save_file: {quote(name)} cannot name an entry; use a string other than {_METADATA}")
    if not is_array(array):
        raise ArgumentError(f"save_file: entry {quote(name)} is a {type(array).__name__}, an array is needed")
    code = _CODES.get(np.dtype(array.dtype).newbyteorder("<"))
    if code is None:
        raise DtypeError(f"save_file: entry {quote(name)} has dtype {array.dtype}, the format has {' '.join(DTYPES)}")
    if array.ndim > MAX_AXES:
        raise ArgumentError(f"save_file: entry {quote(name)} has {array.ndim} axes, {MAX_AXES} are allowed")
    return code


def _checked_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    for key, value in metadata.items():
        if not (isinstance(key, str) and isinstance(value, str) and _is_unicode(key + value)):
            raise ArgumentError(f"save_file: metadata must map strings to strings, got {quote(key)}: {quote(value)}")
    return dict(metadata)


def _is_unicode(string: str) -> bool:
    """Say whether `string` can be written as UTF-8: half of a surrogate pair cannot."""
    return string.isascii() or not any("\ud800" <= character <= "\udfff" for character in string)


def _bytes_of(array: NDArray, dtype: np.dtype[Any]) -> NDArray:
    """Return the bytes of `array` in C order, little-endian, and copy it only if they differ from its own."""
    flat = np.ascontiguousarray(array, dtype).reshape(-1).view(np.uint8)
    return flat != 0 if dtype == np.bool_ else flat  # a view may have put other bytes into a bool array
