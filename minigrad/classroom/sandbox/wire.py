"""Messages between the grader and a student's process: a length, then an npz archive of JSON and arrays.

    8 bytes, little-endian: the length    |    npz: meta (JSON as bytes), a0, a1, ...

Neither side trusts the archive: it is not compressed (so it cannot grow), holds no objects, and every array has the
size that its header claims. A tree of plain values becomes JSON in which {"array": i} stands for an array.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
from typing import Any

import numpy as np

LENGTH = struct.Struct("<Q")
PLAIN = (bool, int, float, str, type(None))
DEEPEST = 50  # lists within lists


class WireError(Exception):
    """A message that is not one, or a value that cannot be sent."""


def pack(message: Any, longest: int | None = None) -> bytes:
    """Return a tree of numbers, strings, lists, tuples, dicts and arrays as the body of a message.

    Raises  WireError for anything else in the tree, and for more than `longest` bytes
    """
    arrays: list[Any] = []
    meta = json.dumps(_tree(message, arrays)).encode()
    size = len(meta) + sum(a.nbytes for a in arrays)
    if longest is not None and size > 0.99 * longest:
        raise WireError(f"{size / 1e6:.0f} MB, more than the {longest / 1e6:.0f} MB allowed")
    store = io.BytesIO()
    named = {f"a{i}": a for i, a in enumerate(arrays)}
    np.savez(store, allow_pickle=False, meta=np.frombuffer(meta, np.uint8), **named)
    return store.getvalue()


def unpack(body: bytes) -> Any:
    """Return the tree in the body of a message.

    Raises  WireError for whatever `pack` cannot have written
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            parts = {info.filename: _array(archive, info) for info in archive.infolist()}
        meta = json.loads(parts["meta.npy"].tobytes())
        return _value(meta, parts)
    except WireError:
        raise
    except Exception as error:  # a forged archive may fail anywhere
        raise WireError(f"the message is damaged: {type(error).__name__}") from error


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Any:
    """Read one member, after a look at what it claims to be."""
    if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
        raise WireError("the message is compressed")
    raw = archive.read(info)
    file = io.BytesIO(raw)
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    if dtype.kind not in "biuf" or min(shape, default=1) < 0:
        raise WireError(f"the message holds an array of {dtype}")
    size = dtype.itemsize
    for n in shape:
        size *= n
    if size != len(raw) - file.tell():
        raise WireError("the message holds an array of another length than it claims")
    file.seek(0)
    return np.lib.format.read_array(file, allow_pickle=False)


def _tree(value: Any, arrays: list[Any], depth: int = 0) -> Any:
    """Return a value as JSON knows it, and put its arrays aside. Types are compared exactly: a subclass may lie."""
    kind = type(value)
    if depth > DEEPEST:
        raise WireError(f"lists within lists, more than {DEEPEST} deep")
    if kind in PLAIN:
        return value
    if kind is np.ndarray or issubclass(kind, np.generic):
        return _put(np.asarray(value), arrays)
    if kind in (list, tuple):
        return {kind.__name__: [_tree(item, arrays, depth + 1) for item in value]}
    if kind is dict:
        return {"dict": [[_tree(k, arrays, depth + 1), _tree(v, arrays, depth + 1)] for k, v in value.items()]}
    raise WireError(f"a {kind.__name__}")


def _put(a: Any, arrays: list[Any]) -> dict[str, Any]:
    if a.dtype.kind not in "biuf":
        raise WireError(f"an array of {a.dtype}")
    arrays.append(a)
    layout = {"locked": True} if not a.flags.writeable else {}
    return {"array": len(arrays) - 1, **layout, **({} if a.flags.c_contiguous else {"strided": True})}


def _value(node: Any, parts: dict[str, Any]) -> Any:
    """Return the value that a piece of JSON stands for."""
    if not isinstance(node, dict):
        return node
    if "array" in node:
        a = parts[f"a{node['array']}.npy"]
        return laid_out(a, bool(node.get("strided")), bool(node.get("locked")))
    ((kind, items),) = node.items()
    if kind == "dict":
        return {_value(k, parts): _value(v, parts) for k, v in items}
    return {"list": list, "tuple": tuple}[kind](_value(item, parts) for item in items)


def laid_out(a: Any, strided: bool, locked: bool) -> Any:
    """Return the array in memory of its own: backwards and with gaps if `strided`, read-only if `locked`."""
    if strided and a.ndim:
        store = np.empty((*a.shape[:-1], 2 * a.shape[-1]), a.dtype)[..., ::-2]
        store[...] = a
    else:
        store = np.array(a)
    store.flags.writeable = not locked
    return store
