"""Functions of elements: CuPy's loops decide the type of the result, and what is neither array nor scalar is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from . import index
from .array import SCALARS, ndarray
from .ledger import LEDGER
from .names import Entry, entries
from .operations import wrapped

REDUCED = {"add": "sum", "multiply": "prod"}
ACCUMULATED = {"add": "cumsum", "multiply": "cumprod"}
KIND = {bool: 0, int: 1, float: 2, complex: 3}
Weak = type | np.dtype[Any]


class ufunc:
    """A function of elements, under the loops that the list names."""

    def __init__(self, entry: Entry) -> None:
        self.__name__ = self.name = entry.name
        self.types = list(entry.loops)
        self.loops = [(ins, outs) for ins, _, outs in (loop.partition("->") for loop in entry.loops)]
        self.nin, self.nout = map(len, self.loops[0])
        self._loop_of: dict[tuple[Weak, ...], str] = {}

    def __repr__(self) -> str:
        return f"<ufunc 'cupy_{self.name}'>"

    def __call__(self, *args: Any, out: Any = None, dtype: Any = None, casting: str = "same_kind") -> Any:
        if not self.nin <= len(args) <= self.nin + self.nout:
            raise TypeError(f"Wrong number of arguments for {self.name!r}")
        inputs, outs = args[: self.nin], args[self.nin :] or (() if out is None else out if isinstance(out, tuple) else (out,))
        for x in (*inputs, *outs):
            if not isinstance(x, (ndarray, *SCALARS)):
                raise TypeError(f"Unsupported type {type(x)}")
        kinds = [np.dtype(code) for code in self._codes(inputs, dtype)]
        values = [x.array if isinstance(x, ndarray) else x for x in inputs]
        options = {"casting": casting} if dtype is None else {"casting": casting, "dtype": dtype}
        calculate = getattr(np, self.name)
        if outs:
            return self._into(outs, lambda targets: calculate(*values, out=targets, **options))

        def compute() -> Any:
            result = calculate(*values, **options)
            parts = map(np.asarray, result if isinstance(result, tuple) else (result,))
            typed = tuple(x if x.dtype == kind else x.astype(kind) for x, kind in zip(parts, kinds, strict=True))
            return typed if self.nout > 1 else typed[0]

        return wrapped(LEDGER.make(compute), [])

    def _into(self, outs: Sequence[ndarray], calculate: Callable[[Any], Any]) -> Any:
        targets = tuple(x.array for x in outs)

        def compute() -> None:
            calculate(targets)

        LEDGER.write(compute)
        return outs[0] if len(outs) == 1 else tuple(outs)

    def _codes(self, inputs: Sequence[Any], dtype: Any) -> str:
        """Return the types of the results: those of the first loop that the inputs fit, or that gives `dtype`."""
        if dtype is not None:
            fitting = (outs for _, outs in self.loops if all(np.dtype(code) == np.dtype(dtype) for code in outs))
            return _first(fitting, self.name, dtype)
        key = tuple(_type_of(x) for x in inputs)
        if key not in self._loop_of:
            self._loop_of[key] = _first((outs for ins, outs in self.loops if _fits(key, ins)), self.name, key)
        return self._loop_of[key]

    def at(self, a: ndarray, indices: Any, b: Any = None) -> None:
        """Apply the function to a[indices] in place, once for every time an element is named."""
        if self.name not in index.ATOMIC:
            raise NotImplementedError(f"`{self.name}.at` is not supported yet")
        index.scatter(a, indices, b, self.name)

    def outer(self, A: ndarray, B: ndarray, **options: Any) -> Any:
        """Apply the function to all pairs."""
        return self(A.reshape(A.shape + (1,) * B.ndim), B, **options)  # type: ignore[attr-defined]

    def reduce(self, array: ndarray, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        """Reduce along an axis: sums and products alone."""
        return getattr(array, self._known(REDUCED, "reduce"))(axis, dtype, out, keepdims)

    def accumulate(self, array: ndarray, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
        """Accumulate along an axis: sums and products alone."""
        return getattr(array, self._known(ACCUMULATED, "accumulate"))(axis, dtype, out)

    def _known(self, names: dict[str, str], what: str) -> str:
        if self.name not in names:
            raise NotImplementedError(f"`{self.name}.{what}` is not supported yet")
        return names[self.name]


def _first(found: Iterator[str], name: str, types: Any) -> str:
    codes = next(found, None)
    if codes is None:
        raise TypeError(f"Wrong type ({types}) of arguments for {name}")
    return codes


def _type_of(x: Any) -> Weak:
    """Return the type that decides: a Python number is weak, it bends to the arrays beside it."""
    if isinstance(x, (ndarray, np.generic)):
        return x.dtype  # type: ignore[no-any-return]
    return np.dtype("bool") if isinstance(x, bool) else type(x)


def _rank(kind: Weak) -> int:
    if isinstance(kind, type):
        return KIND[kind]
    return {"b": 0, "i": 1, "u": 1}.get(kind.kind, 2)


def _fits(kinds: tuple[Weak, ...], loop: str) -> bool:
    """Say whether inputs of these types may enter a loop."""
    weak = [kind for kind in kinds if isinstance(kind, type)]
    strong = [kind for kind in kinds if not isinstance(kind, type)]
    bends = bool(weak and strong) and max(map(_rank, strong)) >= max(map(_rank, weak))
    return all(_enters(kind, np.dtype(code), bends) for kind, code in zip(kinds, loop, strict=True))


def _enters(kind: Weak, code: np.dtype[Any], bends: bool) -> bool:
    if not isinstance(kind, type):
        return np.can_cast(kind, code)
    return np.can_cast(np.dtype(kind), code) or (bends and np.result_type(kind(0), code) == code)


def operator(name: str, reverse: bool = False, in_place: bool = False) -> Callable[[ndarray, Any], Any]:
    """Return the method behind a sign such as + or -=."""

    def call(x: ndarray, y: Any) -> Any:
        function = UFUNCS[name]
        if in_place:
            return function(x, y, out=x)
        if getattr(y, "__array_ufunc__", None) is None and hasattr(y, "__array_ufunc__"):
            return NotImplemented  # it wants to be asked itself
        if not isinstance(y, (ndarray, np.ndarray, *SCALARS)):
            return NotImplemented
        if name == "power" and not reverse and type(y) in (int, float) and y in (2, 0.5, -1.0):
            return _power(x, y)
        return function(y, x) if reverse else function(x, y)

    return call


def _power(x: ndarray, y: float) -> Any:
    """CuPy's special cases of x ** y."""
    name = {2: "square", 0.5: "sqrt", -1.0: "reciprocal"}[y]
    if name == "reciprocal" and isinstance(y, int):
        return UFUNCS["power"](x, y)
    whole = x.dtype.kind in ("ifc" if isinstance(y, int) else "fc")
    return UFUNCS[name](x, dtype=None if whole else np.result_type(x.dtype, y))


UFUNCS = {name: ufunc(entry) for name, entry in entries().items() if entry.loops and "." not in name}
SIGNS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "power", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
    "lshift": "left_shift", "rshift": "right_shift",
}  # fmt: skip
COMPARISONS = {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal", "ne": "not_equal"}
for _sign, _name in SIGNS.items():
    setattr(ndarray, f"__{_sign}__", operator(_name))
    setattr(ndarray, f"__r{_sign}__", operator(_name, reverse=True))
    setattr(ndarray, f"__i{_sign}__", operator(_name, in_place=True))
for _sign, _name in COMPARISONS.items():
    setattr(ndarray, f"__{_sign}__", operator(_name))
for _sign, _name in {"neg": "negative", "pos": "positive", "abs": "absolute", "invert": "invert"}.items():
    setattr(ndarray, f"__{_sign}__", lambda x, name=_name: UFUNCS[name](x))
ndarray.__hash__ = None  # type: ignore[assignment]
