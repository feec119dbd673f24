"""The other functions: NumPy's, under CuPy's signatures, with CuPy's refusals, waits and silences."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from .array import KINDS, bare, ndarray, view
from .ledger import LEDGER
from .memory import nonsense
from .names import Entry, entries
from .operations import found_in, perform, wrapped

# they speak of types and shapes, and never touch an element
HOST = {
    "broadcast_shapes", "can_cast", "isdtype", "isscalar", "issubdtype", "iterable", "may_share_memory",
    "min_scalar_type", "ndim", "promote_types", "result_type", "shape", "shares_memory", "size",
}  # fmt: skip
# they need a number from the device to know the shape of the result, or print
WAITING = {
    "argwhere", "array2string", "array_repr", "array_str", "bincount", "compress", "extract", "flatnonzero", "histogram",
    "intersect1d", "nonzero", "setdiff1d", "setxor1d", "trim_zeros", "union1d", "unique", "unique_all", "unique_counts",
    "unique_inverse", "unique_values",
}  # fmt: skip
# what they take first need not be an array
FREE = {
    "allclose", "arange", "array", "asanyarray", "asarray", "asnumpy", "atleast_1d", "atleast_2d", "atleast_3d",
    "broadcast_arrays", "column_stack", "concat", "concatenate", "diag_indices", "dstack", "einsum", "empty", "eye", "full",
    "hstack", "identity", "indices", "isclose", "ix_", "linspace", "logspace", "meshgrid", "ones", "stack", "tri",
    "tril_indices", "triu_indices", "unravel_index", "vstack", "where", "zeros",
}  # fmt: skip
SEQUENCES = {"column_stack", "concat", "concatenate", "dstack", "hstack", "stack", "vstack"}


def function(entry: Entry, call: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of NumPy under CuPy's signature."""
    name = entry.name.rpartition(".")[2]
    fresh = name in ("empty", "empty_like")

    def run(*args: Any, **options: Any) -> Any:
        entry.signature.bind(*args, **options)
        values, named = [bare(x) for x in args], {key: bare(x) for key, x in options.items()}
        sources = found_in(*args, *options.values())
        if name in HOST:
            return call(*values, **named)
        if name in SEQUENCES and not sources:
            raise TypeError(f"cupy.{name} takes arrays of the device")
        if name not in FREE and not sources:
            raise TypeError(f"cupy.{name} takes an array of the device, got {type(args[0]).__name__}")
        if name in WAITING or (name == "where" and len(args) == 1):
            LEDGER.wait(name)
        if fresh:
            shaped = call(*values, **named)
            return wrapped(nonsense(shaped.shape, shaped.dtype), [])
        return perform(lambda: call(*values, **named), sources)

    run.__name__ = run.__qualname__ = name
    run.__module__ = "cupy"
    return run


def array(
    obj: Any, dtype: Any = None, copy: Any = True, order: Any = "K", subok: bool = False, ndmin: int = 0, *,
    blocking: bool = False,
) -> ndarray:  # fmt: skip
    """Copy numbers, nested sequences or arrays of either side into an array of the device."""
    if isinstance(obj, ndarray):
        return perform(lambda: np.array(obj.array, dtype, copy=copy or None, order=order, ndmin=ndmin), [obj])  # type: ignore[no-any-return]
    if found_in(obj):
        return perform(lambda: np.array(bare(obj), dtype), [])  # type: ignore[no-any-return]
    made = np.array(obj, dtype, order=order if isinstance(obj, np.ndarray) else "C", ndmin=ndmin)
    if made.dtype.kind not in KINDS:
        raise ValueError(f"Unsupported dtype {made.dtype}")
    LEDGER.upload(made.nbytes)
    return wrapped(made, [])  # type: ignore[no-any-return]


def asarray(a: Any, dtype: Any = None, order: Any = None, *, copy: Any = None, blocking: bool = False) -> ndarray:
    """Return an array of the device itself, anything else copied there."""
    return array(a, dtype, copy, order or "K", blocking=blocking)


def ascontiguousarray(a: ndarray, dtype: Any = None) -> ndarray:
    """Return the array itself if its elements lie one after another, else a copy of which that is true."""
    if not isinstance(a, ndarray):
        a = asarray(a)
    return perform(lambda: np.ascontiguousarray(a.array, dtype).reshape(a.shape), [a]) if not _lies(a, dtype) else a  # type: ignore[no-any-return]


def _lies(a: ndarray, dtype: Any) -> bool:
    return a.flags.c_contiguous and (dtype is None or a.dtype == dtype)  # type: ignore[no-any-return]


def asnumpy(a: Any, stream: Any = None, order: str = "C", out: Any = None, *, blocking: bool = True) -> Any:
    """Copy to the host."""
    if isinstance(a, ndarray):
        return a.get(stream, order, out, blocking)
    return np.asarray(a, order=order)  # type: ignore[call-overload]


