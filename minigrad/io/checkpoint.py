"""Save a nested state (weights, optimizer, schedule, random numbers, settings) as one safetensors file.

The tensors become entries, named by the path that leads to them; what is left, a skeleton of dicts, lists and
numbers that refers to the entries, becomes JSON in the file's metadata:

    {"model": {"conv1.weight": w}, "epoch": 3}
        entry     model.conv1.weight
        skeleton  {"model": {"conv1.weight": {"$tensor": "model.conv1.weight"}}, "epoch": 3}

So any safetensors reader finds the weights under familiar names, and `load` finds the whole state. What JSON
cannot express is an object with one key that starts with "$":

    $tensor, $array    the entry of that name, as a Tensor or as a NumPy array
    $tuple             a list of items           $dict    a list of [key, value]: keys that are not plain strings
    $float             "nan", "inf" or "-inf"

Tuples come back as tuples, subclasses of dict, list, tuple, int, float and str as those types, NumPy scalars as
Python numbers. A tensor that occurs twice is stored twice. A gradient's history is not part of a state.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from ..autograd import constant
from ..backend import Array, is_array, to_device
from ..errors import ArgumentError, FileFormatError
from ..tensor import Tensor
from .files import StrPath, quote
from .safetensors import NDArray, read_file, save_file
from .strict_json import MAX_DIGITS, parse

VERSION = 1
MAX_DEPTH = 64  # of nested containers
_JSON_DEPTH = 4 * MAX_DEPTH  # a $dict opens three brackets; the rest is room for what is innermost
_METADATA = "minigrad"  # the metadata key that holds the skeleton
_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def save(obj: Any, path: StrPath) -> None:
    """Write a nested state of dicts, lists, tuples, tensors, arrays, numbers, strings, bools and None to `path`.

    The file is replaced whole or not at all, see `atomic_write`.

    Raises    ArgumentError: a value of another type, a container that holds itself;
              DtypeError: an element type that safetensors does not have; OSError as `atomic_write`

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save({"state": {0: (0.9, float("inf"))}, "rng": np.arange(2)}, folder + "/a.safetensors")
    ...     load(folder + "/a.safetensors")
    {'state': {0: (0.9, inf)}, 'rng': array([0, 1])}
    """
    arrays: dict[str, Array] = {}
    skeleton = json.dumps({"version": VERSION, "state": _pack(obj, (), arrays)}, separators=(",", ":"))
    save_file(arrays, path, {_METADATA: skeleton})


def load(path: StrPath, map_location: str | None = None, *, mmap: bool = False) -> Any:
    """Return the state that `save` wrote, its tensors on device `map_location` (default: the CPU).

    A safetensors file from elsewhere comes back as a dict of tensors. `mmap` is that of `load_file`.

    Raises    FileFormatError: the file is damaged, hostile or of another format; OSError as `open`
    """
    arrays, metadata = read_file(path, mmap=mmap)
    device = map_location or "cpu"
    if _METADATA not in metadata:
        return {name: constant(to_device(array, device)) for name, array in arrays.items()}
    where = f"load: {os.fspath(path)!r}"
    document = parse(f"{where}: state", metadata[_METADATA].encode(), _JSON_DEPTH)
    if not isinstance(document, dict) or document.get("version") != VERSION or "state" not in document:
        raise FileFormatError(f"{where}: the state should be of version {VERSION}, it is {quote(document)}")
    state = _Unpacker(where, arrays, device).unpack(document["state"])
    if arrays:
        raise FileFormatError(f"{where}: {len(arrays)} entries belong to no part of the state: {quote(list(arrays))}")
    return state


def _pack(obj: Any, path: tuple[str, ...], arrays: dict[str, Array]) -> Any:
    """Return the skeleton of `obj`, and put its arrays into `arrays`."""
    if len(path) > MAX_DEPTH:
        _refuse(path, f"containers nest more than {MAX_DEPTH} deep; does one of them hold itself?")
    if isinstance(obj, np.generic):
        obj = obj.item()
    if isinstance(obj, Tensor):
        return {"$tensor": _store(obj.array, path, arrays)}
    if is_array(obj):
        return {"$array": _store(obj, path, arrays)}
    if obj is None or isinstance(obj, (bool, str)):
        return obj
    if isinstance(obj, int):
        return obj if abs(obj) < 10**MAX_DIGITS else _refuse(path, f"an integer has more than {MAX_DIGITS} digits")
    if isinstance(obj, float):
        return obj if math.isfinite(obj) else {"$float": repr(float(obj))}
    if isinstance(obj, list):
        return _pack_items(obj, path, arrays)
    if isinstance(obj, tuple):
        return {"$tuple": _pack_items(obj, path, arrays)}
    if isinstance(obj, Mapping):
        return _pack_dict(obj, path, arrays)
    hint = "save its state_dict()" if hasattr(obj, "state_dict") else "turn it into one of those"
    _refuse(path, f"a {type(obj).__name__} cannot be saved, only dicts, lists, tuples, tensors, arrays, "
                  f"numbers, strings, bools and None\nHint: {hint}")  # fmt: skip


def _pack_items(items: list[Any] | tuple[Any, ...], path: tuple[str, ...], arrays: dict[str, Array]) -> list[Any]:
    return [_pack(item, (*path, str(i)), arrays) for i, item in enumerate(items)]


def _pack_dict(obj: Mapping[Any, Any], path: tuple[str, ...], arrays: dict[str, Array]) -> dict[str, Any]:
    values = [(key, _pack(value, (*path, f"{key}"), arrays)) for key, value in obj.items()]
    if all(isinstance(key, str) and not key.startswith("$") for key in obj):
        return dict(values)
    for key in obj:
        if not _is_key(key):
            _refuse(path, f"a dict key is a {type(key).__name__}, only strings, numbers, None and tuples of them")
    return {"$dict": [[_pack(key, (*path, "key"), arrays), value] for key, value in values]}


def _is_key(key: Any) -> bool:
    """Say whether `key` may be a dict key: a value without arrays that cannot change."""
    if isinstance(key, tuple):
        return all(map(_is_key, key))
    return key is None or isinstance(key, (str, int, float, np.generic))


def _store(array: Array, path: tuple[str, ...], arrays: dict[str, Array]) -> str:
    """Put `array` under a name made of `path`; {"a": {"b": x}, "a.b": y} makes a.b and a.b#2."""
    plain = ".".join(path).encode("utf-8", "backslashreplace").decode() or "tensor"
    name, count = plain, 1
    while name in arrays or name == "__metadata__":
        count += 1
        name = f"{plain}#{count}"
    arrays[name] = array
    return name


