"""New tensors: from data, of one value, in steps.

Python floats give the default dtype (float32), Python integers int64; NumPy arrays and numbers keep their dtype.
`device` is "cpu" unless given, or that of the tensor that the new one is like.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ..autograd import Node, constant
from ..backend import device_of, is_array, module_for, to_device
from ..dtypes import Dtype, DtypeLike, as_dtype, get_default_dtype
from ..errors import ArgumentError, DtypeError, ShapeError
from .operands import tensor_of
from .shape import shape_of

if TYPE_CHECKING:
    from ..tensor import Tensor

DLPACK_CUDA = 2  # the device type of CUDA memory; 1 is the CPU's

__all__ = [
    "arange", "as_tensor", "empty", "empty_like", "eye", "from_dlpack", "from_numpy", "full", "full_like", "linspace",
    "logspace", "new_empty", "new_full", "new_ones", "new_tensor", "new_zeros", "ones", "ones_like", "tensor", "zeros",
    "zeros_like",
]  # fmt: skip

Size = int | Sequence[int]


def leaf(array: Any, requires_grad: bool = False) -> Tensor:
    """Wrap `array` as a tensor that is the start of a history, if `requires_grad`."""
    x = constant(array)
    if requires_grad:
        x.requires_grad = True
    return x


def new_size(op: str, sizes: tuple[Size, ...], size: Sequence[int] = ()) -> tuple[int, ...]:
    """Return a shape given as several integers, as one sequence, or by the keyword `size`."""
    shape = shape_of(op, sizes or (size,))
    if min(shape, default=0) < 0:
        raise ShapeError(f"{op}: sizes must not be negative, got {shape}")
    return shape


def tensor(
    data: Any, *, dtype: DtypeLike | None = None, device: str | None = None, requires_grad: bool = False
) -> Tensor:
    """Copy `data` (a number, nested sequences, an array or a tensor) into a new tensor.

    >>> tensor([[1, 2], [3, 4]]), tensor([1, 2.5]), tensor(True)
    (tensor([[1, 2],
            [3, 4]]), tensor([1. , 2.5]), tensor(True))
    """
    return leaf(as_tensor(data, dtype=dtype, device=device).array.copy(), requires_grad)


def as_tensor(data: Any, dtype: DtypeLike | None = None, device: str | None = None) -> Tensor:
    """Return `data` as a tensor, sharing its memory where that is possible; a tensor keeps its history."""
    if isinstance(data, Node):
        return data.to(dtype=dtype, device=device)  # type: ignore[attr-defined, no-any-return]
    if is_array(data):
        array, inferred = data, as_dtype(data.dtype)
    else:
        array, inferred = _from_sequence(data)
    wanted = inferred if dtype is None else as_dtype(dtype)
    return constant(to_device(array, device or device_of(array)).astype(wanted, copy=False))


def _from_sequence(data: Any) -> tuple[np.ndarray[Any, Any], Dtype]:
    """Return nested sequences as an array, and the dtype that its elements ask for."""
    floats: set[Dtype] = set()

    def plain(part: Any) -> Any:
        if isinstance(part, (list, tuple)):
            return [plain(item) for item in part]
        part = to_device(part.array, "cpu") if isinstance(part, Node) else part
        if isinstance(part, (np.ndarray, np.generic)):
            floats.add(part.dtype)
        elif isinstance(part, float):
            floats.add(get_default_dtype())
        return part

    try:
        array = np.asarray(plain(data))
    except ValueError as error:
        what = f"tensor: the nested sequences have unequal lengths\nHint: pad them. NumPy says: {error}"
        raise ShapeError(what) from error
    if array.dtype.kind not in "fiub":
        raise DtypeError(f"tensor: cannot hold {type(data).__name__} data of type {array.dtype}: {data!r:.80}")
    if array.dtype.kind == "f":  # NumPy makes float64 of Python floats
        return array, np.result_type(*(d for d in floats if d.kind == "f")) if array.size else get_default_dtype()
    return array, array.dtype


def from_numpy(ndarray: np.ndarray[Any, Any]) -> Tensor:
    """Wrap a NumPy array without copying: a write to one is a write to the other, unseen by backward's checks."""
    if not isinstance(ndarray, np.ndarray):
        raise DtypeError(f"from_numpy: needs a NumPy array, got {type(ndarray).__name__}\nHint: use minigrad.tensor")
    as_dtype(ndarray.dtype)
    return constant(ndarray)


