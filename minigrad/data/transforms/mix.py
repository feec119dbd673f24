"""mixup: train on pictures halfway between two others, with labels halfway between theirs.

Source    Zhang et al., "mixup: Beyond empirical risk minimization", arXiv 1710.09412
"""

from __future__ import annotations

from typing import Any, overload

import numpy as np

from ... import ops
from ...backend import Array, array_module, is_array
from ...errors import ArgumentError, DtypeError, ShapeError
from ...random import Generator
from ...tensor import Tensor
from ..stream import stream_for
from .base import Images


@overload
def mixup(
    x: Tensor, y: Tensor, *, num_classes: int, alpha: float = 1.0, generator: Generator | None = None
) -> tuple[Tensor, Tensor]: ...


@overload
def mixup(
    x: Images, y: Images, *, num_classes: int, alpha: float = 1.0, generator: Generator | None = None
) -> tuple[Images, Images]: ...


def mixup(
    x: Any, y: Any, *, num_classes: int, alpha: float = 1.0, generator: Generator | None = None
) -> tuple[Any, Any]:
    """Mix every item of a batch with a random other one; return items and soft targets.

    Forward   x' = λ x + (1 - λ) x[π],   y' = λ onehot(y) + (1 - λ) onehot(y[π]),   λ from Beta(alpha, alpha)
    Shapes    x (N, ...) floats, y (N) class numbers  ->  x' as x, y' (N, num_classes)
    Raises    ShapeError, DtypeError or ArgumentError if x and y are not such a batch
    """
    if isinstance(x, Tensor) and isinstance(y, Tensor):
        mixed = _mix(x.array, y.array, num_classes, alpha, stream_for(generator))
        return ops.as_tensor(mixed[0]), ops.as_tensor(mixed[1])
    return _mix(x, y, num_classes, alpha, stream_for(generator))


def _mix(x: Array, y: Array, num_classes: int, alpha: float, stream: Generator) -> tuple[Array, Array]:
    _check(x, y, num_classes, alpha)
    xp, dtype = array_module(x), x.dtype.type
    order = xp.asarray(stream.permutation(len(x)))
    bits = np.random.Generator(np.random.Philox(key=int(stream.bits(1)[0])))
    weight = dtype(bits.beta(alpha, alpha))
    onehot = xp.eye(num_classes, dtype=x.dtype)[y]
    return weight * x + (1 - weight) * x[order], weight * onehot + (1 - weight) * onehot[order]


def _check(x: Array, y: Array, num_classes: int, alpha: float) -> None:
    """Refuse a batch that cannot be mixed."""
    if not (is_array(x) and is_array(y)):
        raise DtypeError(f"mixup: needs two tensors or two arrays, got {type(x).__name__} and {type(y).__name__}")
    if x.dtype.kind != "f" or y.dtype.kind not in "iu":
        raise DtypeError(f"mixup: x must be floating and y integer, got {x.dtype} and {y.dtype}")
    if not x.ndim or y.ndim != 1 or len(x) != len(y):
        raise ShapeError(f"mixup: x (N, ...) and y (N) must agree in N, got {x.shape} and {y.shape}")
    if not alpha > 0:
        raise ArgumentError(f"mixup: alpha must be above 0, got {alpha}")
    low, high = (int(y.min()), int(y.max())) if len(y) else (0, 0)
    if low < 0 or high >= num_classes:
        raise ArgumentError(f"mixup: classes must lie in [0, {num_classes}), y has {low} to {high}")