def take(a: ndarray, indices: Any, axis: int | None = None, out: Any = None) -> Any:
    """Take elements; an index beyond the end wraps around."""
    if isinstance(indices, (list, tuple)):
        raise TypeError("a list of the host as indices is copied to the device each time")
    target, places = None if out is None else out.array, bare(indices)
    if a.size == 0:
        shape = np.shape(places) if axis is None else (*a.shape[:axis], *np.shape(places), *a.shape[axis:][1:])
        if math.prod(shape):
            raise IndexError("cannot do a non-empty take from an empty axes.")
        return wrapped(np.empty(shape, a.dtype), [])
    return perform(lambda: np.take(a.array, places, axis, target, "wrap"), found_in(out))


def take_along_axis(a: ndarray, indices: ndarray, axis: int | None) -> Any:
    """Take one element per index along an axis; an index beyond the end wraps around."""
    n = a.size if axis is None else a.shape[axis]
    return perform(lambda: np.take_along_axis(a.array, indices.array % n, axis), [])


def diagonal(a: ndarray, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Return a view of a diagonal, to which NumPy would not let us write."""
    shown = a.array.diagonal(offset, axis1, axis2)
    shown.flags.writeable = a.array.flags.writeable
    return view(a, shown)


def repeat(a: ndarray, repeats: Any, axis: int | None = None) -> Any:
    """Repeat elements; how often may be told by an array of the device, which is waited for."""
    if isinstance(repeats, (list, tuple, ndarray)):
        LEDGER.wait("repeat")
    return perform(lambda: np.repeat(a.array, bare(repeats), axis), [])


def sort(a: ndarray, axis: int | None = -1, kind: str | None = None) -> Any:
    """Sort a copy."""
    return perform(lambda: np.sort(a.array, axis, _kind(kind)), [])


def argsort(a: ndarray, axis: int | None = -1, kind: str | None = None) -> Any:
    """Return the order that sorts."""
    return perform(lambda: np.argsort(a.array, axis, _kind(kind)), [])


def _kind(kind: str | None) -> Any:
    if kind not in (None, "stable"):
        raise ValueError("kind can only be None or 'stable'")
    return "stable"


def argwhere(a: ndarray) -> Any:
    """Return the places of what is not 0."""
    LEDGER.wait("argwhere")
    return perform(lambda: np.argwhere(a.array), [])


def put_along_axis(arr: ndarray, indices: ndarray, values: Any, axis: int) -> None:
    """Write one element per index along an axis."""
    n = arr.shape[axis]
    LEDGER.write(lambda: np.put_along_axis(arr.array, bare(indices) % n, bare(values), axis))


def copyto(dst: ndarray, src: Any, casting: str = "same_kind", where: Any = None) -> None:
    """Copy values into an array."""
    mask = True if where is None else bare(where)
    LEDGER.write(lambda: np.copyto(dst.array, bare(src), casting, mask))  # type: ignore[arg-type]


def from_dlpack(x: Any) -> ndarray:
    """Return an array of another library of the device, sharing its memory."""
    if x.__dlpack_device__()[0] != 2:
        raise ValueError("CPU arrays cannot be directly imported to CuPy. Use `cupy.array(numpy.from_dlpack(input))` instead.")

    class OnHost:
        """The same memory, said to be the host's, for NumPy to take."""

        def __dlpack__(self, *, max_version: Any = None, **_: Any) -> Any:
            return x.__dlpack__(max_version=max_version)

        def __dlpack_device__(self) -> tuple[int, int]:
            return (1, 0)

    return wrapped(np.from_dlpack(OnHost()), [x] if isinstance(x, ndarray) else [])  # type: ignore[no-any-return]


def get_array_module(*args: Any) -> Any:
    """Return cupy if an argument is an array of the device, else numpy."""
    return sys.modules["cupy"] if any(isinstance(x, ndarray) for x in args) else np


class Grid:
    """np.ogrid and its kin, made on the device."""

    def __init__(self, made: Any) -> None:
        self.made = made

    def __getitem__(self, key: Any) -> Any:
        made = perform(lambda: self.made[bare(key)], [])
        return list(made) if isinstance(made, tuple) else made


OWN: dict[str, Any] = {
    call.__name__: call
    for call in (
        argsort, argwhere, array, asarray, ascontiguousarray, asnumpy, copyto, diagonal, from_dlpack, get_array_module,
        put_along_axis, repeat, sort, take, take_along_axis,
    )
}  # fmt: skip
ndarray.__matmul__ = lambda x, y: attribute("matmul")(x, y) if isinstance(y, ndarray) else NotImplemented
OWN |= {name: Grid(getattr(np, name)) for name in ("c_", "mgrid", "ogrid", "r_")}
OWN["asanyarray"] = asarray
for _name in ("argsort", "diagonal", "repeat", "take"):
    setattr(ndarray, _name, OWN[_name])
for _name in ("array", "asarray"):
    OWN[_name].__module__ = "cupy"


def attribute(name: str) -> Any:
    """Return what `cupy.name` is."""
    entry = entries().get(name)
    if entry is None:
        raise AttributeError(f"module 'cupy' has no attribute {name!r}")
    if name in OWN:
        return OWN[name]
    try:
        value = getattr(np, name)
    except AttributeError:
        raise AttributeError(f"the stand-in leaves out cupy.{name}") from None
    return function(entry, value) if entry.parameters is not None else value
