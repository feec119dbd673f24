"""Read PyTorch's .pt and .pth files without PyTorch and without trust: no code in them is run.

Two formats hold the same pickle, a tree of containers whose leaves refer to storages:

    zip      archive/data.pkl      the pickle                        since PyTorch 1.6
             archive/data/KEY      the bytes of storage KEY
             archive/byteorder     b"little" or b"big"
    legacy   several pickles and then the storages, see `torch_file_legacy.py`

`torch_file_opcodes.py` interprets the pickle, `torch_file_tensors.py` cuts tensors out of storages.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import FileFormatError
from .files import StrPath, open_regular, quote
from .torch_file_legacy import read_legacy
from .torch_file_opcodes import Name, interpret
from .torch_file_tensors import Rebuilder, Storage, StorageType, Wrap, parse_identifier
from .zip_members import open_zip, read_into

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

MAX_DEPTH = 64  # of nested containers
MAX_ITEMS = 10_000_000  # counted as a reader of the tree meets them: what is shared, once for each place


def load_torch(path: StrPath, *, max_bytes: int = 8 * 2**30) -> Any:
    """Return what `torch.save` wrote: dicts, lists, tuples, numbers and strings, its tensors as NumPy arrays.

    Tensors that shared a storage share memory again. OrderedDicts come back as dicts, torch.Size as a tuple, a
    dtype as NumPy's, a device as a string; bfloat16 is widened to float32. An expanded tensor is read-only.

    Raises    FileFormatError: a damaged or hostile file; a whole model or other Python objects; element types that
              NumPy does not have; more than `max_bytes` of tensors. OSError as `open`
    """
    return read_torch(path, lambda array: array, max_bytes)


def read_torch(path: StrPath, wrap: Wrap, max_bytes: int = 8 * 2**30) -> Any:
    """Return what `torch.save` wrote, each tensor as `wrap(array)`; `load_torch` has the details."""
    where = f"load_torch: {os.fspath(path)!r}"
    with open_regular("load_torch", path) as (file, size):
        start = file.read(2)
        file.seek(0)
        if start[:1] == b"\x80":
            state = read_legacy(where, file, size, wrap)
        else:
            with open_zip(where, file, size, max_bytes) as (archive, members):
                state = _read_zip(where, archive, {member.filename: member for member in members}, wrap)
    _check_tree(where, state)
    return state


def _read_zip(where: str, archive: ZipFile, members: dict[str, ZipInfo], wrap: Wrap) -> Any:
    pickles = [name for name in members if name == "data.pkl" or name.endswith("/data.pkl")]
    if len(pickles) != 1 or any(name.endswith("/constants.pkl") for name in members):
        raise FileFormatError(
            f"{where}: the archive has {len(pickles)} members data.pkl, a file of torch.save has one\n"
            "Hint: a TorchScript archive holds a program; in PyTorch, torch.save its state_dict()"
        )
    root = pickles[0].removesuffix("data.pkl")
    order = b"little"
    if root + "byteorder" in members:
        with archive.open(root + "byteorder") as stream:
            order = stream.read(len(order))
    storages: dict[str, Storage] = {}

    def storage(identifier: Any) -> Storage:
        kind, key, n = parse_identifier(where, identifier)
        if key in storages and storages[key].kind == kind:
            return storages[key]
        member = members.get(f"{root}data/{key}")
        if member is None or key in storages or member.file_size != n * kind.size:
            raise FileFormatError(
                f"{where}: storage {quote(key)} should have {n} elements of {kind.name}, "
                f"the archive has {'none' if member is None else f'{member.file_size} bytes'} under that name"
            )
        data = np.empty(member.file_size, np.uint8)
        with archive.open(member) as stream:
            read_into(f"{where}: storage {quote(key)}", stream, data)
        storages[key] = Storage(kind, data, order == b"big")
        return storages[key]

    with archive.open(members[pickles[0]]) as stream:
        state = interpret(where, stream, members[pickles[0]].file_size, Rebuilder(where, storage, wrap))
        if stream.read(1):  # at the end the checksum of the zip is compared
            raise FileFormatError(f"{where}: {quote(pickles[0])} goes on behind the end of the pickle")
        return state


def _check_tree(where: str, state: Any) -> None:
    """Refuse what is no value (a function's name, a bare storage), what holds itself, and what nests too deep.

    A container is looked at once, however many places share it: depth-first, and measured after its children.
    """
    measured: dict[int, tuple[int, int]] = {}  # by identity: (depth, items below, counted with repetition)
    around: set[int] = set()  # the containers that the walk is inside of
    stack = [(state, False)]
    while stack:
        node, children_done = stack.pop()
        if isinstance(node, (Name, StorageType, Storage)):
            raise FileFormatError(f"{where}: {quote(node)} stands where a value should be")
        if not isinstance(node, (dict, list, tuple)):
            continue
        children = list(node.values()) if isinstance(node, dict) else node
        if children_done:
            below = [measured.get(id(child), (0, 1)) for child in children]
            depth, items = 1 + max((d for d, _ in below), default=0), 1 + sum(n for _, n in below)
            if depth > MAX_DEPTH or items > MAX_ITEMS:
                raise FileFormatError(
                    f"{where}: containers nest {depth} deep with {items} items, allowed are {MAX_DEPTH} and {MAX_ITEMS}"
                )
            measured[id(node)] = depth, items
            around.discard(id(node))
        elif id(node) in around:
            raise FileFormatError(f"{where}: a container holds itself")
        elif id(node) not in measured:
            around.add(id(node))
            stack.append((node, True))
            stack.extend((child, False) for child in children)
