"""Reading and writing elements by their place: `x[key]`, and the op that puts gradients back, `put_add`.

    getitem   y = x[key]                 read; the same element may be read twice
    put_add   x = 0;  x[key] += y        write back; what was read twice is added twice

Each is the adjoint of the other, so these two rules serve every kind of NumPy key to every order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..autograd import Node, record, record_view
from ..backend import Array, add_at, array_module, to_device
from ..errors import DtypeError, RangeError, ShapeError
from .arithmetic import mul
from .operands import tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["getitem", "index_put", "put_add"]

Key = Any  # what may stand between the brackets: ints, slices, None, ..., arrays, lists, tensors, tuples of these


def array_key(op: str, key: Key, x: Array) -> Key:
    """Return `key` with tensors and lists turned into index arrays on the device of `x`."""
    if isinstance(key, tuple):
        return tuple(array_key(op, part, x) for part in key)
    if isinstance(key, Node):
        key = key.array
    elif isinstance(key, (list, range)):
        key = np.asarray(key, dtype=None if len(key) else np.int64)
    if isinstance(key, (np.ndarray, np.generic)) or hasattr(key, "device"):
        if key.dtype.kind not in "iub":
            raise DtypeError(f"{op}: an index must be integer or bool, got {key.dtype}\nHint: convert with .long()")
        return key if array_module(key) is array_module(x) else to_device(key, "cuda")
    if isinstance(key, float):
        raise DtypeError(f"{op}: an index must be an integer, got {key!r}")
    return key


def may_repeat(key: Key) -> bool:
    """Say whether `key` can name an element twice: only integer arrays can."""
    parts = key if isinstance(key, tuple) else (key,)
    return any(hasattr(part, "dtype") and part.dtype.kind in "iu" and part.ndim > 0 for part in parts)


def _read(op: str, x: Array, key: Key) -> Array:
    try:
        y = x[key]
        if isinstance(y, np.generic):  # integers for every axis: NumPy copies one number out, we want a view of it
            y = x[(*key, ...) if isinstance(key, tuple) else (key, ...)]
        return y
    except IndexError as error:
        raise RangeError(f"{op}: shape {x.shape} cannot be indexed so: {error}") from error


def getitem(input: Tensor, key: Key) -> Tensor:
    """Read elements: y = x[key], with every kind of key that NumPy knows. Slices and integers give views.

    Backward  dx = 0, then dx[key] += dy: an element read twice receives both gradients
    """
    x = tensor_of("getitem", input)
    key = array_key("getitem", key, x.array)
    shape = x.array.shape
    return record_view("getitem", _read("getitem", x.array, key), x, lambda dy, _: put_add(dy, key, shape))


def put_add(input: Tensor, key: Key, size: tuple[int, ...]) -> Tensor:
    """Add elements into zeros of shape `size`: x = 0, x[key] += y. The adjoint of `getitem`.

    Backward  dy = dx[key]
    """
    y = tensor_of("put_add", input)
    key = array_key("put_add", key, y.array)
    x = array_module(y.array).zeros(size, y.array.dtype)
    if may_repeat(key):
        add_at(x, key, y.array)
    else:
        x[key] = y.array
    return record("put_add", x, (y, lambda dx, _: dx[key]))


def index_put(input: Tensor, key: Key, value: Tensor) -> Tensor:
    """Return a copy of x in which x[key] is `value`; of several values for one element, the last one stays.

    Forward   z = x, z[key] = v
    Backward  dx = dz, with dx[key] = 0;  dv = dz[key], and 0 for values that were written over
    """
    x, v = tensor_of("index_put", input), tensor_of("index_put", value, "value")
    key = array_key("index_put", key, x.array)
    target = _read("index_put", x.array, key).shape
    v, shape = fit_value("index_put", v, target, x), x.array.shape

    def d_x(dz: Tensor, _: Tensor) -> Tensor:
        return index_put(dz, key, dz.new_zeros(()))

    def d_v(dz: Tensor, _: Tensor) -> Tensor:
        return mul(dz[key], _survives(shape, key, target, dz.array))

    z = x.array.copy()
    z[key] = v.array
    return record("index_put", z, (x, d_x), (v, d_v))


def fit_value(op: str, v: Tensor, target: tuple[int, ...], x: Tensor) -> Tensor:
    """Return `v` in the dtype of `x` and, where it needs a gradient, in the shape it is written to."""
    if v.array.shape != target and np.broadcast_shapes(v.array.shape, target) != target:
        raise ShapeError(f"{op}: a value of shape {v.array.shape} does not fit the {target} elements that it goes to")
    v = v.to(x.array.dtype)
    return v.broadcast_to(target) if v.tracked else v


def _survives(shape: tuple[int, ...], key: Key, target: tuple[int, ...], like: Array) -> Array:
    """Return 1 for each value that is still there after all have been written, 0 for those written over."""
    xp = array_module(like)
    turn = xp.arange(int(np.prod(target))).reshape(target)
    last = xp.zeros(shape, turn.dtype)
    last[key] = turn
    return (last[key] == turn).astype(like.dtype)
