"""Shift to mean 0, scale to variance 1, then apply a learned scale and shift.

    μ = mean x,   σ² = mean (x - μ)² + ε,   x̂ = (x - μ)/σ,   y = w x̂ + b

Batch, layer, group and instance normalization differ only in the axes that the means are taken over. μ and σ are
functions of x, so a change of one element moves all of its n companions:

    ∂x̂_i/∂x_j = (δ_ij - 1/n - x̂_i x̂_j/n) / σ,    hence    dx = (g - mean g - x̂ mean(g x̂)) / σ,   g = w dy

The gradient has no component along 1 and, but for ε, none along x̂: a shift or a scaling of x changes nothing in y.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from ..autograd import Edge, constant, record
from ..backend import Array, accelerable, array_module
from ..dtypes import float16, float32
from ..errors import ArgumentError, DtypeError, ShapeError
from ..grad_mode import is_grad_enabled
from .fused import fused_rules
from .operands import on_one_device, quiet, tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__: list[str] = []

Axes: TypeAlias = "tuple[int, ...]"


def normalise(
    op: str, x: Tensor, w: Tensor | None, b: Tensor | None, axes: Axes, eps: float, view: Axes | None = None
) -> tuple[Tensor, Array, Array]:
    """Return y = w x̂ + b, and the arrays μ and σ² - ε. The means are over `axes`.

    w and b broadcast against x, in the shape `view` if it is given.

    Backward runs array loops. Where a graph of the gradient is wanted, it differentiates the formula instead.

    Backward  dx = (g - mean g - x̂ mean(g x̂)) / σ, g = w dy;  dw = Σ dy x̂;  db = Σ dy
    """
    with quiet():
        y, mu, variance = normalise_forward(x.array, _array(w, view), _array(b, view), axes, eps)
        inverse = 1 / array_module(mu).sqrt(variance + eps)
    jointly = fused_rules("normalise_gradients", [x, w, b], x, w, b, mu, inverse, axes, view)

    @jointly(0)
    def d_x(dy: Tensor, _: Tensor) -> Tensor:
        if not is_grad_enabled():
            with quiet():
                return constant(normalise_backward(dy.array, x.array, _array(w, view), mu, inverse, axes))
        g = dy if w is None else dy * (w if view is None else w.reshape(view))
        x_hat, inverse_sigma = standardized(x, axes, eps)
        return (g - g.mean(axes, True) - x_hat * (g * x_hat).mean(axes, True)) * inverse_sigma

    edges: list[Edge] = [(x, d_x)]
    if w is not None:
        shape, wide = w.array.shape, view or w.array.shape

        @jointly(1)
        def d_w(dy: Tensor, _: Tensor) -> Tensor:
            if not is_grad_enabled():
                with quiet():
                    return constant(normalise_weight(dy.array, x.array, mu, inverse, wide).reshape(shape))
            return (dy * standardized(x, axes, eps)[0]).sum_to_size(wide).reshape(shape)

        edges.append((w, d_w))
    if b is not None:
        size, broad = b.array.shape, view or b.array.shape
        edges.append((b, jointly(2)(lambda dy, _: dy.sum_to_size(broad).reshape(size))))
    return record(op, y, *edges), mu, variance


def standardized(x: Tensor, axes: Axes, eps: float) -> tuple[Tensor, Tensor]:
    """Return x̂ and 1/σ by their definition, in ops that can be differentiated to any order."""
    centered = x - x.mean(axes, True)
    inverse_sigma = ((centered * centered).mean(axes, True) + eps).rsqrt()
    return centered * inverse_sigma, inverse_sigma


def _array(parameter: Tensor | None, view: Axes | None) -> Array | None:
    return None if parameter is None else parameter.array if view is None else parameter.array.reshape(view)


@accelerable
def normalise_forward(
    x: Array, w: Array | None, b: Array | None, axes: Axes, eps: float
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Return y = w (x - μ)/σ + b, μ and the variance, which keep the reduced axes with size 1."""
    mu = _mean(x, axes)
    y = x - mu
    variance = _mean_product(y, y, axes)
    y *= 1 / array_module(x).sqrt(variance + eps)
    if w is not None:
        y *= w
    if b is not None:
        y += b
    return y, mu, variance


@accelerable
def normalise_backward(dy: Array, x: Array, w: Array | None, mu: Array, inverse: Array, axes: Axes) -> Array:
    """Return dx = (g - mean g - x̂ mean(g x̂)) / σ, where g = w dy and `inverse` is 1/σ."""
    g = dy if w is None else dy * w
    dx = x - mu
    dx *= inverse  # x̂, so far
    dx *= _mean_product(g, dx, axes)
    dx += _mean(g, axes)
    array_module(x).subtract(g, dx, out=dx)
    dx *= inverse
    return dx


@accelerable
def normalise_weight(dy: Array, x: Array, mu: Array, inverse: Array, shape: tuple[int, ...]) -> Array:
    """Return dw = Σ dy x̂ over the axes that `shape` lacks or has 1 in."""
    product = x - mu
    product *= inverse
    product *= dy
    lead = product.ndim - len(shape)
    repeated = tuple(i for i in range(product.ndim) if i < lead or shape[i - lead] == 1)
    return product.sum(repeated, keepdims=True).reshape(shape)


def _mean(x: Array, axes: Axes) -> Array:
    total = x.sum(axes, keepdims=True)
    return total / x.dtype.type(max(x.size // max(total.size, 1), 1))


def _mean_product(x: Array, y: Array, axes: Axes) -> Array:
    """Return the mean of x y, without an array for the product."""
    every = list(range(x.ndim))
    total = array_module(x).einsum(x, every, y, every, [i for i in every if i not in axes])
    total = total.reshape([1 if i in axes else n for i, n in enumerate(x.shape)])
    return total / x.dtype.type(max(x.size // max(total.size, 1), 1))


def operand(op: str, input: Tensor, eps: float) -> Tensor:
    """Return the input in the type that it is normalized in: float16 is computed in float32."""
    x = tensor_of(op, input)
    if x.array.dtype.kind != "f":
        raise DtypeError(f"{op}: needs a floating tensor, got {x.array.dtype}\nHint: convert with .float() first")
    if not 0 <= eps < float("inf"):
        raise ArgumentError(f"{op}: eps must be a small number >= 0, got {eps}")
    return x.to(float32) if x.array.dtype == float16 else x


def parameter(
    op: str, name: str, value: Tensor | None, shape: tuple[int, ...], x: Tensor, view: tuple[int, ...], hint: str
) -> Tensor | None:
    """Check a weight or bias, which needs `shape`, and return it in the shape `view` that broadcasts against x."""
    if value is None:
        return None
    w = tensor_of(op, value, name)
    on_one_device(op, **{"input": x, name: w})
    if w.array.shape != shape:
        raise ShapeError(
            f"{op}: {name} has shape {w.array.shape}, {shape} is needed for an input of shape {x.array.shape}\n"
            f"Hint: {hint}"
        )
    if w.array.dtype not in (x.array.dtype, float16):
        raise DtypeError(f"{op}: input is {x.array.dtype} but {name} is {w.array.dtype}\nHint: convert with .to(dtype)")
    w = w if w.array.dtype == x.array.dtype else w.to(x.array.dtype)
    return w if view == shape else w.reshape(view)
