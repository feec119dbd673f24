"""Reading and writing elements, where CuPy is not NumPy.

An index beyond the end wraps around in silence. A mask makes the host wait, to learn how many elements it names. Which
of two values written to one element stays is undefined: here the first does, in NumPy the last. Lists and arrays of the
host, which CuPy would copy to the device each time, are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .ledger import LEDGER

if TYPE_CHECKING:
    from .array import ndarray

ADDED = ("int32", "int64", "float16", "float32", "float64", "uint32", "uint64")
COMPARED = ("int32", "int64", "float32", "float64", "uint32", "uint64")
ATOMIC = {"add": ADDED, "maximum": COMPARED, "minimum": COMPARED, "subtract": ("int32", "uint32")}


def read(x: ndarray, key: Any) -> ndarray:
    """Return x[key]: a view, or a copy where an array is part of the key."""
    from .operations import perform

    place = Key(x, key)
    place.wait()
    if not place.indices and Ellipsis not in place.parts:
        place.parts.append(...)  # NumPy hands out a number, CuPy a view without axes
    return perform(lambda: x.array[place()], [x])  # type: ignore[no-any-return]


def write(x: ndarray, key: Any, value: Any) -> None:
    """Do x[key] = value."""
    if isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim):
        raise TypeError(f"a {type(value).__name__} of the host cannot be assigned to an array of the device")
    place, number = Key(x, key), _values(value)
    place.wait()
    if not any(part.dtype.kind in "iu" for part in place.indices):
        LEDGER.write(lambda: x.array.__setitem__(place(), number))
        return

    def first_stays() -> None:
        flat = np.arange(x.size).reshape(x.shape)[place()]
        values = np.broadcast_to(number, flat.shape)
        x.array.flat[flat.ravel()[::-1]] = values.ravel()[::-1].astype(x.dtype)

    LEDGER.write(first_stays)


def scatter(x: ndarray, key: Any, value: Any, ufunc: str) -> None:
    """Do x[key] = ufunc(x[key], value) for every time that an element is named."""
    place, number = Key(x, key), _values(value)
    if place.indices and x.dtype.name not in ATOMIC[ufunc]:
        raise TypeError(f"cupy.{ufunc}.at only supports {', '.join(ATOMIC[ufunc])} as data type")
    LEDGER.write(lambda: getattr(np, ufunc).at(x.array, place(), np.asarray(number).astype(x.dtype)))


def _values(value: Any) -> Any:
    from .array import ndarray

    values = value.array if isinstance(value, ndarray) else value
    while getattr(values, "ndim", 0) and values.shape[0] == 1:
        values = values[0]
    return values


class Key:
    """What stands between the brackets. Called, it gives the key as NumPy takes it, with indices wrapped around."""

    def __init__(self, x: ndarray, key: Any) -> None:
        self.parts: list[Any] = [_part(part) for part in (key if isinstance(key, tuple) else (key,))]
        self.indices = [part for part in self.parts if isinstance(part, np.ndarray)]
        named = sum(part.ndim if _is_mask(part) else part is not None and part is not Ellipsis for part in self.parts)
        if named > x.ndim:
            raise IndexError(f"too many indices for array: array is {x.ndim}-dimensional, but {named} were indexed")
        self.sizes, axis = [], 0  # of the axis that each part stands for, where it stands for one
        for part in self.parts:
            self.sizes.append(x.shape[axis] if axis < x.ndim else 1)
            axis += x.ndim - named if part is Ellipsis else part.ndim if _is_mask(part) else part is not None

    def wait(self) -> None:
        """A mask does not say how many elements it names."""
        if any(map(_is_mask, self.indices)):
            LEDGER.wait("mask")

    def __call__(self) -> tuple[Any, ...]:
        sizes = self.sizes + [1] * (len(self.parts) - len(self.sizes))
        return tuple(_wrapped(part, n) for part, n in zip(self.parts, sizes, strict=True))


def _wrapped(part: Any, n: int) -> Any:
    if isinstance(part, np.ndarray) and part.dtype.kind in "iu":
        return part.astype(np.int64) % max(n, 1)
    return part


def _is_mask(part: Any) -> bool:
    return isinstance(part, np.ndarray) and part.dtype.kind == "b"


def _part(part: Any) -> Any:
    from .array import ndarray

    if part is None or part is Ellipsis:
        return part
    if isinstance(part, slice):
        if any(isinstance(bound, ndarray) for bound in (part.start, part.stop, part.step)):
            raise TypeError("slice indices must be integers or None or have an __index__ method")
        return part
    if isinstance(part, (bool, np.bool_)):
        return np.asarray(part)
    if isinstance(part, (int, np.integer)):
        return int(part)
    if not isinstance(part, ndarray):
        raise TypeError(f"a {type(part).__name__} of the host as an index of a device array is copied there each time")
    if part.dtype.kind not in "iub":
        raise IndexError(f"arrays used as indices must be of integer or boolean type. (actual: {part.dtype.type})")
    return part.array
