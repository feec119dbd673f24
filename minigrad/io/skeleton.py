"""Take a nested state apart into named arrays and a skeleton that JSON can hold, and put it together again.

    {"model": {"conv1.weight": w}, "betas": (0.9, inf), 3: None}
        array     model.conv1.weight, named by the path that leads to it
        skeleton  {"$dict": [["model", {"conv1.weight": {"$tensor": "model.conv1.weight"}}],
                             ["betas", {"$tuple": [0.9, {"$float": "inf"}]}],
                             [3, null]]}

What JSON cannot express is an object with one key that starts with "$":

    $tensor, $array    the entry of that name, as a Tensor or as a NumPy array
    $tuple             a list of items
    $dict              a list of [key, value], where a key is no string or starts with "$"
    $float             "nan", "inf" or "-inf"
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from ..autograd import constant
from ..backend import Array, is_array, to_device
from ..errors import ArgumentError, FileFormatError
from ..tensor import Tensor
from .files import quote
from .safetensors import NDArray
from .safetensors_header import METADATA
from .strict_json import MAX_DIGITS

MAX_DEPTH = 64  # of nested containers
MAX_JSON_DEPTH = 4 * MAX_DEPTH  # a $dict opens three brackets; the rest is room for what is innermost
_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def pack(obj: Any) -> tuple[Any, dict[str, Array]]:
    """Return the skeleton of a state, and its arrays by name.

    Raises    ArgumentError: a value that is no dict, list, tuple, tensor, array, number, string, bool or None

    >>> pack({"w": np.zeros(2), "betas": (0.9, math.inf)})
    ({'w': {'$array': 'w'}, 'betas': {'$tuple': [0.9, {'$float': 'inf'}]}}, {'w': array([0., 0.])})
    """
    arrays: dict[str, Array] = {}
    return _pack(obj, (), arrays), arrays


def unpack(where: str, skeleton: Any, arrays: Mapping[str, NDArray], device: str = "cpu") -> Any:
    """Return the state that `pack` took apart, tensors on `device`; `where` opens every error message.

    Raises    FileFormatError: the skeleton is not one of ours, or does not use every array exactly once

    >>> unpack("example", {"w": {"$array": "w"}}, {"w": np.zeros(2)})
    {'w': array([0., 0.])}
    """
    unpacker = _Unpacker(where, dict(arrays), device)
    state = unpacker.unpack(skeleton)
    if unpacker.arrays:
        unused = list(unpacker.arrays)
        raise FileFormatError(f"{where}: {len(unused)} entries belong to no part of the state: {quote(unused)}")
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
    _refuse(path, f"a value of type {type(obj).__name__} cannot be saved, only dicts, lists, tuples, tensors, arrays, "
                  f"numbers, strings, bools and None\nHint: {hint}")  # fmt: skip


def _pack_items(items: list[Any] | tuple[Any, ...], path: tuple[str, ...], arrays: dict[str, Array]) -> list[Any]:
    return [_pack(item, (*path, str(i)), arrays) for i, item in enumerate(items)]


def _pack_dict(obj: Mapping[Any, Any], path: tuple[str, ...], arrays: dict[str, Array]) -> dict[str, Any]:
    pairs = []
    for key, value in obj.items():
        if not _is_key(key):
            _refuse(path, f"a dict key is of type {type(key).__name__}, only strings, numbers, None and tuples of them")
        pairs.append((_pack(key, path, arrays), _pack(value, (*path, str(key)), arrays)))
    if all(isinstance(key, str) and not key.startswith("$") for key in obj):
        return dict(pairs)
    return {"$dict": pairs}


def _is_key(key: Any) -> bool:
    """Say whether `key` may be a dict key: a value without arrays that cannot change."""
    if isinstance(key, tuple):
        return all(map(_is_key, key))
    return key is None or isinstance(key, (str, int, float, np.generic))


def _store(array: Array, path: tuple[str, ...], arrays: dict[str, Array]) -> str:
    """Put `array` under a name made of `path`; {"a": {"b": x}, "a.b": y} makes a.b and a.b#2."""
    plain = ".".join(path).encode("utf-8", "backslashreplace").decode() or "tensor"
    name, count = plain, 1
    while name in arrays or name == METADATA:
        count += 1
        name = f"{plain}#{count}"
    arrays[name] = array
    return name


def _refuse(path: tuple[str, ...], why: str) -> NoReturn:
    raise ArgumentError(f"save: {_spelled(path)}: {why}")


def _spelled(path: tuple[str, ...]) -> str:
    return f"at {quote('.'.join(path[:6]))}" if path else "at the top"


class _Unpacker:
    """Puts arrays back into a skeleton; `arrays` are those not yet placed."""

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
        raise FileFormatError(f"{self.where}: {quote(node)} is not part of a state that minigrad writes")

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
