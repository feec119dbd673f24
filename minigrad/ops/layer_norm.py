"""Layer and group normalization: means over the features of one example, so that no example sees another.

w and b have one number per feature (layer) or per channel (group).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from ..errors import ArgumentError, ShapeError
from .normalise import normalise, operand, parameter

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["group_norm", "layer_norm"]


def layer_norm(
    input: Tensor, normalized_shape: int | Sequence[int], weight: Tensor | None = None, bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Normalize over the last axes, those of `normalized_shape`.

    Forward   y = w (x - μ)/√(σ² + ε) + b,   μ and σ² over the last axes
    Backward  dx = (g - mean g - x̂ mean(g x̂))/√(σ² + ε), g = w dy;  dw = Σ dy x̂;  db = Σ dy;  see normalise.py
    Shapes    input (..., *normalized_shape), weight and bias (*normalized_shape)  ->  as input
    Raises    ShapeError, ArgumentError, DtypeError
    Source    Ba et al., "Layer normalization", 2016
    """
    op = "layer_norm"
    x = operand(op, input, eps)
    shape = trailing_shape(op, x, normalized_shape)
    lead = x.array.ndim - len(shape)
    hint = "build the layer with normalized_shape equal to the last sizes of the input"
    w = parameter(op, "weight", weight, shape, x, shape, hint)
    b = parameter(op, "bias", bias, shape, x, shape, hint)
    return normalise(op, x, w, b, tuple(range(lead, x.array.ndim)), eps)[0].to(input.dtype)


def trailing_shape(op: str, x: Tensor, normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    """Return `normalized_shape` as a tuple, having checked that x ends with it."""
    shape = tuple(normalized_shape) if isinstance(normalized_shape, Sequence) else (normalized_shape,)
    if not shape or x.array.shape[-len(shape) :] != shape:
        raise ShapeError(
            f"{op}: normalized_shape is {shape} but the input ends with {x.array.shape[-len(shape) :]}\n"
            f"  input {x.array.shape}\nHint: give the sizes of the last axes"
        )
    return shape


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Normalize each of `num_groups` groups of channels over its channels and pixels, for each example.

    Forward   y = w (x - μ)/√(σ² + ε) + b,   μ and σ² over C/num_groups channels, H, W
    Backward  as layer_norm
    Shapes    input (N, C, ...), weight and bias (C)  ->  as input
    Raises    ShapeError, ArgumentError, DtypeError
    Source    Wu and He, "Group normalization", 2018
    """
    op = "group_norm"
    x = operand(op, input, eps)
    if x.array.ndim < 2:
        raise ShapeError(f"{op}: input needs axes (N, C, ...), got shape {x.array.shape}")
    N, C, *pixels = x.array.shape
    if num_groups < 1 or C % num_groups:
        raise ArgumentError(f"{op}: num_groups = {num_groups} must divide C = {C}, input {x.array.shape}")
    if N * (C // num_groups) * prod(pixels) == 1:
        raise ShapeError(f"{op}: one value has no variance, the input has shape {x.array.shape}")
    groups, hint = (num_groups, C // num_groups), "build the layer with num_channels equal to C of the input"
    view = (1, *groups, *(1,) * len(pixels))
    w = parameter(op, "weight", weight, (C,), x, (C,), hint)
    b = parameter(op, "bias", bias, (C,), x, (C,), hint)
    grouped = x.reshape(N, *groups, *pixels)
    y = normalise(op, grouped, w, b, tuple(range(2, grouped.ndim)), eps, view)[0]
    return y.reshape(x.array.shape).to(input.dtype)
