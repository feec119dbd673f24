"""Random zeros: each value, or each channel, is dropped with probability p, and the rest is scaled up to make good.

    y = m x / (1 - p),   m = [u ≥ p],   u uniform in [0, 1)        so that the expectation of y is x

The random numbers are a function of a position in a generator's stream (see random.py). So no mask is kept: the
gradient, the same product with dy in place of x, makes it again from the position. One op, its own derivative.

Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.
"""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING

from ..autograd import constant, record
from ..backend import Array, accelerable, device_of, to_device
from ..dtypes import float32
from ..errors import ArgumentError, DtypeError, ShapeError
from ..random import Generator, RngState, generator_for, uniform_at
from .inplace import overwrite
from .operands import quiet, tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d"]

_SELU_FLOOR = 1.7580993408473766  # λα: selu(x) tends to -λα for x → -∞


def dropout(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Set each value to 0 with probability p and multiply the others by 1/(1 - p); the identity unless training.

    Forward   y = m x / (1 - p)
    Backward  dx = m dy / (1 - p)
    Shapes    as input
    Raises    ArgumentError, DtypeError
    """
    return _dropout("dropout", input, p, training, inplace, generator)


def dropout1d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Set whole channels of sequences to 0 with probability p. See `dropout`.

    Shapes    (N, C, W) or (C, W)  ->  as input
    """
    return _dropout("dropout1d", input, p, training, inplace, generator, {3: 2, 2: 1})


def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Set whole channels of images to 0 with probability p. See `dropout`.

    Three axes are read as (N, C, W), as in PyTorch.

    Shapes    (N, C, H, W) or (N, C, W)  ->  as input
    Source    Tompson et al., "Efficient object localization using convolutional networks", 2015
    """
    return _dropout("dropout2d", input, p, training, inplace, generator, {4: 2, 3: 2})


def dropout3d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Set whole channels of volumes to 0 with probability p. See `dropout`.

    Shapes    (N, C, D, H, W) or (C, D, H, W)  ->  as input
    """
    return _dropout("dropout3d", input, p, training, inplace, generator, {5: 2, 4: 1})


def alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Drop to the floor of SELU, -λα, and restore mean 0 and variance 1 by an affine map.

    Forward   y = a (m x - (1 - m) λα) + b,   a = 1/√((1 - p)(1 + p (λα)²)),   b = a p λα
    Backward  dx = a m dy
    Shapes    as input
    Raises    ArgumentError, DtypeError
    Source    Klambauer et al., "Self-normalizing neural networks", 2017, section 3
    """
    x = _checked("alpha_dropout", input, p)
    if not training or p == 0:
        return x
    shape = x.array.shape
    start = reserve(generator, x, shape)

    def compute(x: Tensor) -> Tensor:
        if p == 1:
            return x * 0
        a = 1 / sqrt((1 - p) * (1 + p * _SELU_FLOOR**2))
        offset = (kept(x.array, p, start, shape) - (1 - p)) * (a * _SELU_FLOOR)
        return drop("alpha_dropout", x, p, start, shape) * (a * (1 - p)) + constant(offset.astype(x.array.dtype))

    return overwrite("alpha_dropout_", x, compute) if inplace else compute(x)


def _dropout(
    op: str, input: Tensor, p: float, training: bool, inplace: bool, generator: Generator | None,
    features: dict[int, int] | None = None,
) -> Tensor:  # fmt: skip
    """Drop values, or, where `features` says how many leading axes have a number each, whole channels."""
    x = _checked(op, input, p)
    shape = x.array.shape
    if features is not None:
        if len(shape) not in features:
            raise ShapeError(f"{op}: needs {' or '.join(map(str, features))} axes, got shape {shape}")
        shape = shape[: features[len(shape)]] + (1,) * (len(shape) - features[len(shape)])
    if not training or p == 0:
        return x
    start = reserve(generator, x, shape)

    def compute(x: Tensor) -> Tensor:
        return x * 0 if p == 1 else drop(op, x, p, start, shape)

    return overwrite(f"{op}_", x, compute) if inplace else compute(x)


def _checked(op: str, input: Tensor, p: float) -> Tensor:
    x = tensor_of(op, input)
    if not 0 <= p <= 1:
        raise ArgumentError(f"{op}: p is a probability and must lie in [0, 1], got {p}")
    if x.array.dtype.kind != "f":
        raise DtypeError(f"{op}: needs a floating tensor, got {x.array.dtype}\nHint: convert with .float() first")
    return x


def reserve(generator: Generator | None, x: Tensor, shape: tuple[int, ...]) -> RngState:
    """Claim the random numbers of a mask: two to a 64-bit word."""
    return generator_for(generator, device_of(x.array)).reserve(-(-prod(shape) // 2))


def drop(op: str, x: Tensor, p: float, start: RngState, shape: tuple[int, ...]) -> Tensor:
    """Multiply by m / (1 - p), where the mask m has `shape` and its random numbers begin at `start`.

    Backward  dx = drop(dy), with the same mask
    """
    with quiet():
        y = drop_loop(x.array, p, start, shape)
    return record(op, y, (x, lambda dy, _: drop(op, dy, p, start, shape)))


@accelerable
def drop_loop(x: Array, p: float, start: RngState, shape: tuple[int, ...]) -> Array:
    """Multiply by the mask, then by 1/(1 - p)."""
    y = x * kept(x, p, start, shape)
    y *= x.dtype.type(1 / (1 - p))
    return y


def kept(x: Array, p: float, start: RngState, shape: tuple[int, ...]) -> Array:
    """Return the mask m = [u ≥ p] on the device of x."""
    return to_device(uniform_at(start, prod(shape), float32) >= p, device_of(x)).reshape(shape)
