"""Random tensors, drawn from a generator (random.py): the same seed gives the same numbers, on every device.

A draw is a constant: no gradient passes through it. To learn the parameters of a distribution, write the draw as a
function of them and of noise, as in mean + std * randn(...), the reparametrization.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..autograd import Node, constant
from ..backend import Array, array_module, device_of, to_device, to_numpy
from ..doubts import insist
from ..dtypes import Dtype, DtypeLike, as_dtype
from ..errors import ArgumentError, DtypeError, ShapeError
from ..random import Generator, generator_for
from ..shapes import broadcast_shapes
from .creation import Size, leaf, new_size
from .inplace import overwrite
from .operands import Number, Operand, on_one_device, tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "bernoulli", "bernoulli_", "multinomial", "normal", "normal_", "rand", "rand_like", "randint", "randint_like",
    "randn", "randn_like", "randperm", "uniform_",
]  # fmt: skip


def _floating(op: str, dtype: DtypeLike | None) -> Dtype:
    kind = as_dtype(dtype or float)
    if kind.kind != "f":
        raise DtypeError(f"{op}: draws real numbers, which {kind} cannot hold\nHint: use randint for integers")
    return kind


def rand(
    *sizes: Size, size: Sequence[int] = (), generator: Generator | None = None, dtype: DtypeLike | None = None,
    device: str | None = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Draw from the uniform distribution on [0, 1)."""
    shape, kind, home = new_size("rand", sizes, size), _floating("rand", dtype), device or "cpu"
    return leaf(generator_for(generator, home).uniform(shape, kind, home), requires_grad)


