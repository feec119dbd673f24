"""Steps of SGD, Adam, AdamW and RMSprop, each in one pass: every array is read and written once.

The reference makes an array per operation. The step is bound by memory: Adam moves seven numbers per parameter, four in
and three out, and its arithmetic waits for them. (A number that was stored is not read back: the compiler cannot know
that no other array has changed it.) Nothing is written unless every array of the lists is covered.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .buffers import FLOAT32, dense
from .fastmath import ZERO, f32, fusing
from .launch import launch

Arrays = list[Any]


@fusing
def _descend(p: Any, g: Any, lr: Any, decay: Any, sign: Any, start: int, stop: int) -> None:
    p, g = p[start:stop], g[start:stop]
    for i in range(p.size):
        slope = sign * g[i]
        slope = slope + decay * p[i] if decay != ZERO else slope
        p[i] -= lr * slope


@fusing
def _momentum(
    p: Any, g: Any, b: Any, lr: Any, momentum: Any, fresh: Any, decay: Any, sign: Any, nesterov: bool, start: int,
    stop: int,
) -> None:  # fmt: skip
    p, g, b = p[start:stop], g[start:stop], b[start:stop]
    for i in range(p.size):
        slope = sign * g[i]
        slope = slope + decay * p[i] if decay != ZERO else slope
        average = momentum * b[i] + fresh * slope
        b[i] = average
        p[i] -= lr * (slope + momentum * average if nesterov else average)


@fusing
def _adam(
    p: Any, g: Any, m: Any, v: Any, lr: Any, beta1: Any, beta2: Any, rest1: Any, rest2: Any, root: Any, eps: Any,
    decay: Any, shrink: Any, sign: Any, start: int, stop: int,
) -> None:  # fmt: skip
    """`lr` and `root`, 1/√(1 - β₂ᵗ), correct for averages that began at 0."""
    p, g, m, v = p[start:stop], g[start:stop], m[start:stop], v[start:stop]
    for i in range(p.size):
        slope = sign * g[i]
        slope = slope + decay * p[i] if decay != ZERO else slope
        average, square = beta1 * m[i] + rest1 * slope, beta2 * v[i] + rest2 * slope * slope
        m[i], v[i] = average, square
        p[i] = shrink * p[i] - lr * average / (np.sqrt(square) * root + eps)


@fusing
def _rmsprop(
    p: Any, g: Any, v: Any, lr: Any, alpha: Any, rest: Any, eps: Any, decay: Any, sign: Any, start: int, stop: int
) -> None:
    p, g, v = p[start:stop], g[start:stop], v[start:stop]
    for i in range(p.size):
        slope = sign * g[i]
        slope = slope + decay * p[i] if decay != ZERO else slope
        square = alpha * v[i] + rest * slope * slope
        v[i] = square
        p[i] -= lr * slope / (np.sqrt(square) + eps)


def _covered(*columns: Arrays) -> bool:
    """Say whether all arrays are float32 in contiguous memory that may be written to."""
    return all(a.dtype is FLOAT32 and a.flags.carray for column in columns for a in column)


def _step(kernel: Any, columns: tuple[Any, ...], *settings: Any) -> None:
    """Run a kernel for one parameter: it, its gradient, and what is remembered of it."""
    n = columns[0].size
    launch(n, n, kernel, *[dense(a, (n,)) for a in columns], *settings)


def sgd_update(
    params: Arrays, grads: Arrays, momentum_buffers: Arrays, first: list[bool], lr: float, momentum: float,
    dampening: float, weight_decay: float, nesterov: bool, maximize: bool,
) -> Any:  # fmt: skip
    """Take one step of SGD in place. A buffer is None without momentum; `first` says that it is still all 0."""
    buffers = [] if momentum_buffers[0] is None else momentum_buffers
    if not _covered(params, buffers) or any(g.dtype is not FLOAT32 for g in grads):
        return NotImplemented
    rate, decay, sign = f32(lr), f32(weight_decay), f32(-1 if maximize else 1)
    if not buffers:
        for pair in zip(params, grads, strict=True):
            _step(_descend, pair, rate, decay, sign)
        return None
    for p, g, b, is_first in zip(params, grads, buffers, first, strict=True):
        fresh = f32(1 if is_first else 1 - dampening)
        _step(_momentum, (p, g, b), rate, f32(momentum), fresh, decay, sign, nesterov)
    return None


def adam_update(
    params: Arrays, grads: Arrays, exp_avgs: Arrays, exp_avg_sqs: Arrays, max_exp_avg_sqs: Arrays, steps: list[int],
    lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, decoupled_weight_decay: bool,
    maximize: bool,
) -> Any:  # fmt: skip
    """Take one step of Adam in place; amsgrad, with its fifth array, is left to the reference."""
    if max_exp_avg_sqs[0] is not None or not _covered(params, exp_avgs, exp_avg_sqs):
        return NotImplemented
    if any(g.dtype is not FLOAT32 for g in grads):
        return NotImplemented
    decay, shrink = (0.0, 1 - lr * weight_decay) if decoupled_weight_decay else (weight_decay, 1.0)
    betas = f32(beta1), f32(beta2), f32(1 - beta1), f32(1 - beta2)
    rest = f32(eps), f32(decay), f32(shrink), f32(-1 if maximize else 1)
    for p, g, m, v, t in zip(params, grads, exp_avgs, exp_avg_sqs, steps, strict=True):
        rate, root = f32(lr / (1 - beta1**t)), f32(1 / math.sqrt(1 - beta2**t))
        _step(_adam, (p, g, m, v), rate, *betas, root, *rest)
    return None


def rmsprop_update(
    params: Arrays, grads: Arrays, square_avgs: Arrays, grad_avgs: Arrays, momentum_buffers: Arrays, lr: float,
    alpha: float, eps: float, weight_decay: float, momentum: float, maximize: bool,
) -> Any:  # fmt: skip
    """Take one step of RMSprop in place; centered, or with momentum, it is left to the reference."""
    if grad_avgs[0] is not None or momentum_buffers[0] is not None or not _covered(params, square_avgs):
        return NotImplemented
    if any(g.dtype is not FLOAT32 for g in grads):
        return NotImplemented
    settings = f32(lr), f32(alpha), f32(1 - alpha), f32(eps), f32(weight_decay), f32(-1 if maximize else 1)
    for columns in zip(params, grads, square_avgs, strict=True):
        _step(_rmsprop, columns, *settings)
    return None
