"""Element types, and the rule that decides the type of a result.

Types fall into four categories, bool < integer < floating (complex is not supported). As in PyTorch, the
operand of the highest category decides, and within a category an operand with axes outranks a 0-d tensor,
which outranks a Python number. So a float32 network stays float32 through `x * 2.0`, and float64 is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np

from .errors import ArgumentError, DtypeError

Dtype: TypeAlias = "np.dtype[Any]"
DtypeLike: TypeAlias = Any  # a dtype object, a NumPy scalar type, a name, or float/int/bool

float16, float32, float64 = np.dtype("float16"), np.dtype("float32"), np.dtype("float64")
half, float_, double = float16, float32, float64
uint8, int8, int16, int32, int64 = (np.dtype(n) for n in ("uint8", "int8", "int16", "int32", "int64"))
bool_ = np.dtype("bool")

_PYTHON = {float: None, int: int64, bool: bool_}
_default = float32


def get_default_dtype() -> Dtype:
    """Return the type given to Python floats and to new tensors: float32 unless changed."""
    return _default


def set_default_dtype(dtype: DtypeLike) -> None:
    """Set the floating type given to Python floats and to new tensors."""
    global _default
    wanted = as_dtype(dtype)
    if wanted.kind != "f":
        raise DtypeError(f"set_default_dtype: needs a floating type, got {wanted}")
    _default = wanted


def as_dtype(dtype: DtypeLike) -> Dtype:
    """Return the dtype object for `dtype`; `float` means the default floating type."""
    if dtype in _PYTHON:
        return _PYTHON[dtype] or _default
    try:
        found = np.dtype(dtype)
    except TypeError as error:
        raise ArgumentError(f"dtype: {dtype!r} is not an element type; use minigrad.float32 and so on") from error
    if found.kind not in "fiub":
        raise DtypeError(f"dtype: {found} is not supported; use a floating, integer or bool type")
    return found


def is_floating(dtype: Dtype) -> bool:
    """Say whether `dtype` can carry a gradient."""
    return dtype.kind == "f"


_RANK = {"b": 0, "u": 1, "i": 1, "f": 2}


def result_type(tensors: Iterable[tuple[Dtype, int]], numbers: Iterable[complex] = ()) -> Dtype:
    """Return the type of an operation on arrays, given as (dtype, ndim) pairs, and on Python numbers.

    >>> result_type([(float32, 2), (float64, 0)]), result_type([(int64, 1)], [0.5])
    (dtype('float32'), dtype('float32'))
    """
    levels: list[tuple[int, int, Dtype]] = []  # (category, priority within it, type)
    for dtype, ndim in tensors:
        levels.append((_RANK[dtype.kind], 2 if ndim else 1, dtype))
    for number in numbers:
        kind = bool_ if isinstance(number, bool) else int64 if isinstance(number, int) else _default
        levels.append((_RANK[kind.kind], 0, kind))
    top = max(level[:2] for level in levels)
    deciding = [dtype for rank, priority, dtype in levels if (rank, priority) == top]
    return np.result_type(*deciding)
