"""Reading and writing elements by their place: `x[key]`, and the op that puts gradients back, `put_add`.

    getitem   y = x[key]                 read; the same element may be read twice
    put_add   x = 0;  x[key] += y        write back; what was read twice is added twice

Each is the adjoint of the other, so these two rules serve every kind of NumPy key to every order.

A key means what it means in NumPy. PyTorch differs in one place: there, x[0, :, [1, 2]] reads x[0] first, so that the
axis of the list comes last; in NumPy the 0 counts as an index array beside the list, whose axis comes first.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..autograd import Node, record, record_view
from ..backend import Array, accelerable, add_at, array_module, device_of, is_array, to_device
from ..doubts import at_hand
from ..dtypes import int64
from ..errors import DeviceError, DtypeError, RangeError, ShapeError
from ..shapes import broadcast_shapes
from .operands import on_one_device, tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["getitem", "index_put", "put_add"]

Key = Any  # what may stand between the brackets: ints, slices, None, ..., arrays, lists, tensors, tuples of these


def array_key(op: str, key: Key, x: Array) -> Key:
    """Return `key` with tensors and lists turned into index arrays on the device of `x`."""
    return tuple(_part(op, part, x) for part in key) if isinstance(key, tuple) else _part(op, key, x)


def _part(op: str, part: Any, x: Array) -> Any:
    if isinstance(part, Node):
        part = part.array
    elif isinstance(part, (list, tuple, range)):
        part = np.asarray(part)
        part = part if part.size else part.astype(np.int64)
    if isinstance(part, float):
        raise DtypeError(f"{op}: an index must be an integer, got {part!r}")
    if not is_array(part):
        return part
    if part.dtype == np.uint8:
        raise DtypeError(
            f"{op}: a uint8 index is a mask in PyTorch and a position in NumPy\nHint: say which with .bool() or .long()"
        )
    if part.dtype.kind not in "iub":
        raise DtypeError(f"{op}: an index must be integer or bool, got {part.dtype}\nHint: convert with .long()")
    if part.ndim == 0 and part.dtype.kind != "b":
        return int(part)  # reads a view, as a Python integer does
    if at_hand(x) and not at_hand(part):
        raise DeviceError(f"{op}: input is on cpu but its index on {device_of(part)}\nHint: move one with .to(device)")
    return to_device(part, device_of(x))


def _kept(key: Key) -> Key:
    """Return `key` with its arrays copied, so that backward does not see what the caller writes to them later."""
    if isinstance(key, tuple):
        return tuple(_kept(part) for part in key)
    return key.copy() if is_array(key) else key


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
    y, shape = _read("getitem", x.array, key), x.array.shape
    if x.tracked:
        key = _kept(key)
    return record_view("getitem", y, x, lambda dy, _: put_add(dy, key, shape))


def put_add(input: Tensor, key: Key, size: tuple[int, ...]) -> Tensor:
    """Add elements into zeros of shape `size`: x = 0, x[key] += y. The adjoint of `getitem`.

    Backward  dy = dx[key]
    """
    y = tensor_of("put_add", input)
    key = array_key("put_add", key, y.array)
    return record("put_add", _put_add(y.array, key, size), (y, lambda dx, _: dx[key]))


def _put_add(y: Array, key: Key, size: tuple[int, ...]) -> Array:
    """Add into zeros. Axes after those that the key names are whole rows, which `add_rows` adds in one go."""
    xp, parts = array_module(y), key if isinstance(key, tuple) else (key,)
    if not any(map(is_array, parts)):
        x = xp.zeros(size, y.dtype)
        _check_fits("put_add", y.shape, _read("put_add", x, key).shape)
        x[key] = y
        return x
    named = len(size)
    if not any(part is Ellipsis for part in parts):
        named = sum(part.ndim if is_array(part) and part.dtype.kind == "b" else part is not None for part in parts)
    places = _numbered(key, size[:named], xp)
    _check_fits("put_add", y.shape, places.shape + size[named:])
    return add_rows(y.reshape(places.size, math.prod(size[named:])), places.reshape(-1), size)


def _numbered(key: Key, shape: tuple[int, ...], xp: Any) -> Array:
    """Return the position in row-major order of each element that `key` names in an array of some shape."""
    parts = key if isinstance(key, tuple) else (key,)
    if len(parts) != len(shape) or not all(_is_plain(part, n) for part, n in zip(parts, shape, strict=True)):
        return _read("put_add", xp.arange(math.prod(shape)).reshape(shape), key)
    broadcast_shapes("put_add", *(part.shape for part in parts))
    places = 0
    for part, n in zip(parts, shape, strict=True):
        places = places * n + (part if at_hand(part) else part % max(n, 1))
    return places


def _is_plain(part: Any, n: int) -> bool:
    """Say whether a part of a key is an array of places from 0 to n - 1, or may be brought there by % n."""
    if not is_array(part) or part.dtype != int64:
        return False
    return not at_hand(part) or bool(part.min(initial=0) >= 0 and part.max(initial=-1) < n)


@accelerable
def add_rows(y: Array, places: Array, size: tuple[int, ...]) -> Array:
    """Return x of shape `size`, zero but for its rows, as long as those of y: x[places[i]] += y[i]."""
    xp, width = array_module(y), y.shape[1]
    if y.dtype.kind in "iub" and y.dtype.itemsize < 4 and not at_hand(y):  # too short for the GPU's atomic additions
        return add_rows(y.astype("int32"), places, size).astype(y.dtype)
    x = xp.zeros(size, y.dtype)
    flat = (places[:, None] * width + xp.arange(width)).reshape(-1)  # NumPy adds single numbers faster than rows
    add_at(x.reshape(-1), flat, y.reshape(-1))
    return x


def _check_fits(op: str, value: tuple[int, ...], target: tuple[int, ...]) -> None:
    if value != target:
        raise ShapeError(f"{op}: a value of shape {value} does not fit the {target} elements that it goes to")


def index_put(input: Tensor, indices: Key, values: Tensor, accumulate: bool = False) -> Tensor:
    """Return a copy of x in which x[key] is `values`; of several values for one element, the last one stays.

    Forward   z = x, z[key] = v;   or z[key] += v, once for every time an element is named, with `accumulate`
    Backward  dx = dz, with dx[key] = 0;  dv = dz[key], and 0 for values that were written over
              with `accumulate`, dx = dz and dv = dz[key]
    """
    x, v = tensor_of("index_put", input), tensor_of("index_put", values, "values")
    key = _kept(array_key("index_put", indices, x.array))
    target, shape = _read("index_put", x.array, key).shape, x.array.shape
    v = fit_value("index_put", v, target, x)
    if accumulate:
        return x + put_add(v.broadcast_to(target), key, shape)

    def d_x(dz: Tensor, _: Tensor) -> Tensor:
        return index_put(dz, key, dz.new_zeros(()))

    def d_v(dz: Tensor, _: Tensor) -> Tensor:
        return dz[key].masked_fill(_written_over(key, shape, dz.array), 0) if repeats else dz[key]

    z, repeats = x.array.copy(), may_repeat(key)
    if repeats and at_hand(z):  # in one axis, "the last value" has one meaning; with several, NumPy picks its own order
        z.reshape(-1)[_places(key, shape, z).reshape(-1)] = np.broadcast_to(v.array, target).reshape(-1)
    else:
        put(z, key, v.array)
    return record("index_put", z, (x, d_x), (v, d_v))


def may_repeat(key: Key) -> bool:
    """Say whether `key` can name an element twice: only integer arrays can."""
    parts = key if isinstance(key, tuple) else (key,)
    return any(is_array(part) and part.dtype.kind in "iu" for part in parts)


def _places(key: Key, shape: tuple[int, ...], like: Array) -> Array:
    """Return the position in row-major order of each element that `key` names."""
    return array_module(like).arange(math.prod(shape)).reshape(shape)[key]


def put(z: Array, key: Key, v: Array) -> None:
    """Do z[key] = v. Of several values for one element the last one stays, where CuPy would let any of them stay."""
    if may_repeat(key) and not at_hand(z):
        places = _places(key, z.shape, z)
        each = array_module(z).broadcast_to(v, places.shape).reshape(-1)
        v = each[_last_turn(places.reshape(-1), z.size)].reshape(places.shape)
    z[key] = v


def _written_over(key: Key, shape: tuple[int, ...], like: Array) -> Array:
    """Say of each value, written to its place in turn, whether a later one has taken that place."""
    places = _places(key, shape, like)
    flat = places.reshape(-1)
    return (_last_turn(flat, math.prod(shape)) != array_module(like).arange(flat.size)).reshape(places.shape)


def _last_turn(flat: Array, n: int) -> Array:
    """Return for each value, written in turn to places among n, the turn of the last one at its place."""
    xp, turn = array_module(flat), array_module(flat).arange(flat.size)
    last = xp.zeros(n, turn.dtype)
    if at_hand(flat):
        last[flat] = turn
    else:
        xp.maximum.at(last, flat, turn)
    return last[flat]


def fit_value(op: str, v: Tensor, target: tuple[int, ...], x: Tensor) -> Tensor:
    """Return `v` in the dtype of `x` and, where it needs a gradient, in the shape it is written to."""
    extra = v.array.ndim - len(target)
    if extra > 0 and v.array.shape[:extra] == (1,) * extra:
        v = v.reshape(v.array.shape[extra:])
    sizes = zip(v.array.shape[::-1], target[::-1], strict=False)
    if v.array.ndim > len(target) or any(n not in (1, m) for n, m in sizes):
        _check_fits(op, v.array.shape, target)
    on_one_device(op, input=x, values=v)
    v = v.to(x.array.dtype)
    return v.broadcast_to(target) if v.tracked else v
