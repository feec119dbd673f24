"""Where the weights start. Every function fills its tensor in place, outside the tape, and returns it.

The two classic rules keep the variance of a layer's values, or of its gradients, the same through the depth:
with fan_in inputs per output and fan_out outputs per input,

    Xavier    Var w = gain² · 2 / (fan_in + fan_out)      Glorot and Bengio, 2010
    Kaiming   Var w = gain² / fan                         He et al., "Delving deep into rectifiers", 2015
"""

from __future__ import annotations

import math
from typing import Any, TypeVar

import numpy as np

from ..backend import to_device
from ..errors import ArgumentError, ShapeError
from ..overwrites import note_overwrite
from ..random import Generator, default_generator
from ..tensor import Tensor

T = TypeVar("T", bound=Tensor)


def _fill(name: str, tensor: T, values: np.ndarray[Any, Any]) -> T:
    """Store `values` in the memory of `tensor`."""
    tensor.array[...] = to_device(values, tensor.device)
    note_overwrite(tensor, f"init.{name}")
    return tensor


def _wide(tensor: Tensor) -> np.dtype[Any]:
    return np.dtype("float64") if tensor.dtype == np.float64 else np.dtype("float32")


def uniform_(tensor: T, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> T:
    """Draw from [a, b)."""
    u = (generator or default_generator).uniform(tensor.shape, _wide(tensor))
    return _fill("uniform_", tensor, a + (b - a) * u)


def normal_(tensor: T, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> T:
    """Draw from the normal distribution."""
    return _fill("normal_", tensor, mean + std * (generator or default_generator).normal(tensor.shape, _wide(tensor)))


def trunc_normal_(
    tensor: T, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Generator | None = None
) -> T:
    """Draw from the normal distribution cut off at a and b, by redrawing whatever falls outside."""
    if not a < b or mean + 8 * std < a or mean - 8 * std > b:
        raise ArgumentError(f"trunc_normal_: [{a}, {b}] must hold some of a normal of mean {mean}, std {std}")
    source = generator or default_generator
    values = mean + std * source.normal(tensor.shape, np.dtype("float64"))
    while (outside := (values < a) | (values > b)).any():
        values[outside] = mean + std * source.normal((int(outside.sum()),), np.dtype("float64"))
    return _fill("trunc_normal_", tensor, values)


def constant_(tensor: T, val: float) -> T:
    """Set every element to `val`."""
    return _fill("constant_", tensor, np.asarray(val))


def zeros_(tensor: T) -> T:
    """Set every element to 0."""
    return constant_(tensor, 0.0)


def ones_(tensor: T) -> T:
    """Set every element to 1."""
    return constant_(tensor, 1.0)


def eye_(tensor: T) -> T:
    """Set a matrix to the identity."""
    if tensor.ndim != 2:
        raise ShapeError(f"eye_: needs a matrix, got shape {tensor.shape}")
    return _fill("eye_", tensor, np.eye(tensor.shape[0], tensor.shape[1]))


def dirac_(tensor: T, groups: int = 1) -> T:
    """Set the filters of a convolution so that each channel is passed on unchanged."""
    if not 3 <= tensor.ndim <= 5 or len(tensor) % groups:
        raise ShapeError(f"dirac_: needs filters (K, C, taps...) with K a multiple of {groups}, got {tensor.shape}")
    values = np.zeros(tensor.shape)
    per_group = len(tensor) // groups
    centre = tuple(n // 2 for n in tensor.shape[2:])
    for k in range(len(tensor)):
        if k % per_group < tensor.shape[1]:
            values[(k, k % per_group, *centre)] = 1
    return _fill("dirac_", tensor, values)


def fans(tensor: Tensor) -> tuple[int, int]:
    """Return (fan_in, fan_out) of a weight: of a matrix (out, in), or of filters (K, C, taps...)."""
    if tensor.ndim < 2:
        raise ShapeError(f"init: fan_in and fan_out need at least 2 axes, got shape {tensor.shape}")
    taps = math.prod(tensor.shape[2:])
    return tensor.shape[1] * taps, tensor.shape[0] * taps


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return by how much the weights must be larger to make up for what the nonlinearity takes away."""
    gains = {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4, "sigmoid": 1.0, "linear": 1.0}
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity.startswith("conv"):
        return 1.0
    if nonlinearity not in gains:
        known = ", ".join([*gains, "leaky_relu"])
        raise ArgumentError(f"calculate_gain: nonlinearity {nonlinearity!r} is unknown; use one of {known}")
    return gains[nonlinearity]


def xavier_uniform_(tensor: T, gain: float = 1.0, generator: Generator | None = None) -> T:
    """Draw uniformly, with variance gain² · 2 / (fan_in + fan_out)."""
    bound = gain * math.sqrt(6 / max(sum(fans(tensor)), 1))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: T, gain: float = 1.0, generator: Generator | None = None) -> T:
    """Draw normally, with variance gain² · 2 / (fan_in + fan_out)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / max(sum(fans(tensor)), 1)), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ArgumentError(f'kaiming: mode is {mode!r}; use "fan_in" or "fan_out"')
    fan = fans(tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan) if fan else 0.0


def kaiming_uniform_(
    tensor: T, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> T:  # fmt: skip
    """Draw uniformly, with variance gain² / fan; `a` is the negative slope of a leaky relu."""
    bound = math.sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: T, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> T:  # fmt: skip
    """Draw normally, with variance gain² / fan; `a` is the negative slope of a leaky relu."""
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def orthogonal_(tensor: T, gain: float = 1.0, generator: Generator | None = None) -> T:
    """Draw a matrix with orthonormal rows or columns, all axes but the first taken as one, times `gain`.

    Source  Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear networks", 2013
    """
    if tensor.ndim < 2:
        raise ShapeError(f"orthogonal_: needs at least 2 axes, got shape {tensor.shape}")
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    drawn = (generator or default_generator).normal((max(rows, columns), min(rows, columns)), np.dtype("float64"))
    q, r = np.linalg.qr(drawn)
    q = q * np.sign(np.diag(r))  # makes the distribution uniform over the orthogonal matrices
    return _fill("orthogonal_", tensor, gain * (q.T if rows < columns else q).reshape(tensor.shape))


def sparse_(tensor: T, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> T:
    """Draw a matrix normally and set the fraction `sparsity` of every column to 0.

    Source  Martens, "Deep learning via Hessian-free optimization", 2010
    """
    if tensor.ndim != 2 or not 0 <= sparsity <= 1:
        raise ArgumentError(f"sparse_: needs a matrix and a sparsity in [0, 1], got {tensor.shape} and {sparsity}")
    normal_(tensor, 0.0, std, generator)
    rows, columns = tensor.shape
    order = np.argsort((generator or default_generator).uniform((rows, columns)), axis=0)
    keep = np.ones((rows, columns))
    np.put_along_axis(keep, order[: math.ceil(sparsity * rows)], 0, axis=0)
    return _fill("sparse_", tensor, to_device(tensor.array, "cpu") * keep)
