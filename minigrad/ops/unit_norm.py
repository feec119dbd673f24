"""Divide by a size, without a shift: root mean square, p-norm, energy of the neighboring channels.

All are compositions: the gradient through the divisor is the quotient rule's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ArgumentError, ShapeError
from ..shapes import Axes
from .avg_pool import average
from .fused import fused_pair
from .geometry import Geometry
from .layer_norm import trailing_shape
from .norm import norm
from .normalise import operand, parameter

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["local_response_norm", "normalize", "rms_norm"]


def rms_norm(
    input: Tensor, normalized_shape: int | Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """Scale to root mean square 1 over the last axes; `eps` is the resolution of the dtype if not given.

    Forward   y = w x s,   s = 1/√(mean x² + ε)
    Backward  dx = s (g - x̂ mean(g x̂)),   x̂ = x s,  g = w dy;   dw = Σ dy x̂
    Shapes    input (..., *normalized_shape), weight (*normalized_shape)  ->  as input
    Raises    ShapeError, ArgumentError, DtypeError
    Source    Zhang and Sennrich, "Root mean square layer normalization", 2019, equation 4
    """
    x = operand("rms_norm", input, 0.0 if eps is None else eps)
    shape = trailing_shape("rms_norm", x, normalized_shape)
    lead = x.array.ndim - len(shape)
    hint = "build the layer with normalized_shape equal to the last sizes of the input"
    w = parameter("rms_norm", "weight", weight, shape, x, shape, hint)
    tiny = float(np.finfo(x.array.dtype).eps) if eps is None else eps

    def definition(x: Tensor, w: Tensor | None) -> Tensor:
        y = x * ((x * x).mean(tuple(range(lead, x.array.ndim)), True) + tiny).rsqrt()
        return y if w is None else y * w

    return fused_pair("rms_norm", definition, [x, w], lead, tiny).to(input.dtype)


def normalize(input: Tensor, p: float = 2.0, dim: Axes = 1, eps: float = 1e-12) -> Tensor:
    """Scale to p-norm 1 along `dim`.

    Forward   y = x / max(‖x‖_p, ε),   ‖x‖_p = (Σ|x|^p)^(1/p)
    Backward  the quotient rule, with the gradient of norm.py; where ‖x‖ < ε the divisor is constant: dx = dy/ε
    Shapes    as input
    Raises    ArgumentError, DtypeError
    """
    x = operand("normalize", input, eps)
    return (x / norm(x, p, dim, True).clamp_min(eps)).to(input.dtype)


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Divide by the energy of the `size` channels around.

    Forward   y_c = x_c / (k + α mean_j x_j²)^β,   j from c - ⌊size/2⌋ to c + ⌈size/2⌉ - 1, 0 beyond the channels
    Backward  the quotient rule
    Shapes    input (N, C, ...)  ->  as input
    Raises    ShapeError, ArgumentError, DtypeError
    Source    Krizhevsky et al., "ImageNet classification with deep convolutional neural networks", 2012, section 3.3
    """
    x = operand("local_response_norm", input, 0.0)
    if x.array.ndim < 3:
        raise ShapeError(f"local_response_norm: input needs axes (N, C, ...), got shape {x.array.shape}")
    if size < 1:
        raise ArgumentError(f"local_response_norm: size must be at least 1, got {size}")
    N, C, *pixels = x.array.shape
    one = (1,)
    g = Geometry((C, math.prod(pixels)), (C, math.prod(pixels)), (size, 1), one * 2, (size // 2, 0), one * 2)
    energy = average((x * x).reshape(N, *g.size), g, np.full((1, 1), float(size)))
    return (x / (energy.reshape(x.array.shape) * alpha + k) ** beta).to(input.dtype)