def from_dlpack(ext_tensor: Any) -> Tensor:
    """Wrap an array of another library (PyTorch, JAX, CuPy, NumPy) without copying, on the device where it is.

    A write to one is a write to the other, unseen by backward's checks.
    Source    the DLPack protocol, dmlc.github.io/dlpack
    """
    if not hasattr(ext_tensor, "__dlpack_device__"):
        raise DtypeError(
            f"from_dlpack: {type(ext_tensor).__name__} does not speak DLPack\nHint: use minigrad.as_tensor"
        )
    home = "cuda" if int(ext_tensor.__dlpack_device__()[0]) == DLPACK_CUDA else "cpu"
    array = module_for(home).from_dlpack(ext_tensor)
    as_dtype(array.dtype)
    return constant(array)


def full(
    size: Size, fill_value: Any, *, dtype: DtypeLike | None = None, device: str | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Return a tensor of one value; its dtype is that of the value, floats being the default dtype."""
    value = cast("Tensor", fill_value).item() if isinstance(fill_value, Node) else fill_value
    if not isinstance(value, (bool, int, float, np.generic)):
        raise DtypeError(f"full: fill_value must be a number, got {type(value).__name__}")
    kind = as_dtype((float if isinstance(value, float) else type(value)) if dtype is None else dtype)
    shape = new_size("full", (size,))
    try:
        return leaf(module_for(device or "cpu").full(shape, value, kind), requires_grad)
    except OverflowError as error:
        raise DtypeError(f"full: {value} does not fit into {kind}") from error


def zeros(
    *sizes: Size, size: Sequence[int] = (), dtype: DtypeLike | None = None, device: str | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Return a tensor of zeros."""
    shape = new_size("zeros", sizes, size)
    return leaf(module_for(device or "cpu").zeros(shape, as_dtype(dtype or float)), requires_grad)


def ones(
    *sizes: Size, size: Sequence[int] = (), dtype: DtypeLike | None = None, device: str | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Return a tensor of ones."""
    return full(new_size("ones", sizes, size), 1, dtype=dtype or float, device=device, requires_grad=requires_grad)


def empty(
    *sizes: Size, size: Sequence[int] = (), dtype: DtypeLike | None = None, device: str | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Return a tensor to be filled; until then it holds zeros, so that nothing depends on leftover memory."""
    return zeros(new_size("empty", sizes, size), dtype=dtype, device=device, requires_grad=requires_grad)


def arange(
    start: float = 0, end: float | None = None, step: float = 1, *, dtype: DtypeLike | None = None,
    device: str | None = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Return start, start + step, ... up to but without `end`; with one argument, 0, 1, ... up to it.

    >>> arange(4), arange(1, 2, 0.25)
    (tensor([0, 1, 2, 3]), tensor([1.  , 1.25, 1.5 , 1.75]))
    """
    first, last = (0, start) if end is None else (start, end)
    if not all(math.isfinite(n) for n in (first, last, step)):
        raise ArgumentError(f"arange: start, end and step must be finite, got {first}, {last} and {step}")
    if step == 0 or (last - first) / step < 0:
        raise ArgumentError(f"arange: a step of {step} does not lead from {first} to {last}")
    whole = all(isinstance(n, (int, np.integer)) for n in (first, last, step))
    count = -((first - last) // step) if whole else math.ceil((last - first) / step)
    kind, xp = as_dtype((int if whole else float) if dtype is None else dtype), module_for(device or "cpu")
    return leaf((first + xp.arange(count) * step).astype(kind), requires_grad)


def linspace(
    start: float, end: float, steps: int, *, dtype: DtypeLike | None = None, device: str | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Return `steps` numbers in equal distances from `start` to `end`, both included."""
    if steps < 0:
        raise ArgumentError(f"linspace: steps must be at least 0, got {steps}")
    xp = module_for(device or "cpu")
    return leaf(xp.linspace(start, end, steps).astype(as_dtype(dtype or float)), requires_grad)


def logspace(
    start: float, end: float, steps: int, base: float = 10.0, *, dtype: DtypeLike | None = None,
    device: str | None = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Return `base` to the power of `steps` numbers in equal distances from `start` to `end`."""
    if steps < 0:
        raise ArgumentError(f"logspace: steps must be at least 0, got {steps}")
    xp = module_for(device or "cpu")
    return leaf((base ** xp.linspace(start, end, steps)).astype(as_dtype(dtype or float)), requires_grad)


def eye(
    n: int, m: int | None = None, *, dtype: DtypeLike | None = None, device: str | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Return a matrix (n, m) with ones on the diagonal, zeros elsewhere."""
    rows, columns = new_size("eye", (n, n if m is None else m))
    return leaf(module_for(device or "cpu").eye(rows, columns, dtype=as_dtype(dtype or float)), requires_grad)


def full_like(
    input: Tensor, fill_value: Any, *, dtype: DtypeLike | None = None, device: str | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Return one value in the shape, dtype and device of `input`."""
    x = tensor_of("full_like", input).array
    return full(x.shape, fill_value, dtype=dtype or x.dtype, device=device or device_of(x), requires_grad=requires_grad)


def zeros_like(
    input: Tensor, *, dtype: DtypeLike | None = None, device: str | None = None, requires_grad: bool = False
) -> Tensor:
    """Return zeros in the shape, dtype and device of `input`."""
    return full_like(input, 0, dtype=dtype, device=device, requires_grad=requires_grad)


def ones_like(
    input: Tensor, *, dtype: DtypeLike | None = None, device: str | None = None, requires_grad: bool = False
) -> Tensor:
    """Return ones in the shape, dtype and device of `input`."""
    return full_like(input, 1, dtype=dtype, device=device, requires_grad=requires_grad)


def empty_like(
    input: Tensor, *, dtype: DtypeLike | None = None, device: str | None = None, requires_grad: bool = False
) -> Tensor:
    """Return a tensor to be filled, in the shape, dtype and device of `input`; until then it holds zeros."""
    return full_like(input, 0, dtype=dtype, device=device, requires_grad=requires_grad)


def new_full(
    input: Tensor, size: Size, fill_value: Any, *, dtype: DtypeLike | None = None, device: str | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Return a tensor of one value, of the dtype and device of `input`."""
    x = input.array
    return full(size, fill_value, dtype=dtype or x.dtype, device=device or device_of(x), requires_grad=requires_grad)


def new_zeros(
    input: Tensor, *size: Size, dtype: DtypeLike | None = None, device: str | None = None, requires_grad: bool = False
) -> Tensor:
    """Return zeros of the dtype and device of `input`."""
    shape = new_size("new_zeros", size)
    return new_full(input, shape, 0, dtype=dtype, device=device, requires_grad=requires_grad)


def new_ones(
    input: Tensor, *size: Size, dtype: DtypeLike | None = None, device: str | None = None, requires_grad: bool = False
) -> Tensor:
    """Return ones of the dtype and device of `input`."""
    return new_full(input, new_size("new_ones", size), 1, dtype=dtype, device=device, requires_grad=requires_grad)


def new_empty(
    input: Tensor, *size: Size, dtype: DtypeLike | None = None, device: str | None = None, requires_grad: bool = False
) -> Tensor:
    """Return a tensor to be filled, of the dtype and device of `input`; until then it holds zeros."""
    return new_zeros(input, *size, dtype=dtype, device=device, requires_grad=requires_grad)


def new_tensor(
    input: Tensor, data: Any, *, dtype: DtypeLike | None = None, device: str | None = None, requires_grad: bool = False
) -> Tensor:
    """Copy `data` into a new tensor of the dtype and device of `input`."""
    x = input.array
    return tensor(data, dtype=dtype or x.dtype, device=device or device_of(x), requires_grad=requires_grad)