def _refuse(path: tuple[str, ...], why: str) -> NoReturn:
    raise ArgumentError(f"save: {_spelled(path)}: {why}")


def _spelled(path: tuple[str, ...]) -> str:
    return f"at {quote('.'.join(path[:6]))}" if path else "at the top"


class _Unpacker:
    """Puts arrays back into a skeleton, and takes those it has placed out of `arrays`."""

    def __init__(self, where: str, arrays: dict[str, NDArray], device: str) -> None:
        self.where, self.arrays, self.device = where, arrays, device

    def unpack(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self.unpack(item) for item in node]
        if not isinstance(node, dict):
            return node
        if not any(key.startswith("$") for key in node):
            return {key: self.unpack(value) for key, value in node.items()}
        if len(node) == 1:
            ((tag, body),) = node.items()
            if tag == "$float" and isinstance(body, str) and body in _NOT_FINITE:
                return _NOT_FINITE[body]
            if tag == "$tensor":
                return constant(to_device(self.take(body), self.device))
            if tag == "$array":
                return self.take(body)
            if tag == "$tuple" and isinstance(body, list):
                return tuple(self.unpack(item) for item in body)
            if tag == "$dict" and isinstance(body, list):
                return self.pairs(body)
        raise FileFormatError(f"{self.where}: {quote(node)} is not part of a state as version {VERSION} writes it")

    def pairs(self, body: list[Any]) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for pair in body:
            if not isinstance(pair, list) or len(pair) != 2:
                raise FileFormatError(f"{self.where}: a $dict should hold [key, value] pairs, not {quote(pair)}")
            key = self.unpack(pair[0])
            if not _is_key(key) or key in found:
                raise FileFormatError(f"{self.where}: the dict key {quote(pair[0])} is given twice or is no key")
            found[key] = self.unpack(pair[1])
        return found

    def take(self, name: Any) -> NDArray:
        if not isinstance(name, str) or name not in self.arrays:
            raise FileFormatError(f"{self.where}: the state refers to {quote(name)}, which is no entry, or twice to it")
        return self.arrays.pop(name)
