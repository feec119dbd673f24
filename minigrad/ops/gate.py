"""Gates: numbers from 0 to 1 that say how much passes, and the activations y = x · gate(x), elementwise.

sigmoid  σ(x)      silu   x σ(x)        hardsigmoid, hardswish   the same in straight lines
Φ(x) normal cdf    gelu   x Φ(x)        glu                      one half of x gates the other
                   mish   x tanh(ln(1 + eˣ))
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..autograd import record
from ..backend import Array, accelerable, array_module
from ..errors import ArgumentError, ShapeError
from ..shapes import normalize_axis
from .activation import relu6, softplus
from .error_function import erfc_forward
from .extreme import clamp
from .fused import fused, fused_pair
from .operands import quiet, real, tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["gelu", "glu", "hardsigmoid", "hardswish", "logsigmoid", "mish", "sigmoid", "silu"]

_K, _A = math.sqrt(2 / math.pi), 0.044715  # of gelu's tanh: Φ(x) ≈ ½ (1 + tanh(k (x + a x³)))
_FLAT = 40.0  # beyond ±40 the slope of gelu is 0 or 1 to the last bit, and its powers of x may overflow


def sigmoid(input: Tensor) -> Tensor:
    """Squash to (0, 1), the logistic function: y = σ(x) = 1 / (1 + e⁻ˣ).

    Forward   y = exp(min(x, 0)) / (1 + exp(-|x|)): no overflow, and no digit lost where y is close to 0
    Backward  dx = dy y (1 - y)
    Source    Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", 1986, equation 2
    """
    x = real("sigmoid", input)

    @fused("sigmoid_backward")
    def d_x(dy: Tensor, y: Tensor) -> Tensor:
        return dy * (y * (1 - y))

    return record("sigmoid", sigmoid_forward(x.array), (x, d_x))


@accelerable
def sigmoid_forward(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)) of an array."""
    xp = array_module(x)
    return xp.exp(xp.minimum(x, 0)) / (1 + xp.exp(-xp.abs(x)))


def logsigmoid(input: Tensor) -> Tensor:
    """Logarithm of the sigmoid: y = ln σ(x) = -ln(1 + e⁻ˣ).

    Forward   y = min(x, 0) - ln(1 + exp(-|x|)): no overflow
    Backward  dx = dy σ(-x)
    """
    x = real("logsigmoid", input)
    xp = array_module(x.array)
    y = xp.minimum(x.array, 0) - xp.log1p(xp.exp(-xp.abs(x.array)))
    return record("logsigmoid", y, (x, lambda dy, _: dy * sigmoid(-x)))


def hardsigmoid(input: Tensor) -> Tensor:
    """Sigmoid in three straight lines: y = min(max(x + 3, 0), 6) / 6.

    Backward  dx = dy / 6 where -3 < x < 3, 0 elsewhere and at both kinks
    Source    Howard et al., "Searching for MobileNetV3", arXiv:1905.02244, section 5.2
    """
    return relu6(real("hardsigmoid", input) + 3) / 6


def hardswish(input: Tensor) -> Tensor:
    """SiLU with the straight-line gate: y = x · hardsigmoid(x).

    Backward  dx = dy where x ≥ 3, dy (2 x + 3) / 6 where -3 < x < 3, 0 where x ≤ -3
    Source    Howard et al., "Searching for MobileNetV3", arXiv:1905.02244, section 5.2
    """
    x = real("hardswish", input)
    return x * hardsigmoid(x)


def silu(input: Tensor) -> Tensor:
    """Sigmoid linear unit, or swish: y = x σ(x).

    Backward  dx = dy σ (1 + x (1 - σ)),   σ = σ(x)
    Source    Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units", arXiv:1702.03118, equations 8 and 9
    """
    x = real("silu", input)

    @fused("silu_backward", x)
    def d_x(dy: Tensor, _: Tensor) -> Tensor:
        s = sigmoid(x)
        return dy * (s * (1 + x * (1 - s)))

    return record("silu", silu_forward(x.array), (x, d_x))


@accelerable
def silu_forward(x: Array) -> Array:
    """Return x σ(x) of an array."""
    with quiet():
        return x * sigmoid_forward(x)


