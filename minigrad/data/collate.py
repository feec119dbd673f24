"""From a list of items to one batch: equal leaves are stacked along a new first axis, containers keep their form.

    [(x, 3), (x', 5)]          -> [tensor of x and x', tensor([3, 5])]
    [{"a": 1.0}, {"a": 2.0}]   -> {"a": tensor([1., 2.], dtype=float64)}

As in PyTorch, a tuple becomes a list, a named tuple stays one, Python floats become float64 and strings stay a list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import ops
from ..backend import Array, array_module, is_array
from ..errors import ArgumentError, DtypeError, ShapeError
from ..tensor import Tensor


def default_collate(batch: Sequence[Any]) -> Any:
    """Make one batch of a list of items of the same structure.

    >>> default_collate([(1, "a"), (2, "b")])
    [tensor([1, 2]), ['a', 'b']]

    Raises    ShapeError if leaves that should be stacked have unequal shapes
              ArgumentError if the items differ in structure, or there are none
              DtypeError for leaves that no tensor can hold
    """
    if not len(batch):
        raise ArgumentError("collate: the batch has no items")
    return _collate(list(batch), "")


def collate_array(x: Any) -> Any:
    """Return an array whose first axis counts the items as a tensor, or as a list if it holds strings."""
    return x.tolist() if is_array(x) and x.dtype.kind not in "fiub" else ops.as_tensor(x)


def _collate(items: list[Any], where: str) -> Any:
    """Batch the part of every item that `where`, as in [1]['image'], points to."""
    first = items[0]
    if all(isinstance(item, Tensor) for item in items):
        _check_equal([item.shape for item in items], where)
        return ops.stack(items)
    if all(is_array(item) and item.dtype.kind in "fiub" for item in items):
        return _stack_arrays(items, where)
    if all(isinstance(item, (int, float)) for item in items):
        return _numbers(items, where)
    if all(isinstance(item, (str, bytes)) for item in items):
        return items
    if all(isinstance(item, Mapping) for item in items):
        _check_same("keys", [list(item) for item in items], where)
        return {key: _collate([item[key] for item in items], f"{where}[{key!r}]") for key in first}
    if all(isinstance(item, (tuple, list)) for item in items):
        _check_same("parts", [len(item) for item in items], where)
        parts = [_collate(list(part), f"{where}[{i}]") for i, part in enumerate(zip(*items, strict=True))]
        return type(first)(*parts) if hasattr(first, "_fields") else parts
    kinds = ", ".join(dict.fromkeys(type(item).__name__ for item in items))
    raise DtypeError(
        f"collate: items{_at(where)} of type {kinds} do not make a tensor\n"
        "Hint: return tensors, arrays, numbers, strings, tuples or dicts from the data set, or pass collate_fn"
    )


def _stack_arrays(items: list[Array], where: str) -> Tensor:
    _check_equal([item.shape for item in items], where)
    return ops.as_tensor(array_module(items[0]).stack(items))


def _numbers(items: list[float], where: str) -> Tensor:
    if any(isinstance(item, float) for item in items):
        return ops.as_tensor(np.array(items, np.float64))
    kind = np.bool_ if all(isinstance(item, bool) for item in items) else np.int64
    try:
        return ops.as_tensor(np.array(items, kind))
    except OverflowError as error:
        raise DtypeError(f"collate: {max(items, key=abs)}{_at(where)} does not fit in int64") from error


def _check_equal(shapes: list[tuple[int, ...]], where: str) -> None:
    """Compare the shapes of leaves that will be stacked."""
    counts = Counter(shapes)
    if len(counts) > 1:
        odd = next(i for i, shape in enumerate(shapes) if shape != shapes[0])
        found = ", ".join(f"{shape} {n} times" for shape, n in counts.items())
        raise ShapeError(
            f"collate: item 0 has shape {shapes[0]} but item {odd} has {shapes[odd]}{_at(where)}\n"
            f"  found  {found}\n"
            "Hint: pad or crop the items to one shape in the data set, or pass a collate_fn that does"
        )


def _check_same(what: str, values: list[Any], where: str) -> None:
    """Compare the structure of containers; the order of keys does not count."""
    forms = [sorted(map(repr, value)) if isinstance(value, list) else value for value in values]
    odd = next((i for i, form in enumerate(forms) if form != forms[0]), None)
    if odd is not None:
        raise ArgumentError(f"collate: item 0 has {what} {values[0]} but item {odd} has {values[odd]}{_at(where)}")


def _at(where: str) -> str:
    return f" at {where}" if where else ""
