"""The header of a safetensors file, and the checks that make it safe to believe.

    {"weight": {"dtype": "F32", "shape": [16, 3], "data_offsets": [0, 192]}, "__metadata__": {"any": "strings"}}

The arrays cover the buffer behind the header exactly: no gap, no overlap, nothing behind the last. All that the
header says is checked against the size of the file, in Python integers, which do not overflow, before anything
is allocated. So a damaged or hostile file costs an error message and no more.

Source: https://github.com/huggingface/safetensors, section "Format".
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from io import BufferedReader
from typing import Any, NamedTuple, NoReturn

import numpy as np

from ..errors import FileFormatError
from .files import LONGEST_SIGNATURE, StrPath, looks_like, quote
from .strict_json import parse

# In the order in which the official library lays arrays out: with the widest first, all of them are aligned.
DTYPES: dict[str, np.dtype[Any]] = {
    "U64": np.dtype("<u8"), "I64": np.dtype("<i8"), "F64": np.dtype("<f8"), "F32": np.dtype("<f4"),
    "U32": np.dtype("<u4"), "I32": np.dtype("<i4"), "F16": np.dtype("<f2"), "U16": np.dtype("<u2"),
    "I16": np.dtype("<i2"), "I8": np.dtype("i1"), "U8": np.dtype("u1"), "BOOL": np.dtype("?"),
}  # fmt: skip
BFLOAT16 = "BF16"  # the upper half of a float32; NumPy has no such type

MAX_HEADER = 100_000_000  # bytes, the limit of the official library
MAX_AXES = 32  # of an array that every supported NumPy can hold
METADATA = "__metadata__"
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")
_DAMAGED = "\nHint: the file is incomplete or damaged; copy, download or save it again"
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


def parse_header(path: StrPath, file: BufferedReader, size: int) -> Header:
    """Read the header of a file of `size` bytes and check all that it says; leave `file` at the buffer."""
    where = f"safetensors: {os.fspath(path)!r}"
    first = file.read(8)
    n = int.from_bytes(first, "little")
    if len(first) < 8 or n > min(size - 8, MAX_HEADER):
        said = f"the header should have {n} bytes" if len(first) == 8 else "the length of the header is missing"
        _refuse_format(where, f"{said}, the file has {size} (headers may have {MAX_HEADER})", first + file.read(32))
    text = file.read(n)
    if not text.startswith(b"{"):
        _refuse_format(where, f"the header should start with '{{', it starts with {text[:8]!r}", first + text[:32])
    fields = parse(f"{where}: header", text, max_depth=3)
    metadata = fields.pop(METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise FileFormatError(f"{where}: {METADATA} should map strings to strings, it is {quote(metadata)}")
    for string in (*fields, *metadata, *metadata.values()):
        if not is_unicode(string):
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
                f"the one ends at byte {position} of the buffer, the other begins at {entry.begin}{_DAMAGED}"
            )
        position, before = entry.end, f"entry {quote(name)}"
    if position != size:
        what = "is cut short" if position > size else "has bytes that belong to no entry"
        raise FileFormatError(
            f"{where}: the file {what}: the entries need {position} bytes, the buffer has {size}{_DAMAGED}"
        )


def is_unicode(string: str) -> bool:
    """Say whether `string` can be written as UTF-8: half of a surrogate pair cannot."""
    return _HALF_A_PAIR.search(string) is None
