"""The format that `torch.save` wrote before PyTorch 1.6, and still writes on request.

    pickle   0x1950a86a20f9469cfc6c
    pickle   1001, the version
    pickle   {"little_endian": True, ...}
    pickle   the tree
    pickle   the keys of its storages, in the order in which they follow
    for each key: the number of elements (8 bytes, little-endian), and the elements

The tree comes before its storages, so it is interpreted twice: first for what it says about them, in the end with
their bytes at hand.
"""

from __future__ import annotations

from io import BufferedReader
from typing import Any

import numpy as np

from ..errors import FileFormatError
from .files import quote
from .torch_file_opcodes import interpret
from .torch_file_tensors import Rebuilder, Storage, StorageType, Wrap, parse_identifier

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001
_COUNT = 8  # bytes of a number of elements


def read_legacy(where: str, file: BufferedReader, size: int, wrap: Wrap) -> Any:
    """Return the tree of a legacy file of `size` bytes, each tensor as `wrap(array)`.

    Raises    FileFormatError; `where` opens every message
    """
    survey = _Survey(where)

    def read(actions: Rebuilder) -> Any:
        return interpret(where, file, size - file.tell(), actions)

    if read(survey) != MAGIC or read(survey) != VERSION:
        raise FileFormatError(
            f"{where}: a pickle, but not one of torch.save: it should begin with {MAGIC:#x} and version {VERSION}\n"
            "Hint: minigrad never unpickles Python objects"
        )
    machine = read(survey)
    little = machine.get("little_endian") if type(machine) is dict else None
    if type(little) is not bool:
        raise FileFormatError(f"{where}: little_endian should be True or False, it is {quote(little)}")
    begin = file.tell()
    read(survey)
    storages = _read_storages(where, file, size, survey.claims, keys=read(survey), big_endian=not little)
    file.seek(begin)
    return read(Rebuilder(where, lambda identifier: storages[_parse(where, identifier)[1]], wrap))


def _parse(where: str, identifier: Any) -> tuple[StorageType, str, int]:
    """A legacy identifier has a sixth part: None, or which part of another storage this one is (before 0.4)."""
    if type(identifier) is tuple and len(identifier) == 6 and identifier[5] is not None:
        raise FileFormatError(f"{where}: storages that are part of others are not read\nHint: load and save it again")
    return parse_identifier(where, identifier[:5] if type(identifier) is tuple else identifier)


class _Survey(Rebuilder):
    """Notes what a tree says about its storages, and makes no tensors."""

    def __init__(self, where: str) -> None:
        super().__init__(where, self.persistent, lambda array: array)
        self.claims: dict[str, tuple[StorageType, int]] = {}

    def persistent(self, key: Any) -> Any:
        """Note a storage."""
        kind, name, n = _parse(self.where, key)
        if self.claims.setdefault(name, (kind, n)) != (kind, n):
            self.refuse(f"storage {quote(name)} is described in two ways")

    def tensor(self, storage: Any, offset: Any, size: Any, stride: Any, dtype: Any = None) -> Any:
        """Make nothing of a tensor."""


def _read_storages(
    where: str, file: BufferedReader, size: int, claims: dict[str, tuple[StorageType, int]], keys: Any, big_endian: bool
) -> dict[str, Storage]:
    if type(keys) is not list or set(map(str, keys)) != set(claims) or len(keys) != len(claims):
        raise FileFormatError(f"{where}: the storages {quote(keys)} follow, the tensors need {quote(list(claims))}")
    expected = sum(_COUNT + n * kind.size for kind, n in claims.values())
    if expected != size - file.tell():
        raise FileFormatError(f"{where}: the storages need {expected} bytes, {size - file.tell()} follow")
    storages: dict[str, Storage] = {}
    for key in keys:
        kind, n = claims[str(key)]
        found = int.from_bytes(file.read(_COUNT), "little")
        if found != n:
            raise FileFormatError(f"{where}: storage {quote(key)} has {found} elements, the tensors need {n}")
        data = np.empty(n * kind.size, np.uint8)
        if file.readinto(data.data) != data.size:
            raise FileFormatError(f"{where}: the file shrank while it was being read")
        storages[str(key)] = Storage(kind, data, big_endian)
    return storages
