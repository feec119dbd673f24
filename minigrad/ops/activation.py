"""The nonlinearities between layers, elementwise: y_i = f(x_i), so dx_i = dy_i f'(x_i).

At a kink the derivative is the one stated, always between the slopes on its two sides. Those that multiply x by a
number from 0 to 1 are in gate.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..autograd import record
from ..backend import Array, accelerable, array_module
from ..errors import ArgumentError, DtypeError, ShapeError
from .extreme import clamp
from .fused import fused
from .operands import operands, quiet, real, tensor_of, together
from .select import where
from .trigonometry import tanh

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = [
    "celu", "elu", "hardshrink", "hardtanh", "leaky_relu", "prelu", "relu", "relu6", "selu", "softplus", "softshrink",
    "softsign", "tanhshrink", "threshold",
]  # fmt: skip


def relu(input: Tensor) -> Tensor:
    """Cut off the negative part: y = max(x, 0).

    Backward  dx = dy where x > 0, 0 elsewhere; relu'(0) = 0
    Source    Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", 2010
    """
    x = tensor_of("relu", input)
    if x.array.dtype.kind == "b":
        raise DtypeError("relu: a bool tensor has no negative part\nHint: convert with .float()")
    return record("relu", relu_forward(x.array), (x, _pass_above_zero))


def _pass_above_zero(dy: Tensor, y: Tensor) -> Tensor:
    """Let dy pass where y > 0. Linear in dy, and its own adjoint.

    Backward  d(dy) = the incoming gradient where y > 0, 0 elsewhere
    """
    return record("relu_gradient", relu_backward(dy.array, y.array), (dy, lambda ddy, _: _pass_above_zero(ddy, y)))


@accelerable
def relu_forward(x: Array) -> Array:
    """Cut off the negative part of an array. NaN stays NaN."""
    return array_module(x).maximum(x, 0)


@accelerable
def relu_backward(dy: Array, y: Array) -> Array:
    """Return dy where y > 0 and 0 elsewhere: a product, for `where` branches on every element."""
    with quiet():
        return dy * (y > 0)


def relu6(input: Tensor) -> Tensor:
    """Keep between 0 and 6: y = min(max(x, 0), 6).

    Backward  dx = dy where 0 < x < 6, 0 elsewhere and at both kinks
    Source    Krizhevsky, "Convolutional deep belief networks on CIFAR-10", 2010
    """
    return hardtanh(input, 0, 6)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """Keep between two numbers: y = min(max(x, lo), hi).

    Backward  dx = dy where lo < x < hi, 0 elsewhere and at both kinks (`clamp` lets the gradient pass there)
    Source    Collobert, "Large scale machine learning", 2004
    """
    if min_val > max_val:
        raise ArgumentError(f"hardtanh: min_val {min_val} is larger than max_val {max_val}")
    x, lo, hi = together("hardtanh", input, min_val, max_val)
    xp = array_module(x.array)
    y = xp.minimum(xp.maximum(x.array, lo.array), hi.array)
    return record("hardtanh", y, (x, lambda dy, _: where((x <= lo) | (x >= hi), 0, dy)))


def threshold(input: Tensor, threshold: float, value: float) -> Tensor:
    """Replace what is not above a threshold: y = x where x > threshold, `value` elsewhere.

    Backward  dx = dy where x > threshold, 0 elsewhere and at the threshold
    """
    x = tensor_of("threshold", input)
    return where(x <= threshold, value, x)


def leaky_relu(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """Flatten the negative part: y = x where x > 0, a x elsewhere.

    Backward  dx = dy where x > 0, a dy elsewhere and at 0
    Source    Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013
    """
    x = real("leaky_relu", input)

    @fused("leaky_relu_backward", x, negative_slope)
    def d_x(dy: Tensor, _: Tensor) -> Tensor:
        return where(x > 0, dy, negative_slope * dy)

    return record("leaky_relu", leaky_relu_forward(x.array, negative_slope), (x, d_x))


@accelerable
def leaky_relu_forward(x: Array, negative_slope: float) -> Array:
    """Return x where x > 0, a x elsewhere."""
    with quiet():
        return array_module(x).where(x > 0, x, negative_slope * x)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """Flatten the negative part by a learned slope, one for all or one per channel: y = x where x > 0, w x elsewhere.

    Backward  dx = dy where x > 0, w dy elsewhere and at 0;  dw = Σ dy x over x ≤ 0
    Shapes    x (N, C, ...), w (), (1) or (C)  ->  y as x
    Source    He et al., "Delving deep into rectifiers", arXiv:1502.01852, equation 1
    """
    x, w = real("prelu", input), tensor_of("prelu", weight, "weight")
    if w.array.ndim > 1:
        raise ShapeError(f"prelu: weight has {w.array.ndim} axes, shape {w.array.shape}; it needs one, or none")
    channels = x.array.shape[1] if x.array.ndim > 1 else 1
    if w.array.size not in (1, channels):
        raise ShapeError(
            f"prelu: C is {channels} in input but {w.array.size} in weight\n"
            f"  input  (N, C, ...) = {x.array.shape}\n  weight (C) = {w.array.shape}\n"
            "Hint: give one slope for all channels, or one for each"
        )
    x, w = operands("prelu", x, w.reshape((-1, *(1,) * (x.array.ndim - 2)) if x.array.ndim > 1 else ()))
    with quiet():
        y = array_module(x.array).where(x.array > 0, x.array, w.array * x.array)
    return record("prelu", y, (x, lambda dy, _: where(x > 0, dy, dy * w)), (w, lambda dy, _: where(x > 0, 0, dy * x)))


def elu(input: Tensor, alpha: float = 1.0) -> Tensor:
    """Let the negative part level off at -α: y = x where x > 0, α (eˣ - 1) elsewhere.

    Backward  dx = dy where x > 0, dy α eˣ elsewhere and at 0
    Source    Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear
              units", arXiv:1511.07289, equation 15
    """
    x = real("elu", input)

    @fused("elu_backward", x, alpha)
    def d_x(dy: Tensor, _: Tensor) -> Tensor:
        return where(x > 0, dy, dy * (alpha * clamp(x, max=0).exp()))

    return record("elu", elu_forward(x.array, alpha), (x, d_x))


@accelerable
def elu_forward(x: Array, alpha: float) -> Array:
    """Return x where x > 0, α (eˣ - 1) elsewhere."""
    xp = array_module(x)
    return xp.where(x > 0, x, alpha * xp.expm1(xp.minimum(x, 0)))


def celu(input: Tensor, alpha: float = 1.0) -> Tensor:
    """Let the negative part level off at -α, with a continuous slope: y = x where x > 0, α (exp(x/α) - 1) elsewhere.

    Backward  dx = dy where x > 0, dy exp(x/α) elsewhere and at 0
    Source    Barron, "Continuously differentiable exponential linear units", arXiv:1704.07483, equation 2
    """
    if alpha == 0:
        raise ArgumentError("celu: alpha cannot be 0\nHint: the limit for alpha -> 0 is relu")
    x = real("celu", input)
    return where(x > 0, x, alpha * (clamp(x, max=0) / alpha).expm1())


def selu(input: Tensor) -> Tensor:
    """Scaled ELU, whose constants keep mean 0 and variance 1 from layer to layer: y = λ elu(x, α).

    Backward  dx = λ dy where x > 0, λ α eˣ dy elsewhere and at 0;   α = 1.6733, λ = 1.0507
    Source    Klambauer et al., "Self-normalizing neural networks", arXiv:1706.02515, equations 2 and 14
    """
    return 1.0507009873554804934193349852946 * elu(input, 1.6732632423543772848170429916717)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """Round off the corner of relu: y = ln(1 + exp(β x)) / β, and x where β x > threshold, as in PyTorch.

    Forward   ln(1 + eᶻ) = max(z, 0) + ln(1 + exp(-|z|)) never overflows,   z = β x
    Backward  dx = dy σ(β x), and dy where β x > threshold
    Source    Dugas et al., "Incorporating second-order functional knowledge for better option pricing", 2001
    """
    if beta == 0:
        raise ArgumentError("softplus: beta cannot be 0")
    x = real("softplus", input)

    def d_x(dy: Tensor, _: Tensor) -> Tensor:
        z = beta * x
        return where(z > threshold, dy, dy * z.sigmoid())

    return record("softplus", softplus_forward(x.array, beta, threshold), (x, d_x))


@accelerable
def softplus_forward(x: Array, beta: float, threshold: float) -> Array:
    """Return ln(1 + exp(β x)) / β of an array, x itself where β x > threshold."""
    xp = array_module(x)
    with quiet():
        z = beta * x
    y = (xp.maximum(z, 0) + xp.log1p(xp.exp(-xp.abs(z)))) / beta
    return xp.where(z > threshold, x, y)


def softsign(input: Tensor) -> Tensor:
    """Level off slowly towards ±1: y = x / (1 + |x|).

    Backward  dx = dy / (1 + |x|)²
    Source    Bergstra et al., "Quadratic polynomials learn better image features", 2009
    """
    x = real("softsign", input)
    return x / (1 + x.abs())


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Drop what is small: y = x where |x| > λ, 0 elsewhere.

    Backward  dx = dy where |x| > λ, 0 elsewhere and at ±λ
    Source    Donoho and Johnstone, "Ideal spatial adaptation by wavelet shrinkage", 1994
    """
    x = tensor_of("hardshrink", input)
    return where(x.abs() <= lambd, 0, x)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Move towards 0 by λ, and stop there: y = sign(x) max(|x| - λ, 0).

    Backward  dx = dy where |x| > λ, 0 elsewhere and at ±λ
    Source    Donoho and Johnstone, "Ideal spatial adaptation by wavelet shrinkage", 1994
    """
    if lambd < 0:
        raise ArgumentError(f"softshrink: lambd must not be negative, got {lambd}")
    x = tensor_of("softshrink", input)
    return x - clamp(x, -lambd, lambd)


def tanhshrink(input: Tensor) -> Tensor:
    """What tanh takes away: y = x - tanh(x).

    Backward  dx = dy tanh² x
    """
    return input - tanh(input)
