"""Save a nested state (weights, optimizer, schedule, random numbers, settings) as one safetensors file.

The tensors become entries, named by the path that leads to them; what is left, a skeleton of dicts, lists and
numbers that refers to the entries, becomes JSON in the file's metadata:

    {"model": {"conv1.weight": w}, "epoch": 3}
        entry     model.conv1.weight
        skeleton  {"model": {"conv1.weight": {"$tensor": "model.conv1.weight"}}, "epoch": 3}

So any safetensors reader finds the weights under familiar names, and `load` finds the whole state. Tuples come
back as tuples; subclasses of dict, list, tuple, int, float and str as those types; NumPy scalars as Python numbers.
A tensor that occurs twice is stored twice. A tensor's history is not part of a state, nor is `requires_grad`.
"""

from __future__ import annotations

import json
import os
from typing import Any

from ..autograd import constant
from ..backend import to_device
from ..errors import ArgumentError, FileFormatError
from ..tensor import Tensor
from .files import StrPath, open_regular, quote
from .numpy_files import load_npz
from .safetensors import NDArray, read_file, save_file
from .skeleton import MAX_JSON_DEPTH, pack, unpack
from .strict_json import parse
from .torch_file import read_torch

VERSION = 1
_METADATA = "minigrad"  # the metadata key that holds the skeleton
_ZIP_HEADER = 30  # bytes before the name of a zip member; the length of the name is number 26 and 27 of them


def save(obj: Any, path: StrPath) -> None:
    """Write a nested state of dicts, lists, tuples, tensors, arrays, numbers, strings, bools and None to `path`.

    The file is replaced whole or not at all, see `atomic_write`.

    Raises    ArgumentError: a value of another type, a container that holds itself;
              DtypeError: an element type that safetensors does not have; OSError as `atomic_write`

    >>> import tempfile
    >>> from minigrad import Tensor
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save({"weight": Tensor([1.0]), 0: (0.9, float("inf"))}, folder + "/a.safetensors")
    ...     load(folder + "/a.safetensors")
    {'weight': tensor([1.]), 0: (0.9, inf)}
    """
    skeleton, arrays = pack(obj)
    text = json.dumps({"version": VERSION, "state": skeleton}, separators=(",", ":"))
    save_file(arrays, path, {_METADATA: text})


def load(path: StrPath, map_location: str | None = None, *, mmap: bool = False) -> Any:
    """Return the state that `save` wrote, its tensors on device `map_location` (default: the CPU).

    Files from elsewhere are told apart by their first bytes, never by their name: a safetensors or .npz file comes
    back as a dict of tensors, a .pt or .pth file of PyTorch as what `torch.save` was given. `mmap` is that of
    `load_file`.

    Raises    FileFormatError: the file is damaged, hostile or of another format; OSError as `open`
              ArgumentError: `mmap` for a file that is not safetensors
    """
    device = map_location or "cpu"

    def tensor(array: NDArray) -> Tensor:
        return constant(to_device(array, device))

    kind = _kind(path)
    if kind != "safetensors" and mmap:
        raise ArgumentError(f"load: only safetensors files can be mapped, {os.fspath(path)!r} is {kind}")
    if kind == "torch":
        return read_torch(path, tensor)
    arrays, metadata = (load_npz(path), {}) if kind == "npz" else read_file(path, mmap=mmap)
    if _METADATA not in metadata:
        return {name: tensor(array) for name, array in arrays.items()}
    where = f"load: {os.fspath(path)!r}"
    document = parse(f"{where}: state", metadata[_METADATA].encode(), MAX_JSON_DEPTH)
    if not isinstance(document, dict) or document.get("version") != VERSION or "state" not in document:
        raise FileFormatError(f"{where}: the state should be of version {VERSION}, it is {quote(document)}")
    return unpack(where, document["state"], arrays, device)


def _kind(path: StrPath) -> str:
    """Return "npz", "torch" or "safetensors" by the first bytes; in a zip, by the name of the first member.

    The header of a safetensors file, byte 8, decides first: its length before it may look like anything.
    """
    with open_regular("load", path) as (file, _):
        start = file.read(_ZIP_HEADER)
        name = file.read(int.from_bytes(start[26:28], "little")) if start.startswith(b"PK\x03\x04") else b""
    if start[8:9] == b"{" or start[:1] not in (b"P", b"\x80"):
        return "safetensors"
    return "npz" if name.endswith(b".npy") else "torch"
