"""Batch and instance normalization: means over pixels, for each channel, of the whole batch or of each image.

N images, C channels, H×W pixels. w and b have one number per channel. Running averages of the means and variances
are kept for the day when there is no batch to take them from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..autograd import constant
from ..backend import Array, array_module
from ..errors import ArgumentError, ShapeError
from ..grad_mode import no_grad
from .inplace import overwrite
from .normalise import normalise, operand, parameter
from .operands import on_one_device, tensor_of

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["batch_norm", "instance_norm"]

_HINT = "build the layer with num_features equal to C of the input"


def batch_norm(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
    bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Normalize each channel over the batch and its pixels.

    In training by the mean and variance of the batch, which also move the running ones, if given, in place:
    r ← (1 - momentum) r + momentum s, with the unbiased variance. Otherwise by the running ones, as constants.

    Forward   y = w (x - μ)/√(σ² + ε) + b,   μ and σ² over N, H, W
    Backward  dx = (g - mean g - x̂ mean(g x̂))/√(σ² + ε), g = w dy;  dw = Σ dy x̂;  db = Σ dy;  see normalise.py
    Shapes    input (N, C) or (N, C, ...), running_mean, running_var, weight, bias (C)  ->  as input
    Raises    ShapeError, ArgumentError, DtypeError
    Source    Ioffe and Szegedy, "Batch normalization: accelerating deep network training", 2015, algorithm 1
    """
    op = "batch_norm"
    x, running = _checked(op, input, running_mean, running_var, momentum, eps)
    C = x.array.shape[1]
    view = (1, C, *(1,) * (x.array.ndim - 2))
    w = parameter(op, "weight", weight, (C,), x, (C,), _HINT)
    b = parameter(op, "bias", bias, (C,), x, (C,), _HINT)
    if not training:
        return _by_running(op, x, running, w, b, view, eps).to(input.dtype)
    per_channel = x.array.size // C if C else 0
    if per_channel == 1:
        raise ShapeError(
            f"{op}: one value per channel has no variance, the input has shape {x.array.shape}\n"
            "Hint: use a larger batch, or evaluation mode"
        )
    y, mean, variance = normalise(op, x, w, b, (0, *range(2, x.array.ndim)), eps, view)
    if running is not None and per_channel:
        _move(running[0], mean, momentum)
        _move(running[1], variance * (per_channel / (per_channel - 1)), momentum)
    return y.to(input.dtype)


def instance_norm(
    input: Tensor, running_mean: Tensor | None = None, running_var: Tensor | None = None,
    weight: Tensor | None = None, bias: Tensor | None = None, use_input_stats: bool = True, momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """Normalize each channel of each image over its pixels.

    The running mean and variance, if given, move towards the averages over the batch; they are used in place of the
    input's own without `use_input_stats`.

    Forward   y = w (x - μ)/√(σ² + ε) + b,   μ and σ² over H, W
    Backward  as batch_norm
    Shapes    input (N, C, ...), running_mean, running_var, weight, bias (C)  ->  as input
    Raises    ShapeError, ArgumentError, DtypeError
    Source    Ulyanov et al., "Instance normalization: the missing ingredient for fast stylization", 2016
    """
    op = "instance_norm"
    x, running = _checked(op, input, running_mean, running_var, momentum, eps)
    C, pixels = x.array.shape[1], x.array.ndim - 2
    view = (1, C, *(1,) * pixels)
    w = parameter(op, "weight", weight, (C,), x, (C,), _HINT)
    b = parameter(op, "bias", bias, (C,), x, (C,), _HINT)
    if not use_input_stats:
        return _by_running(op, x, running, w, b, view, eps).to(input.dtype)
    n = x.array.size // (x.array.shape[0] * C) if x.array.size else 0
    if n == 1:
        raise ShapeError(
            f"{op}: one value per channel of an image has no variance, the input has shape {x.array.shape}\n"
            "Hint: use it where images have more than one pixel"
        )
    y, mean, variance = normalise(op, x, w, b, tuple(range(2, x.array.ndim)), eps, view)
    if running is not None and n:
        _move(running[0], mean.mean(0), momentum)
        _move(running[1], variance.mean(0) * (n / (n - 1)), momentum)
    return y.to(input.dtype)


def _checked(
    op: str, input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, momentum: float, eps: float
) -> tuple[Tensor, tuple[Tensor, Tensor] | None]:
    x = operand(op, input, eps)
    if x.array.ndim < 2:
        raise ShapeError(f"{op}: input needs axes (N, C, ...), got shape {x.array.shape}")
    if not 0 <= momentum <= 1:
        raise ArgumentError(f"{op}: momentum is the weight of the new statistics, in [0, 1], got {momentum}")
    if running_mean is None and running_var is None:
        return x, None
    if running_mean is None or running_var is None:
        raise ArgumentError(f"{op}: give running_mean and running_var, or neither")
    mean, variance = tensor_of(op, running_mean, "running_mean"), tensor_of(op, running_var, "running_var")
    on_one_device(op, input=x, running_mean=mean, running_var=variance)
    for name, value in ("running_mean", mean), ("running_var", variance):
        if value.array.shape != x.array.shape[1:2]:
            raise ShapeError(
                f"{op}: {name} has shape {value.array.shape}, C is {x.array.shape[1]} in input\n"
                f"  input (N, C, ...) = {x.array.shape}\nHint: {_HINT}"
            )
    return x, (mean, variance)


def _by_running(
    op: str, x: Tensor, running: tuple[Tensor, Tensor] | None, w: Tensor | None, b: Tensor | None,
    view: tuple[int, ...], eps: float,
) -> Tensor:  # fmt: skip
    """Return y = w (x - μ)/√(σ² + ε) + b for statistics that do not depend on x."""
    if running is None:
        raise ArgumentError(f"{op}: without the statistics of the input, running_mean and running_var are needed")
    mean, variance = (r.to(x.array.dtype).reshape(view) for r in running)
    inverse = (variance + eps).rsqrt()
    y = (x - mean) * (inverse if w is None else inverse * w.reshape(view))
    return y if b is None else y + b.reshape(view)


def _move(running: Tensor, new: Array, momentum: float) -> None:
    """Move a running average in place: r ← (1 - momentum) r + momentum s."""
    moved = running.array * (1 - momentum) + array_module(new).reshape(new, -1) * momentum
    with no_grad():
        overwrite("batch_norm", running, lambda _: constant(moved))
