"""Writing into a tensor's own memory: `x.add_(y)`, `x[key] = y`, `x += y`.

x.op_(y) means: compute op(x, y), then store it where x was. If a history is involved, x takes over the history of
the result, and the ops that used x before go on using `earlier`, x as it was. PyTorch's rules hold:

    a leaf that requires a gradient      only under no_grad (an optimizer's update is not part of the function)
    a view of a tensor with a history    refused: the history of the whole would have to be rewritten
    anything else                        allowed; if backward needs the old value, backward says so

One difference: a tensor that a constant replaces as a whole, as by zero_(), no longer requires a gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..autograd import constant
from ..backend import device_of
from ..errors import DtypeError, InPlaceError, RangeError, ShapeError
from ..grad_mode import mode
from ..overwrites import note_overwrite, rebase, users_line
from .activation import relu
from .arithmetic import add, div, floor_divide, mul, neg, pow, remainder, sub
from .elementary import exp, sqrt
from .extreme import clamp
from .gate import sigmoid
from .index import Key, array_key, index_put, put
from .operands import Number, Operand, number_beside, tensor_of
from .select import masked_fill
from .trigonometry import tanh

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "add_", "clamp_", "copy_", "div_", "exp_", "fill_", "floor_divide_", "masked_fill_", "mul_", "neg_", "pow_",
    "relu_", "remainder_", "setitem", "sigmoid_", "sqrt_", "sub_", "tanh_", "zero_",
]  # fmt: skip


def overwrite(op: str, x: Tensor, compute: Callable[[Tensor], Tensor]) -> Tensor:
    """Store compute(x) in the memory of `x` and return `x`."""
    place = f"{op} at {users_line()}"
    if mode.recording and (x.tracked or _owner_tracked(x)):
        _check_allowed(op, x)
    earlier = _snapshot(x) if mode.recording and x.tracked else x  # rules may need x as it was: a copy that stays
    y = compute(earlier)
    if y.tracked and earlier is x:  # only now it is seen that another operand has a history
        earlier = _snapshot(x)
        y = compute(earlier)
    _check_writeable(op, x)
    if y.array.shape != x.array.shape:
        raise ShapeError(f"{op}: the result has shape {y.array.shape}, the tensor written to {x.array.shape}")
    if not np.can_cast(y.array.dtype, x.array.dtype, "same_kind"):
        raise DtypeError(f"{op}: the result is {y.array.dtype} and cannot be stored in a tensor of {x.array.dtype}")
    if y.tracked and x.is_view:
        _refuse_view(op)
    x.array[...] = y.array
    if y.tracked or (mode.recording and x.tracked):  # in the second case a constant replaces all of x
        rebase(x, earlier, y, place)
    else:
        note_overwrite(x, place)
    return x


def _check_writeable(op: str, x: Tensor) -> None:
    writeable = getattr(x.array.flags, "writeable", None)
    if writeable is None:  # CuPy keeps no such note
        apart = all(step or n == 1 for step, n in zip(x.array.strides, x.array.shape, strict=True))
        writeable = apart or not x.array.size
    if not writeable:
        raise InPlaceError(f"{op}: the memory is shared by several elements, or read-only\nHint: write to a clone()")


def _snapshot(x: Tensor) -> Tensor:
    """Return `x` as it is now: its history, its hooks, and a copy of its values."""
    earlier = constant(x.array.copy())
    earlier.__dict__.update({**x.__dict__, "array": earlier.array, "buffer": None, "is_view": False})
    earlier.retains_grad = False
    return earlier


def _owner_tracked(x: Tensor) -> bool:
    owner = x.buffer.owner() if x.is_view and x.buffer is not None else None
    return owner is not None and owner.tracked


def _check_allowed(op: str, x: Tensor) -> None:
    if x.is_view:
        _refuse_view(op)
    if not x.edges:
        raise InPlaceError(
            f"{op}: a leaf that requires a gradient cannot be overwritten while ops are recorded\n"
            "Hint: do it under minigrad.no_grad(), or write to a clone()"
        )


def _refuse_view(op: str) -> None:
    raise InPlaceError(
        f"{op}: the tensor is a view of another tensor, whose history would have to change\n"
        "Hint: write through the whole tensor, as in x[key] = value, or to a clone() of the view"
    )


def add_(input: Tensor, other: Operand, *, alpha: int | float = 1) -> Tensor:
    """Add in place: x ← x + α y."""
    return overwrite("add_", input, lambda x: add(x, other, alpha=alpha))


def sub_(input: Tensor, other: Operand, *, alpha: int | float = 1) -> Tensor:
    """Subtract in place: x ← x - α y."""
    return overwrite("sub_", input, lambda x: sub(x, other, alpha=alpha))


def mul_(input: Tensor, other: Operand) -> Tensor:
    """Multiply in place: x ← x y."""
    return overwrite("mul_", input, lambda x: mul(x, other))


def div_(input: Tensor, other: Operand, *, rounding_mode: str | None = None) -> Tensor:
    """Divide in place: x ← x / y."""
    return overwrite("div_", input, lambda x: div(x, other, rounding_mode=rounding_mode))


def floor_divide_(input: Tensor, other: Operand) -> Tensor:
    """Divide and round down, in place: x ← ⌊x / y⌋."""
    return overwrite("floor_divide_", input, lambda x: floor_divide(x, other))


def remainder_(input: Tensor, other: Operand) -> Tensor:
    """Remainder in place: x ← x - y ⌊x / y⌋."""
    return overwrite("remainder_", input, lambda x: remainder(x, other))


def pow_(input: Tensor, exponent: Operand) -> Tensor:
    """Raise to a power in place: x ← x^y."""
    return overwrite("pow_", input, lambda x: pow(x, exponent))


def neg_(input: Tensor) -> Tensor:
    """Change the sign in place: x ← -x."""
    return overwrite("neg_", input, neg)


def exp_(input: Tensor) -> Tensor:
    """Exponential in place: x ← eˣ."""
    return overwrite("exp_", input, exp)


def sqrt_(input: Tensor) -> Tensor:
    """Square root in place: x ← √x."""
    return overwrite("sqrt_", input, sqrt)


def tanh_(input: Tensor) -> Tensor:
    """Hyperbolic tangent in place: x ← tanh x."""
    return overwrite("tanh_", input, tanh)


def sigmoid_(input: Tensor) -> Tensor:
    """Sigmoid in place: x ← σ(x)."""
    return overwrite("sigmoid_", input, sigmoid)


def relu_(input: Tensor) -> Tensor:
    """Cut off the negative part in place: x ← max(x, 0)."""
    return overwrite("relu_", input, relu)


def clamp_(input: Tensor, min: Operand | None = None, max: Operand | None = None) -> Tensor:
    """Keep between bounds in place: x ← min(max(x, lo), hi)."""
    return overwrite("clamp_", input, lambda x: clamp(x, min, max))


def masked_fill_(input: Tensor, mask: Tensor, value: Number | Tensor) -> Tensor:
    """Put one value where the mask m holds, in place: x ← v where m."""
    return overwrite("masked_fill_", input, lambda x: masked_fill(x, mask, value))


def fill_(input: Tensor, value: Operand) -> Tensor:
    """Set every element to one number, or to a 0-d tensor."""
    return copy_(input, value)


def zero_(input: Tensor) -> Tensor:
    """Set every element to 0."""
    return copy_(input, 0)


def copy_(input: Tensor, src: Operand) -> Tensor:
    """Copy the elements of `src`, broadcast, cast to the dtype of x: x ← src."""

    def compute(x: Tensor) -> Tensor:
        value = tensor_of("copy_", _value("copy_", src, x))
        return value.to(x).broadcast_to(x.array.shape).clone()  # a value of its own, with a history of its own

    return overwrite("copy_", input, compute)


def _value(op: str, value: Any, x: Tensor) -> Any:
    """Return a Python number as an array like `x`; whatever else `value` is, as it is."""
    if not isinstance(value, (bool, int, float)):
        return value
    return number_beside(op, value, x.array.dtype, device_of(x.array))


def setitem(input: Tensor, key: Key, value: Any) -> None:
    """Write elements: x[key] ← value, broadcast, cast to the dtype of x. Of several values for one, the last stays."""
    x = input
    v = tensor_of("setitem", _value("setitem", value, x), "value").to(x)
    _check_writeable("setitem", x)
    if mode.recording and (x.tracked or v.tracked or _owner_tracked(x)):
        overwrite("setitem", x, lambda earlier: index_put(earlier, key, v))
        return
    try:
        put(x.array, array_key("setitem", key, x.array), v.array)
    except IndexError as error:
        raise RangeError(f"setitem: shape {x.array.shape} cannot be indexed so: {error}") from error
    except ValueError as error:
        raise ShapeError(f"setitem: a value of shape {v.array.shape} does not fit: {error}") from error
    note_overwrite(x, f"setitem at {users_line()}")
