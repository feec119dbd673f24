"""Reading and writing along one axis, at places that a tensor of integers names.

    gather        y[i, j] = x[index[i, j], j]            along axis 0
    scatter_add   z = x;  z[index[i, j], j] += y[i, j]   the other way round

Each of these is a key of `getitem` or `index_put`: the index along its axis, and 0, 1, 2, ... along all others. So the
rules are those of index.py. As in PyTorch, and unlike there, a negative index is an error where it is not said to count
from the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..backend import Array, array_module
from ..errors import DtypeError, RangeError, ShapeError
from ..shapes import broadcast_shapes, normalize_axis
from .bounds import insist_within
from .index import Key, getitem, index_put
from .inplace import overwrite
from .operands import Number, Operand, on_one_device, tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "gather", "index_add", "index_add_", "index_select", "scatter", "scatter_", "scatter_add", "scatter_add_", "take",
    "take_along_dim",
]  # fmt: skip


def places_within(op: str, index: Operand, n: int, *, negative: bool = False, whole: str = "") -> Array:
    """Return an index as an array of integers within [0, n), or [-n, n) where a `negative` one counts from the end."""
    places = tensor_of(op, index, "index").array
    if places.dtype.kind not in "iu":
        raise DtypeError(f"{op}: index must be integer, got {places.dtype}\nHint: convert with .long()")
    lowest = -n if negative else 0

    def complain(i: int) -> Exception:
        return RangeError(f"{op}: index {i} is outside [{lowest}, {n - 1}]{whole or f', the size is {n}'}")

    insist_within(places, lowest, n, complain)
    return places.astype("int64", copy=False)


def _along(op: str, x: Tensor, dim: int, index: Operand, *, negative: bool = False) -> tuple[int, Array]:
    """Return the axis, and the index along it, of an op on `x`."""
    on_one_device(op, input=x, index=tensor_of(op, index, "index"))
    axis = normalize_axis(op, dim, x.array.ndim)
    n = x.array.shape[axis] if x.array.ndim else 1
    whole = f" along dim {axis}, where shape {x.array.shape} has size {n}"
    return axis, places_within(op, index, n, negative=negative, whole=whole)


def _grid(places: Array, axis: int) -> Key:
    """Return the key that reads x[i, places[i, j], ...]: `places` along the axis, 0, 1, 2, ... along the others."""
    xp = array_module(places)
    key = [xp.arange(n).reshape([-1 if d == i else 1 for d in range(places.ndim)]) for i, n in enumerate(places.shape)]
    key[axis] = places
    return tuple(key)


def _check_covers(op: str, places: Array, axis: int, **operands: Tensor) -> None:
    """Raise unless `places` has as many axes as every operand, and no more places than `input` but for the axis."""
    for name, x in operands.items():
        shape = x.array.shape
        free = axis if name == "input" else None
        if len(shape) != places.ndim or any(
            m > n for d, (m, n) in enumerate(zip(places.shape, shape, strict=True)) if d != free
        ):
            but = f", but for dim {axis}" if free is not None else ""
            raise ShapeError(
                f"{op}: index needs as many axes as {name}, and none of them longer{but}\n"
                f"  {name}: {shape}\n  index: {places.shape}"
            )


def gather(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """Read along one axis at the places that `index` names.

    Forward   y[i, j] = x[index[i, j], j]   for dim 0, and so on
    Backward  dx = 0, then dx[index[i, j], j] += dy[i, j]
    Shapes    index has the axes of x, none longer but for `dim`  ->  y as index
    Raises    RangeError if an index lies outside [0, n)
    """
    x = tensor_of("gather", input)
    axis, places = _along("gather", x, dim, index)
    if x.array.ndim == 0:
        return getitem(x.reshape(1), places)
    _check_covers("gather", places, axis, input=x)
    return getitem(x, _grid(places, axis))


def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """Read whole slices along one axis: y[i] = x[index[i]].

    Backward  dx = 0, then dx[index[i]] += dy[i]
    Shapes    x (n, ...), index (k)  ->  y (k, ...)
    Raises    RangeError if an index lies outside [0, n)
    """
    x = tensor_of("index_select", input)
    axis, places = _along("index_select", x, dim, index)
    if places.ndim > 1:
        raise ShapeError(f"index_select: index must have one axis, got shape {places.shape}")
    if x.array.ndim == 0:
        return getitem(x.reshape(1), places.reshape(-1)[:1]).reshape(())
    return getitem(x, (slice(None),) * axis + (places.reshape(-1),))


def take(input: Tensor, index: Tensor) -> Tensor:
    """Read from the flattened tensor; a negative index counts from the end.

    Forward   y[i] = x.flatten()[index[i]]
    Backward  dx = 0, then dx.flatten()[index[i]] += dy[i]
    Shapes    y as index
    Raises    RangeError if an index lies outside [-n, n)
    """
    x, k = tensor_of("take", input), tensor_of("take", index, "index")
    on_one_device("take", input=x, index=k)
    return getitem(x.flatten(), places_within("take", k, x.array.size, negative=True))


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """Read along one axis, the other axes broadcast; without `dim`, from the flattened tensor.

    Forward   y[i, j] = x[indices[i, j], j]   for dim 0, and so on
    Backward  dx = 0, then dx[indices[i, j], j] += dy[i, j]
    Raises    RangeError if an index lies outside [-n, n)
    """
    x, k = tensor_of("take_along_dim", input), tensor_of("take_along_dim", indices, "indices")
    on_one_device("take_along_dim", input=x, indices=k)
    if dim is None:
        return getitem(x.flatten(), places_within("take_along_dim", k, x.array.size, negative=True).reshape(-1))
    axis, places = _along("take_along_dim", x, dim, k, negative=True)
    if places.ndim != x.array.ndim or places.ndim == 0:
        raise ShapeError(
            "take_along_dim: input and indices need the same number of axes, at least 1\n"
            f"  input:   {x.array.shape}\n  indices: {places.shape}"
        )
    others = [tuple(1 if d == axis else n for d, n in enumerate(shape)) for shape in (x.array.shape, places.shape)]
    common = broadcast_shapes("take_along_dim", *others)

    def full(shape: tuple[int, ...]) -> tuple[int, ...]:
        return (*common[:axis], shape[axis], *common[axis + 1 :])

    spread = array_module(places).broadcast_to(places, full(places.shape))
    return getitem(x.broadcast_to(full(x.array.shape)), _grid(spread, axis))


def scatter(
    input: Tensor, dim: int, index: Tensor, src: Tensor | Number | None = None, *, value: Number | None = None
) -> Tensor:
    """Return a copy of x with values written along one axis, at the places that `index` names.

    Forward   z = x, z[index[i, j], j] = v[i, j]   for dim 0, and so on; of several values for one element, the last
              one stays. The values are `src`, a tensor, or one number, `src` or `value`.
    Backward  dx = dz, and 0 where something was written;  dv = dz[index[i, j], j], and 0 for values written over
    Shapes    index has the axes of x and src, none longer but for `dim` of x
    Raises    RangeError if an index lies outside [0, n)
    """
    x, source = tensor_of("scatter", input), src if value is None else value
    if isinstance(source, (bool, int, float)):
        axis, places = _along("scatter", x, dim, index)
        _check_covers("scatter", places, axis, input=x)
        return index_put(x, _grid(places, axis) if x.array.ndim else (), x.new_full((), source))
    v, key = _source("scatter", x, dim, index, source)
    return index_put(x, key, v)


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """Return a copy of x with values added along one axis, at the places that `index` names.

    Forward   z = x, z[index[i, j], j] += v[i, j]   for dim 0, and so on, once for every time an element is named
    Backward  dx = dz,  dv = dz[index[i, j], j]
    Shapes    index has the axes of x and src, none longer but for `dim` of x
    Raises    RangeError if an index lies outside [0, n)
    """
    x = tensor_of("scatter_add", input)
    v, key = _source("scatter_add", x, dim, index, src)
    return index_put(x, key, v, accumulate=True)


def _source(op: str, x: Tensor, dim: int, index: Tensor, src: Tensor | None) -> tuple[Tensor, Key]:
    """Return the part of `src` that is written, and the key of the places it goes to."""
    v = tensor_of(op, src, "src")
    _check_alike(op, x, v, "src")
    axis, places = _along(op, x, dim, index)
    _check_covers(op, places, axis, input=x, src=v)
    if x.array.ndim == 0:
        return v, ()
    return getitem(v, tuple(slice(n) for n in places.shape)), _grid(places, axis)


def _check_alike(op: str, x: Tensor, v: Tensor, name: str) -> None:
    on_one_device(op, **{"input": x, name: v})
    if v.array.dtype != x.array.dtype:
        raise DtypeError(
            f"{op}: input is {x.array.dtype} but {name} is {v.array.dtype}\nHint: convert one with .to(dtype)"
        )


def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Number = 1) -> Tensor:
    """Return a copy of x with whole slices added along one axis.

    Forward   z = x, z[index[i]] += α v[i], once for every time a slice is named
    Backward  dx = dz,  dv[i] = α dz[index[i]]
    Shapes    x (n, ...), index (k), source (k, ...)
    Raises    RangeError if an index lies outside [0, n)
    """
    x, v = tensor_of("index_add", input), tensor_of("index_add", source, "source")
    _check_alike("index_add", x, v, "source")
    axis, places = _along("index_add", x, dim, index)
    if places.ndim > 1:
        raise ShapeError(f"index_add: index must have one axis, got shape {places.shape}")
    if x.array.ndim == 0:
        return index_add(x.reshape(1), 0, index, v.reshape(-1), alpha=alpha).reshape(())
    wanted = (*x.array.shape[:axis], places.size, *x.array.shape[axis + 1 :])
    if v.array.shape != wanted:
        raise ShapeError(
            f"index_add: {places.size} indices along dim {axis} of shape {x.array.shape} need a source of {wanted}"
            f", got {v.array.shape}"
        )
    key = (slice(None),) * axis + (places.reshape(-1),)
    return index_put(x, key, v if alpha == 1 else v * alpha, accumulate=True)


def scatter_(
    input: Tensor, dim: int, index: Tensor, src: Tensor | Number | None = None, *, value: Number | None = None
) -> Tensor:
    """Write values along one axis in place: x[index[i, j], j] ← v[i, j]. See `scatter`."""
    return overwrite("scatter_", input, lambda x: scatter(x, dim, index, src, value=value))


def scatter_add_(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """Add values along one axis in place: x[index[i, j], j] ← x[index[i, j], j] + v[i, j]. See `scatter_add`."""
    return overwrite("scatter_add_", input, lambda x: scatter_add(x, dim, index, src))


def index_add_(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Number = 1) -> Tensor:
    """Add whole slices along one axis in place: x[index[i]] ← x[index[i]] + α v[i]. See `index_add`."""
    return overwrite("index_add_", input, lambda x: index_add(x, dim, index, source, alpha=alpha))
