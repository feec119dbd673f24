"""Tensors of a PyTorch file: views of storages, each checked against the bytes that are there.

A storage is a run of bytes. A tensor is a window on it, in units of one element:

    element [i, j, ...]  lies at  offset + i·stride_0 + j·stride_1 + ...

so the last one that a tensor reaches lies at offset + Σ_k (size_k - 1)·stride_k, which has to be inside the storage.
Tensors of one storage share memory, as they did when they were saved. bfloat16 comes back widened to float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn, TypeAlias

import numpy as np

from ..errors import FileFormatError
from .files import check_bools, quote
from .safetensors import NDArray, widened
from .safetensors_header import MAX_AXES
from .torch_file_opcodes import Name, is_key

BFLOAT16 = "bfloat16"
_BY_NAME = {
    "uint8": "u1", "int8": "i1", "int16": "i2", "int32": "i4", "int64": "i8", "uint16": "u2", "uint32": "u4",
    "uint64": "u8", "float16": "f2", "float32": "f4", "float64": "f8", "bool": "?",
}  # fmt: skip
DTYPES: dict[str, np.dtype[Any]] = {name: np.dtype(code) for name, code in _BY_NAME.items()}
_STORAGES = {
    "ByteStorage": "uint8", "CharStorage": "int8", "ShortStorage": "int16", "IntStorage": "int32",
    "LongStorage": "int64", "HalfStorage": "float16", "FloatStorage": "float32", "DoubleStorage": "float64",
    "BoolStorage": "bool", "BFloat16Storage": BFLOAT16, "UntypedStorage": "uint8",
}  # fmt: skip
Wrap: TypeAlias = "Callable[[NDArray], Any]"  # makes a tensor of an array


class StorageType(NamedTuple):
    """The type of a storage's elements by PyTorch's name; bfloat16 has none in NumPy."""

    name: str

    @property
    def size(self) -> int:
        """Return the bytes of one element."""
        return 2 if self.name == BFLOAT16 else DTYPES[self.name].itemsize


class Storage:
    """The bytes of one storage, and its elements as an array of each type that a tensor has asked for."""

    def __init__(self, kind: StorageType, data: np.ndarray[Any, np.dtype[np.uint8]], big_endian: bool) -> None:
        self.kind, self.data, self.big_endian = kind, data, big_endian
        self.arrays: dict[str, NDArray] = {}

    def array(self, what: str, kind: str) -> NDArray:
        """Return all elements; bytes left over at the end are out of reach."""
        if kind not in self.arrays:
            raw = np.dtype("u2") if kind == BFLOAT16 else DTYPES[kind]
            whole = self.data[: len(self.data) // raw.itemsize * raw.itemsize]
            array = whole.view(raw.newbyteorder(">" if self.big_endian else "<")).astype(raw, copy=False)
            if kind == "bool":
                check_bools(what, array)
            self.arrays[kind] = widened(array) if kind == BFLOAT16 else array
        return self.arrays[kind]


def parse_identifier(where: str, identifier: Any) -> tuple[StorageType, str, int]:
    """Return (type, key, number of elements) of ("storage", type, key, device, number), which names a storage."""
    if type(identifier) is tuple and identifier[:1] == ("module",):
        raise FileFormatError(
            f"{where}: holds a whole model, which is code\nHint: in PyTorch, torch.save its state_dict() instead"
        )
    if type(identifier) is not tuple or len(identifier) != 5:
        raise FileFormatError(f"{where}: {quote(identifier)} does not name a storage")
    tag, kind, key, _, n = identifier
    if tag != "storage" or type(key) is not str or type(n) is not int or n < 0:
        raise FileFormatError(f"{where}: {quote(identifier)} does not name a storage")
    if not isinstance(kind, StorageType):
        raise FileFormatError(f"{where}: elements of {quote(str(kind))} are not read; readable are {' '.join(DTYPES)}")
    return kind, key, n


class Rebuilder:
    """Carries out the few calls that PyTorch writes into a file; `wrap` makes a tensor of each array."""

    def __init__(self, where: str, storage: Callable[[Any], Storage], wrap: Wrap) -> None:
        self.where, self.storage, self.wrap = where, storage, wrap
        self.calls: dict[str, Callable[..., Any]] = {
            "collections.OrderedDict": self.ordered_dict,
            "torch.Size": lambda size: self.sizes("torch.Size", size),
            "torch.device": self.device,
            "torch._utils._rebuild_tensor": self.tensor,
            "torch._utils._rebuild_tensor_v2": lambda storage, offset, size, stride, *_: self.tensor(
                storage, offset, size, stride
            ),
            "torch._utils._rebuild_tensor_v3": lambda storage, offset, size, stride, grad, hooks, dtype, *_: (
                self.tensor(storage, offset, size, stride, dtype)
            ),
            "torch._utils._rebuild_parameter": lambda data, *_: data,
            "torch._utils._rebuild_parameter_with_state": lambda data, *_: data,
        }

    def name(self, name: Name) -> Any:
        """Return the element type that torch.float32 or torch.FloatStorage stands for, else the name itself."""
        if name.module == "torch" and name.attribute in (*DTYPES, BFLOAT16):
            return DTYPES["float32" if name.attribute == BFLOAT16 else name.attribute]
        if name.module in ("torch", "torch.cuda", "torch.storage") and name.attribute in _STORAGES:
            return StorageType(_STORAGES[name.attribute])
        return name

    def persistent(self, key: Any) -> Storage:
        """Return the storage that a persistent identifier describes."""
        return self.storage(key)

    def call(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        """Return what a call of one of the known functions gives."""
        action = self.calls.get(str(function)) if isinstance(function, Name) else None
        if action is None:
            self.refuse(
                f"the file asks to call {quote(str(function))}, which is none of the names that tensors need\n"
                "Hint: in PyTorch, save model.state_dict(), not the model; plain dicts, lists, numbers and tensors "
                "are read"
            )
        try:
            return action(*arguments)
        except TypeError:
            self.refuse(f"{function} is called with {len(arguments)} arguments, it takes another number")

    def refuse(self, why: str) -> NoReturn:
        """Raise the error that says why the file is not read."""
        raise FileFormatError(f"{self.where}: {why}")

    def ordered_dict(self, pairs: Any = ()) -> dict[Any, Any]:
        """Return a dict: empty, or as Python 2 wrote it, of a list of pairs."""
        if type(pairs) not in (tuple, list) or not all(type(p) in (tuple, list) and len(p) == 2 for p in pairs):
            self.refuse(f"an OrderedDict is made of pairs, not of {quote(pairs)}")
        if not all(is_key(key) for key, _ in pairs):
            self.refuse(f"a dict key of {quote(pairs)} is no string, number or tuple of them")
        return dict(pairs)

    def device(self, kind: Any, index: Any = None) -> str:
        """Return the name of a device as a string."""
        if type(kind) is not str or type(index) not in (int, type(None)):
            self.refuse(f"torch.device is given {quote(kind)} and {quote(index)}")
        return kind if index is None else f"{kind}:{index}"

    def sizes(self, what: str, values: Any) -> tuple[int, ...]:
        """Return `values`, having checked that they are sizes."""
        if type(values) not in (tuple, list) or not all(type(n) is int and n >= 0 for n in values):
            self.refuse(f"{what} should be non-negative integers, it is {quote(values)}")
        return tuple(values)

    def tensor(self, storage: Any, offset: Any, size: Any, stride: Any, dtype: Any = None) -> Any:
        """Return a window on a storage, having checked that it lies inside."""
        if not isinstance(storage, Storage) or not (dtype is None or isinstance(dtype, np.dtype)):
            self.refuse(f"a tensor is made of {quote(storage)} and {quote(dtype)}, not of a storage and a type")
        what = f"{self.where}: a tensor of size {quote(size)}, stride {quote(stride)}, offset {quote(offset)}"
        size, stride = self.sizes("a tensor's size", size), self.sizes("a tensor's stride", stride)
        (offset,) = self.sizes("a tensor's offset", (offset,))
        array = storage.array(what, storage.kind.name if dtype is None else dtype.name)
        if len(size) != len(stride) or len(size) > MAX_AXES:
            raise FileFormatError(f"{what}: size and stride should both have the same {MAX_AXES} axes or fewer")
        if math.prod(n or 1 for n in size) * array.itemsize >= 2**63:
            raise FileFormatError(f"{what}: is larger than memory can be")
        last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
        if offset > len(array) or (0 not in size and last >= len(array)):
            raise FileFormatError(f"{what}: reaches element {max(last, offset)}, its storage has {len(array)}")
        return self.wrap(_window(array, offset, size, stride))


def _window(array: NDArray, offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> NDArray:
    if 0 in size:
        return np.empty(size, array.dtype)
    steps = tuple(step if n > 1 else 1 for n, step in zip(size, stride, strict=True))
    view: NDArray = np.ndarray(size, array.dtype, array, offset * array.itemsize, [s * array.itemsize for s in steps])
    if _may_overlap(size, steps):
        view.flags.writeable = False  # as an expanded tensor: one number in memory is several elements
    return view


def _may_overlap(size: tuple[int, ...], stride: tuple[int, ...]) -> bool:
    """Say whether two elements may share memory: the steps of an axis should pass over all that smaller ones reach."""
    reach = 0
    for step, n in sorted(zip(stride, size, strict=True)):
        if n > 1:
            if step <= reach:
                return True
            reach += (n - 1) * step
    return False
