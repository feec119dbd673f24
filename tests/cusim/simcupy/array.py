"""The array of the stand-in: a NumPy array that cannot be reached by accident.

It refuses to turn into a NumPy array by itself and to mix with NumPy's arrays; reductions give arrays without axes;
whatever makes the host wait for the device is counted; methods and keywords are those of CuPy and no others.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from . import index
from .ledger import LEDGER
from .memory import ALLOCATION, nonsense

SCALARS = (bool, int, float, complex, np.generic)
KINDS = "biufc"


class ndarray:
    """An array on the device. `array` is where the stand-in keeps its values."""

    __slots__ = ("__weakref__", "_block", "array", "base")
    __array_priority__ = 100
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, shape: Any, dtype: Any = float, memptr: Any = None, strides: Any = None, order: str = "C") -> None:
        if memptr is not None or strides is not None:
            raise NotImplementedError("the stand-in makes no arrays of foreign memory")
        self._hold(nonsense(shape, dtype, order), None)

    def _hold(self, array: np.ndarray[Any, Any], root: ndarray | None) -> None:
        if array.dtype.kind not in KINDS:
            raise ValueError(f"Unsupported dtype {array.dtype}")
        self.array, self.base = array, root
        self._block = ALLOCATION.alloc(array.nbytes) if root is None else None

    dtype = property(lambda self: self.array.dtype)
    itemsize = property(lambda self: self.array.itemsize)
    nbytes = property(lambda self: self.array.nbytes)
    ndim = property(lambda self: self.array.ndim)
    size = property(lambda self: self.array.size)
    strides = property(lambda self: self.array.strides)
    device = property(lambda self: SimpleNamespace(id=0))
    data = property(lambda self: SimpleNamespace(ptr=self.array.ctypes.data, device_id=0, device=self.device))
    T = property(lambda self: view(self, self.array.T))
    real = property(lambda self: view(self, self.array.real))

    @property
    def mT(self) -> ndarray:
        """The array with its last two axes swapped."""
        if self.ndim < 2:
            raise ValueError("matrix transpose with ndim < 2 is undefined")
        return view(self, self.array.swapaxes(-1, -2))

    @property
    def flags(self) -> Any:
        """The three facts about its memory that CuPy keeps."""
        flags = self.array.flags
        c, f = flags.c_contiguous, flags.f_contiguous
        return SimpleNamespace(c_contiguous=c, f_contiguous=f, owndata=self.base is None)

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the axes."""
        return self.array.shape

    @shape.setter
    def shape(self, sizes: Any) -> None:
        self.array = self.array.reshape(sizes, copy=False)

    # what goes back to the host, and waits for it

    def get(self, stream: Any = None, order: str = "C", out: Any = None, blocking: bool = True) -> np.ndarray[Any, Any]:
        """Copy to the host."""
        if blocking:
            LEDGER.wait("get")
        LEDGER.downloads += self.nbytes
        if out is None:
            return self.array.copy(order)
        _same_kind(out, self)
        if blocking:
            out[...] = self.array
        else:
            LEDGER.write(lambda: np.copyto(out, self.array))
        return out  # type: ignore[no-any-return]

    def set(self, arr: Any, stream: Any = None) -> None:
        """Copy from an array of the host; with pinned memory a graph may do it again."""
        _same_kind(arr, self)
        if isinstance(arr, Pinned):
            LEDGER.uploads += arr.nbytes
        else:
            LEDGER.upload(arr.nbytes)
        LEDGER.write(lambda: np.copyto(self.array, arr))

    def item(self) -> Any:
        """Return the only element."""
        if self.size != 1:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        return self._awaited("item").item()

    def tolist(self) -> Any:
        """Return nested lists."""
        return self._awaited("tolist").tolist()

    def _awaited(self, why: str) -> np.ndarray[Any, Any]:
        LEDGER.wait(why)
        LEDGER.downloads += self.nbytes
        return self.array

    def __bool__(self) -> bool:
        if self.size == 0:
            warnings.warn("The truth value of an empty array is ambiguous.", DeprecationWarning, stacklevel=2)
            return False
        if self.size != 1:
            raise ValueError("The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()")
        return bool(self._awaited("bool"))

    def __int__(self) -> int:
        return int(self._awaited("int"))

    def __float__(self) -> float:
        return float(self._awaited("float"))

    def __complex__(self) -> complex:
        return complex(self._awaited("complex"))

    def __repr__(self) -> str:
        return repr(self._awaited("repr"))

    def __str__(self) -> str:
        return str(self._awaited("str"))

    def __format__(self, spec: str) -> str:
        return format(self._awaited("format"), spec)

    def __reduce__(self) -> Any:
        return sys.modules["cupy"].array, (self.get(),)

    # protocols

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. "
            "Please use `.get()` to construct a NumPy array explicitly."
        )

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        if any(not isinstance(x, (*SCALARS, ndarray, np.ndarray)) for x in (*inputs, *(out or ()))):
            return NotImplemented
        found = getattr(sys.modules["cupy"], ufunc.__name__, None)
        call = found if method == "__call__" else getattr(found, method, None)
        if call is None:
            return NotImplemented
        return call(*inputs, **options, **({"out": out[0]} if out else {}))

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        module: Any = sys.modules["cupy"]
        for room in function.__module__.split(".")[1:]:
            module = getattr(module, room, None)
        found = getattr(module, function.__name__, None)
        if found is None or not all(issubclass(kind, (ndarray, np.ndarray)) for kind in types):
            return NotImplemented
        return found(*args, **options)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        strides = None if self.array.flags.c_contiguous else self.strides
        place = (self.array.ctypes.data, False)
        return {"shape": self.shape, "typestr": self.dtype.str, "data": place, "version": 3, "strides": strides, "stream": 1}

    def __dlpack__(self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: Any = None) -> Any:
        return self.array.__dlpack__(max_version=max_version)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (2, 0)  # CUDA, the first device

    # elements

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len() of unsized object")
        return len(self.array)

    def __iter__(self) -> Iterator[ndarray]:
        if not self.ndim:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> ndarray:
        return index.read(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        index.write(self, key, value)

    def __copy__(self) -> ndarray:
        return self.copy()  # type: ignore[no-any-return, attr-defined]

    def __deepcopy__(self, memo: Any) -> ndarray:
        return self.copy()  # type: ignore[no-any-return, attr-defined]

    def fill(self, value: Any) -> None:
        """Write one value everywhere."""
        if isinstance(value, np.ndarray) and value.ndim:
            raise ValueError("non-scalar numpy.ndarray cannot be used for fill")
        number = bare(value.item() if isinstance(value, np.ndarray) else value)
        LEDGER.write(lambda: self.array.fill(number))

    def view(self, dtype: Any = None, type: Any = None) -> ndarray:
        """Return the same memory, read as another type."""
        return view(self, self.array.view() if dtype is None else self.array.view(dtype))


class Pinned(np.ndarray[Any, Any]):
    """Host memory that the device may copy from and to in its own time."""


def _same_kind(host: Any, device: ndarray) -> None:
    if not isinstance(host, np.ndarray):
        raise TypeError("Only numpy.ndarray can be set to cupy.ndarray")
    if host.dtype != device.dtype:
        raise TypeError(f"{host.dtype} array cannot be set to {device.dtype} array")
    if host.shape != device.shape:
        raise ValueError(f"Shape mismatch. Old shape: {device.shape}, new shape: {host.shape}")


def view(source: ndarray, array: np.ndarray[Any, Any]) -> ndarray:
    """Wrap memory of `source`."""
    x = ndarray.__new__(ndarray)
    x._hold(array, source if source.base is None else source.base)
    return x


def bare(x: Any) -> Any:
    """Return arguments as NumPy takes them; what comes from the host and is no scalar is refused."""
    if isinstance(x, ndarray):
        return x.array
    if isinstance(x, (list, tuple)):
        return type(x)(bare(part) for part in x)
    if isinstance(x, np.ndarray):
        raise TypeError(f"Unsupported type {type(x)}: an array of the host, shape {x.shape}, among those of the device")
    return x


ndarray.__module__ = "cupy"
