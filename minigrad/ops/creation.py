"""New tensors: from data, of one value, in steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..autograd import Node, constant
from ..backend import device_of, is_array, module_for, to_device
from ..dtypes import Dtype, DtypeLike, as_dtype, get_default_dtype, is_floating
from ..errors import ArgumentError, DtypeError, ShapeError
from .shape import shape_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "arange", "as_tensor", "empty", "eye", "from_numpy", "full", "full_like", "linspace", "new_full", "new_ones",
    "new_zeros", "ones", "ones_like", "tensor", "zeros", "zeros_like",
]  # fmt: skip


def leaf(array: Any, requires_grad: bool = False) -> Tensor:
    """Wrap `array` as a tensor that is the start of a history, if `requires_grad`."""
    x = constant(array)
    if requires_grad:
        x.requires_grad = True
    return x


def tensor(
    data: Any, *, dtype: DtypeLike | None = None, device: str | None = None, requires_grad: bool = False
) -> Tensor:
    """Copy `data` (a number, nested sequences, an array or a tensor) into a new tensor.

    Python floats become the default dtype (float32); arrays keep theirs.
    """
    return leaf(as_tensor(data, dtype=dtype, device=device).array.copy(), requires_grad)


def as_tensor(data: Any, dtype: DtypeLike | None = None, device: str | None = None) -> Tensor:
    """Return `data` as a tensor, sharing its memory where that is possible; a tensor keeps its history."""
    if isinstance(data, Node):
        return data.to(dtype=dtype, device=device)  # type: ignore[attr-defined, no-any-return]
    if is_array(data):
        array, wanted = data, as_dtype(data.dtype if dtype is None else dtype)
    else:
        array = _from_sequence(data)
        wanted = _inferred(array) if dtype is None else as_dtype(dtype)
    home = device if device is not None else device_of(array)
    return constant(to_device(array, home).astype(wanted, copy=False))


def _from_sequence(data: Any) -> np.ndarray[Any, Any]:
    def plain(part: Any) -> Any:
        if isinstance(part, Node):
            return to_device(part.array, "cpu")
        return [plain(item) for item in part] if isinstance(part, (list, tuple)) else part

    try:
        array = np.asarray(plain(data))
    except ValueError as error:
        raise ShapeError(f"tensor: the nested sequences have unequal lengths, {error}\nHint: pad them") from error
    if array.dtype.kind not in "fiub":
        raise DtypeError(f"tensor: cannot hold {type(data).__name__} data of type {array.dtype}: {data!r:.80}")
    return array


def _inferred(array: np.ndarray[Any, Any]) -> Dtype:
    return get_default_dtype() if is_floating(array.dtype) or not array.size else array.dtype


def from_numpy(ndarray: np.ndarray[Any, Any]) -> Tensor:
    """Wrap a NumPy array without copying: a write to one is a write to the other, unseen by backward's checks."""
    if not isinstance(ndarray, np.ndarray):
        raise DtypeError(f"from_numpy: needs a NumPy array, got {type(ndarray).__name__}\nHint: use minigrad.tensor")
    as_dtype(ndarray.dtype)
    return constant(ndarray)


def full(
    size: int | Sequence[int], fill_value: float, *, dtype: DtypeLike | None = None, device: str = "cpu",
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Return a tensor of one value; its type is that of the value, floats being the default dtype."""
    kind = as_dtype(type(fill_value) if dtype is None else dtype)
    return leaf(module_for(device).full(shape_of("full", (size,)), fill_value, kind), requires_grad)


def zeros(
    *size: int | Sequence[int], dtype: DtypeLike | None = None, device: str = "cpu", requires_grad: bool = False
) -> Tensor:
    """Return a tensor of zeros."""
    return full(shape_of("zeros", size), 0, dtype=dtype or float, device=device, requires_grad=requires_grad)


def ones(
    *size: int | Sequence[int], dtype: DtypeLike | None = None, device: str = "cpu", requires_grad: bool = False
) -> Tensor:
    """Return a tensor of ones."""
    return full(shape_of("ones", size), 1, dtype=dtype or float, device=device, requires_grad=requires_grad)


def new_full(input: Tensor, size: int | Sequence[int], fill_value: float, *, dtype: DtypeLike | None = None) -> Tensor:
    """Return a tensor of one value, of the dtype and device of `input`."""
    return full(size, fill_value, dtype=dtype or input.array.dtype, device=device_of(input.array))


def new_zeros(input: Tensor, *size: int | Sequence[int], dtype: DtypeLike | None = None) -> Tensor:
    """Return zeros of the dtype and device of `input`."""
    return new_full(input, shape_of("new_zeros", size), 0, dtype=dtype)


def new_ones(input: Tensor, *size: int | Sequence[int], dtype: DtypeLike | None = None) -> Tensor:
    """Return ones of the dtype and device of `input`."""
    return new_full(input, shape_of("new_ones", size), 1, dtype=dtype)


def empty(
    *size: int | Sequence[int], dtype: DtypeLike | None = None, device: str = "cpu", requires_grad: bool = False
) -> Tensor:
    """Return a tensor to be filled; until then it holds zeros, so that nothing depends on leftover memory."""
    return zeros(*size, dtype=dtype, device=device, requires_grad=requires_grad)


def full_like(input: Tensor, fill_value: float, *, dtype: DtypeLike | None = None) -> Tensor:
    """Return one value in the shape, dtype and device of `input`."""
    return new_full(input, input.array.shape, fill_value, dtype=dtype)


def zeros_like(input: Tensor, *, dtype: DtypeLike | None = None) -> Tensor:
    """Return zeros in the shape, dtype and device of `input`."""
    return full_like(input, 0, dtype=dtype)


def ones_like(input: Tensor, *, dtype: DtypeLike | None = None) -> Tensor:
    """Return ones in the shape, dtype and device of `input`."""
    return full_like(input, 1, dtype=dtype)


def arange(
    start: float, end: float | None = None, step: float = 1, *, dtype: DtypeLike | None = None, device: str = "cpu",
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Return start, start + step, ... up to but without `end`; with one argument, 0, 1, ... up to it."""
    first, last = (0, start) if end is None else (start, end)
    if step == 0 or (last - first) / step < 0:
        raise ArgumentError(f"arange: a step of {step} does not lead from {first} to {last}")
    whole = all(isinstance(n, int) for n in (first, last, step))
    kind = as_dtype((int if whole else float) if dtype is None else dtype)
    return leaf(module_for(device).arange(first, last, step).astype(kind), requires_grad)


def linspace(
    start: float, end: float, steps: int, *, dtype: DtypeLike | None = None, device: str = "cpu",
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Return `steps` numbers in equal distances from `start` to `end`, both included."""
    if steps < 0:
        raise ArgumentError(f"linspace: steps must be at least 0, got {steps}")
    return leaf(module_for(device).linspace(start, end, steps).astype(as_dtype(dtype or float)), requires_grad)


def eye(n: int, m: int | None = None, *, dtype: DtypeLike | None = None, device: str = "cpu") -> Tensor:
    """Return a matrix (n, m) with ones on the diagonal, zeros elsewhere."""
    return leaf(module_for(device).eye(n, m, dtype=as_dtype(dtype or float)))