def mish(input: Tensor) -> Tensor:
    """Gate by the tanh of softplus: y = x t,   t = tanh(ln(1 + eˣ)).

    Backward  dx = dy (t + x (1 - t²) σ(x))
    Source    Misra, "Mish: A self regularized non-monotonic activation function", arXiv:1908.08681, equation 1
    """
    x = real("mish", input)
    return fused_pair("mish", lambda x: x * softplus(x).tanh(), [x])


def gelu(input: Tensor, *, approximate: str = "none") -> Tensor:
    """Gaussian error linear unit: y = x Φ(x), Φ being the normal distribution function.

    Forward   "none"  Φ(x) = ½ erfc(-x/√2)
              "tanh"  Φ(x) ≈ ½ (1 + tanh u),   u = √(2/π) (x + 0.044715 x³)
    Backward  dx = dy (Φ + x Φ')
    Source    Hendrycks and Gimpel, "Gaussian error linear units", arXiv:1606.08415, section 2
    """
    if approximate not in ("none", "tanh"):
        raise ArgumentError(f'gelu: approximate is {approximate!r}; use "none" or "tanh"')
    x = real("gelu", input)

    @fused("gelu_backward", x, approximate)
    def d_x(dy: Tensor, _: Tensor) -> Tensor:
        return dy * _gelu_slope(x, approximate)

    return record("gelu", gelu_forward(x.array, approximate), (x, d_x))


def _gelu_slope(x: Tensor, approximate: str) -> Tensor:
    """Slope of gelu: y = Φ + x Φ'.

    Backward  dx = dy (2 Φ' + x Φ'')
              "none"  Φ' = exp(-x²/2) / √(2π),   Φ'' = -x Φ'
              "tanh"  Φ' ≈ ½ s u',   Φ'' ≈ ½ s (u'' - 2 t u'²),   t = tanh u,   s = 1 - t²
    """

    def d_x(dy: Tensor, _: Tensor) -> Tensor:
        c = clamp(x, -_FLAT, _FLAT)
        if approximate == "none":
            return dy * ((-c * c / 2).exp() / math.sqrt(2 * math.pi) * (2 - c * c))
        t = (_K * (c + _A * c * c * c)).tanh()
        s, u1, u2 = 1 - t * t, _K * (1 + 3 * _A * c * c), 6 * _K * _A * c
        return dy * (s * (u1 + c * (u2 / 2 - t * u1 * u1)))

    return record("gelu_slope", gelu_slope_forward(x.array, approximate), (x, d_x))


@accelerable
def gelu_forward(x: Array, approximate: str) -> Array:
    """Return x Φ(x) of an array."""
    with quiet():
        return x * _cdf(x, approximate)


@accelerable
def gelu_slope_forward(x: Array, approximate: str) -> Array:
    """Return Φ(x) + x Φ'(x) of an array."""
    xp = array_module(x)
    x = xp.clip(x, -_FLAT, _FLAT)
    cdf = _cdf(x, approximate)
    if approximate == "none":
        return cdf + x * xp.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    return cdf + 2 * x * cdf * (1 - cdf) * _K * (1 + 3 * _A * x * x)  # 1 - tanh² = 4 Φ (1 - Φ)


def _cdf(x: Array, approximate: str) -> Array:
    """Return Φ(x), or its approximation by tanh."""
    if approximate == "none":
        return erfc_forward(x * -math.sqrt(0.5)) / 2
    return (1 + array_module(x).tanh(_K * (x + _A * x * x * x))) / 2


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """Gated linear unit: split x along `dim` into halves a and b; y = a σ(b).

    Backward  da = dy σ(b),  db = dy a σ(b) (1 - σ(b))
    Shapes    x (..., 2 n, ...)  ->  y (..., n, ...)
    Source    Dauphin et al., "Language modeling with gated convolutional networks", arXiv:1612.08083, equation 1
    """
    x = tensor_of("glu", input)
    if x.array.ndim == 0:
        raise ShapeError("glu: a 0-d tensor cannot be halved")
    axis = normalize_axis("glu", dim, x.array.ndim)
    n, odd = divmod(x.array.shape[axis], 2)
    if odd:
        raise ShapeError(f"glu: dim {dim} must have an even size to be halved, shape {x.array.shape} has {2 * n + 1}")
    before = (slice(None),) * axis
    return x[(*before, slice(n))] * sigmoid(x[(*before, slice(n, None))])
