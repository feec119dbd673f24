"""What every op does to its inputs first: make them tensors, of one dtype, of one shape where a gradient needs it.

Broadcasting is an op of its own (`broadcast_to`, whose adjoint is a sum), put in front of each input that needs
a gradient. So no rule elsewhere has to undo it. Inputs without a gradient are left to NumPy's own broadcasting.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np

from ..autograd import Node, constant
from ..backend import Array, device_of, is_array, module_for
from ..dtypes import Dtype, get_default_dtype, is_floating, result_type
from ..errors import DeviceError, DtypeError
from ..shapes import broadcast_shapes
from .precision import raised

if TYPE_CHECKING:
    from ..tensor import Tensor

Number: TypeAlias = "int | float | bool"
Operand: TypeAlias = "Tensor | Number | Array"


def quiet() -> np.errstate:
    """Let an op reach infinity or NaN without a warning: the value says it, and anomaly mode names the op."""
    return np.errstate(divide="ignore", invalid="ignore", over="ignore")


def tensor_of(op: str, x: Any, name: str = "input") -> Tensor:
    """Return `x` as a tensor; arrays are wrapped as constants."""
    if isinstance(x, Node):
        return cast("Tensor", x)
    if is_array(x):
        return constant(x)
    raise DtypeError(f"{op}: {name} must be a tensor, got {type(x).__name__}\nHint: wrap it with minigrad.tensor(...)")


def real(op: str, x: Any, name: str = "input") -> Tensor:
    """Return `x` as a tensor of a floating type; integers and bools become the default type, as in PyTorch.

    Under autocast, float16 becomes float32.
    """
    found = raised(tensor_of(op, x, name))
    return found if is_floating(found.array.dtype) else found.to(get_default_dtype())


def on_one_device(op: str, **operands: Tensor | None) -> None:
    """Raise unless all operands are on one device; None is an operand left out."""
    found = {name: device_of(x.array) for name, x in operands.items() if x is not None}
    first = next(iter(found))
    for name, there in found.items():
        if there != found[first]:
            here = found[first]
            raise DeviceError(f"{op}: {first} is on {here} but {name} on {there}\nHint: move one with .to(device)")


def operands(op: str, x: Any, y: Any) -> tuple[Tensor, Tensor]:
    """Return `x` and `y` as tensors of one dtype; those that need a gradient also have the shape of the result."""
    try:  # the usual case, two tensors that fit, costs no more than it must
        a, b = x.array, y.array
        if a.dtype is b.dtype and a.shape == b.shape and type(a) is type(b):
            return x, y
    except AttributeError:
        if isinstance(x, Node) and isinstance(y, float) and x.array.dtype.kind == "f":
            return cast("Tensor", x), constant(number_beside(op, y, x.array.dtype, device_of(x.array)))
    left, right = together(op, x, y)
    return left, right


def together(op: str, *values: Any, beside: Tensor | None = None) -> list[Tensor]:
    """Return `values` (tensors, arrays, numbers) as tensors of one device, one dtype and one broadcast shape.

    The device is also that of `beside`. A tensor without a gradient keeps its shape: NumPy broadcasts it where it is
    used.
    """
    tensors = [tensor_of(op, x) for x in values if isinstance(x, Node) or is_array(x)]
    numbers = [x for x in values if not isinstance(x, Node) and not is_array(x)]
    for x in numbers:
        if not isinstance(x, (bool, int, float)):
            raise DtypeError(f"{op}: works on tensors, arrays and numbers, got {type(x).__name__}: {x!r:.60}")
    device = _common_device(op, tensors if beside is None else [beside, *tensors])
    dtype = result_type([(x.array.dtype, x.array.ndim) for x in tensors], numbers)
    shape = broadcast_shapes(op, *(x.array.shape for x in tensors)) if tensors else ()
    remaining = iter(tensors)
    return [_fit(next(remaining), dtype, shape) if isinstance(x, Node) or is_array(x)
            else constant(number_beside(op, x, dtype, device)) for x in values]  # fmt: skip


def number_as(op: str, number: Number, dtype: Dtype) -> Array:
    """Return a Python number as a 0-d array of `dtype`. A float too large for the type is infinite, as anywhere."""
    if dtype.kind in "iu":
        bounds = np.iinfo(dtype)
        if not math.isfinite(number) or not bounds.min <= int(number) <= bounds.max:
            raise DtypeError(f"{op}: {number} does not fit into {dtype}, which holds {bounds.min} to {bounds.max}")
        number = int(number)
    try:
        with quiet():
            return np.asarray(number, dtype)
    except OverflowError as error:  # an integer beyond every float
        raise DtypeError(f"{op}: an integer of {len(str(number))} digits does not fit into {dtype}") from error


def number_beside(op: str, number: Number, dtype: Dtype, device: str) -> Array:
    """Return a Python number as a 0-d array on `device`, written there by a kernel, which a graph can record."""
    scalar = number_as(op, number, dtype)
    return scalar if device == "cpu" else module_for(device).full((), scalar[()], dtype)


def _fit(x: Tensor, dtype: Dtype, shape: tuple[int, ...]) -> Tensor:
    if x.array.dtype != dtype:
        x = x.to(dtype)
    return x.broadcast_to(shape) if x.tracked and x.array.shape != shape else x


def _common_device(op: str, tensors: list[Tensor]) -> str:
    devices = [device_of(x.array) for x in tensors]
    if len(set(devices)) > 1:
        rows = "\n".join(
            f"  operand {i}: {d}, shape {x.array.shape}" for i, (x, d) in enumerate(zip(tensors, devices, strict=True))
        )
        raise DeviceError(f"{op}: operands live on different devices\n{rows}\nHint: move one with .to(device)")
    return devices[0] if devices else "cpu"
