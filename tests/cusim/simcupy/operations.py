"""How a function or method of NumPy runs on the device: arguments laid bare, the result wrapped, the work counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .array import bare, ndarray, view
from .ledger import LEDGER, computed
from .names import Entry, entries


def wrapped(result: Any, sources: list[ndarray]) -> Any:
    """Return results as arrays of the device: a source itself, a view of one, or new memory."""
    if isinstance(result, (tuple, list)):
        return tuple(wrapped(part, sources) for part in result)
    if not isinstance(result, np.ndarray):
        return result
    for source in sources:
        if result is source.array:
            return source
        if np.may_share_memory(result, source.array):
            return view(source, result)
    x = ndarray.__new__(ndarray)
    x._hold(result, None)
    return x


def found_in(*values: Any) -> list[ndarray]:
    """Return the device arrays among arguments, nested sequences included."""
    found: list[ndarray] = []
    for x in values:
        if isinstance(x, ndarray):
            found.append(x)
        elif isinstance(x, (list, tuple)):
            found += found_in(*x)
    return found


def perform(compute: Callable[[], Any], sources: list[ndarray]) -> Any:
    """Run a function of NumPy on the device. One that gives a view, or the array that it got, moves nothing."""
    result = computed(compute)
    if isinstance(result, np.ndarray) and any(np.may_share_memory(result, source.array) for source in sources):
        return wrapped(result, sources)
    return wrapped(LEDGER.made(compute, result), sources)


IN_PLACE = {"partition", "put", "sort"}


def method(entry: Entry) -> Callable[..., Any]:
    """Return the method of NumPy under CuPy's signature."""
    name = entry.name.rpartition(".")[2]

    def call(self: ndarray, *args: Any, **options: Any) -> Any:
        entry.signature.bind(*args, **options)
        if name == "nonzero":
            LEDGER.wait("nonzero")
            if not self.ndim:
                raise ValueError("Calling nonzero on 0d arrays is not allowed.")
        values, named = bare(args), {key: bare(value) for key, value in options.items()}
        if name in IN_PLACE:
            LEDGER.write(lambda: getattr(self.array, name)(*values, **named))
            return None
        sources = [self, *found_in(*args, *options.values())]
        return perform(lambda: getattr(self.array, name)(*values, **named), sources)

    call.__name__, call.__qualname__ = name, f"ndarray.{name}"
    return call


for _name, _entry in entries().items():
    room, _, _method = _name.rpartition(".")
    if room == "ndarray" and _entry.parameters is not None and not hasattr(ndarray, _method) and hasattr(np.ndarray, _method):
        setattr(ndarray, _method, method(_entry))