def randn(
    *sizes: Size, size: Sequence[int] = (), generator: Generator | None = None, dtype: DtypeLike | None = None,
    device: str | None = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Draw from the normal distribution of mean 0 and standard deviation 1."""
    shape, kind, home = new_size("randn", sizes, size), _floating("randn", dtype), device or "cpu"
    return leaf(generator_for(generator, home).normal(shape, kind, home), requires_grad)


def randint(
    low: int = 0, high: Any = None, size: Size | None = None, *, generator: Generator | None = None,
    dtype: DtypeLike | None = None, device: str | None = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Draw integers from [low, high), all equally likely: randint(high, size) or randint(low, high, size)."""
    if size is None and isinstance(high, Sequence):
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    if size is None or isinstance(high, Sequence):
        raise ArgumentError("randint: needs a size\nHint: randint(high, size) or randint(low, high, size)")
    shape, home = new_size("randint", (size,)), device or "cpu"
    drawn = generator_for(generator, home).integers(int(low), int(high), shape)
    return leaf(to_device(drawn.astype(as_dtype(dtype or int), copy=False), home), requires_grad)


def randperm(
    n: int, *, generator: Generator | None = None, dtype: DtypeLike | None = None, device: str | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Return 0, 1, ... n-1 in random order, every order being equally likely."""
    (n,), home = new_size("randperm", (n,)), device or "cpu"
    order = generator_for(generator, home).permutation(n)
    return leaf(to_device(order.astype(as_dtype(dtype or int), copy=False), home), requires_grad)


def rand_like(
    input: Tensor, *, generator: Generator | None = None, dtype: DtypeLike | None = None, device: str | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Draw uniformly from [0, 1), in the shape, dtype and device of `input`."""
    x = input.array
    return rand(x.shape, generator=generator, dtype=dtype or x.dtype, device=device or device_of(x),
                requires_grad=requires_grad)  # fmt: skip


def randn_like(
    input: Tensor, *, generator: Generator | None = None, dtype: DtypeLike | None = None, device: str | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Draw from the standard normal distribution, in the shape, dtype and device of `input`."""
    x = input.array
    return randn(x.shape, generator=generator, dtype=dtype or x.dtype, device=device or device_of(x),
                 requires_grad=requires_grad)  # fmt: skip


def randint_like(
    input: Tensor, low: int = 0, high: int | None = None, *, generator: Generator | None = None,
    dtype: DtypeLike | None = None, device: str | None = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Draw integers from [low, high), or [0, low) without `high`, in the shape, dtype and device of `input`."""
    x = input.array
    return randint(low, high, x.shape, generator=generator, dtype=dtype or x.dtype, device=device or device_of(x),
                   requires_grad=requires_grad)  # fmt: skip


def _check_probabilities(op: str, p: Array) -> None:
    wrong = f"{op}: probabilities must lie in [0, 1], the input holds others, or NaN"
    insist(((p >= 0) & (p <= 1)).all(), lambda: ArgumentError(wrong))


def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """Draw 1 with the probability that each element of `input` says, or with probability `p`; 0 otherwise.

    Forward   y = 1 where u < x, 0 elsewhere, with u uniform on [0, 1)
    """
    x = tensor_of("bernoulli", input)
    chance = x.array if p is None else array_module(x.array).full(x.array.shape, p, "float64")
    if chance.dtype.kind != "f":
        raise DtypeError(f"bernoulli: needs probabilities in a floating tensor, got {chance.dtype}")
    _check_probabilities("bernoulli", chance)
    home = device_of(x.array)
    u = generator_for(generator, home).uniform(x.array.shape, as_dtype("float64"), home)
    return constant((u < chance).astype(x.array.dtype))


def normal(
    mean: Operand, std: Operand, size: Size | None = None, *, generator: Generator | None = None,
    dtype: DtypeLike | None = None, device: str | None = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Draw from normal distributions, y = μ + σ ε: one for each element of two tensors, or `size` draws from one."""
    tensors = [tensor_of("normal", v) for v in (mean, std) if isinstance(v, Node)]
    if size is None and not tensors:
        raise ArgumentError("normal: two numbers do not say how many to draw\nHint: pass size=")
    centre, spread = (v.array if isinstance(v, Node) else v for v in (mean, std))
    if len(tensors) == 2:
        on_one_device("normal", mean=tensors[0], std=tensors[1])
    fits = std.array >= 0 if isinstance(std, Node) else np.asarray(std >= 0)
    insist(fits.all(), lambda: ArgumentError(f"normal: std must not be negative, got {std}"))
    like = tensors[0].array if tensors else None
    common = broadcast_shapes("normal", (), *(v.array.shape for v in tensors))
    shape = common if size is None else new_size("normal", (size,))
    kind = _floating("normal", dtype or (None if like is None else like.dtype))
    home = device or ("cpu" if like is None else device_of(like))
    noise = generator_for(generator, home).normal(shape, kind, home)
    return leaf((centre + spread * noise).astype(kind, copy=False), requires_grad)


def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Draw places along the last axis, each with a probability proportional to its weight in `input`.

    Forward   with replacement:     the first i at which w_1 + ... + w_i exceeds u Σ w, with u uniform on [0, 1)
              without replacement:  the places of the smallest e_i / w_i, in order, with e exponentially distributed
    Shapes    (n)  ->  (num_samples);   (m, n)  ->  (m, num_samples)
    Source    Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006
    """
    x = tensor_of("multinomial", input)
    if x.array.ndim not in (1, 2) or x.array.dtype.kind != "f":
        raise ShapeError(
            f"multinomial: needs floating weights of shape (n) or (m, n), got {x.array.dtype} of shape {x.array.shape}"
        )
    w = to_numpy(x.array).astype("float64")
    if not ((w >= 0) & (w < float("inf"))).all():
        raise ArgumentError("multinomial: weights must be finite and not negative, the input holds others, or NaN")
    possible = (w > 0).sum(-1).min(initial=w.shape[-1])
    if num_samples < 1 or possible < (1 if replacement else num_samples):
        raise ArgumentError(
            f"multinomial: cannot draw {num_samples} places {'with' if replacement else 'without'} replacement, "
            f"a row has {possible} weights above 0"
        )
    source = generator_for(generator, device_of(x.array))
    chosen = _with_replacement(w, num_samples, source) if replacement else _without_replacement(w, num_samples, source)
    return constant(to_device(chosen, device_of(x.array)))


def _with_replacement(w: Array, k: int, generator: Generator) -> Array:
    total = w.cumsum(-1)
    reached, u = total / total[..., -1:], generator.uniform((*w.shape[:-1], k), as_dtype("float64"))
    if w.ndim == 1:
        return np.searchsorted(reached, u, side="right")
    rows = [np.searchsorted(row, v, side="right") for row, v in zip(reached, u, strict=True)]
    return np.reshape(rows, u.shape).astype(np.int64)


def _without_replacement(w: Array, k: int, generator: Generator) -> Array:
    e = -np.log1p(-generator.uniform(w.shape, as_dtype("float64")))
    waiting = np.where(w > 0, e / np.where(w > 0, w, 1), np.inf)
    return waiting.argsort(-1, kind="stable")[..., :k]


def uniform_(input: Tensor, from_: float = 0, to: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill with draws from the uniform distribution on [from_, to): x ← a + (b - a) u.

    PyTorch calls the first bound `from`, which Python lets nobody type; pass it by position.
    """
    kind = _floating("uniform_", input.array.dtype)
    if not 0 <= to - from_ <= float(np.finfo(kind).max):
        raise ArgumentError(f"uniform_: the range [{from_}, {to}) is empty, or wider than {kind} can hold")

    def draw(x: Tensor) -> Tensor:
        xp, home = array_module(x.array), device_of(x.array)
        low, high = kind.type(from_), kind.type(to)
        y = low + (high - low) * generator_for(generator, home).uniform(x.array.shape, kind, home)
        return constant(xp.minimum(y, xp.nextafter(high, low)))  # rounding may reach the excluded bound

    return overwrite("uniform_", input, draw)


def normal_(input: Tensor, mean: float = 0, std: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill with draws from the normal distribution: x ← μ + σ ε."""
    shape, kind, home = input.array.shape, _floating("normal_", input.array.dtype), device_of(input.array)
    return overwrite(
        "normal_", input, lambda x: normal(mean, std, shape, generator=generator, dtype=kind, device=home)
    )


def bernoulli_(input: Tensor, p: Number | Tensor = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Fill with 1 with probability `p` (a number, or a tensor that broadcasts), 0 otherwise."""

    def draw(x: Tensor) -> Tensor:
        chance = p if isinstance(p, Node) else constant(array_module(x.array).asarray(p, "float64"))
        return bernoulli(chance.broadcast_to(x.array.shape), generator=generator).to(x.array.dtype)

    return overwrite("bernoulli_", input, draw)
