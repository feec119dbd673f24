"""Mistakes in normalization, dropout and the layers around them."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .... import nn, ops
from ....ops import tensor
from ....random import Generator, default_generator
from ....tensor import Tensor
from ..example import Call, Probe, one_of
from ..mutant import Mutant
from . import laws

_SHAPES = ((3, 4), (4,), (4,))
_VARY = one_of(((2, 3), (3,), (3,)), ((2, 3, 2), (2,), (2,)), ((1, 4), (4,), (4,)))
_X = np.random.default_rng(0).normal(2.0, 3.0, (4, 3, 2, 2))


def _layer(x: Any, w: Any, b: Any) -> Any:
    return ops.layer_norm(x, x.shape[-1], w, b)


def _small(x: Any, w: Any, b: Any) -> Any:
    return ops.layer_norm(x * 1e-3, x.shape[-1], w, b)


def _batch_norm(steps: int, train: bool) -> Any:
    """Return outputs and statistics of a layer after some steps of training, and one call more."""
    layer = nn.BatchNorm2d(3, dtype="float64")
    for step in range(steps):
        layer(tensor(_X + step))
    y = layer.train(train)(tensor(_X * 2))
    return y, layer.running_mean.clone(), layer.running_var.clone()  # type: ignore[union-attr]


def _dropped(p: float = 0.25, op: Any = ops.dropout) -> Any:
    x = Tensor(_X, requires_grad=True)
    y = op(x, p, generator=Generator(1))
    y.backward(tensor(np.ones(_X.shape)))
    return y, x.grad


def _dropout_layer(train: bool) -> Any:
    state = default_generator.get_state()
    try:
        return nn.Dropout(0.5).train(train)(tensor(_X))
    finally:
        default_generator.set_state(state)


def _trained_modes() -> list[bool]:
    model = nn.Sequential(nn.Sequential(nn.Dropout(), nn.Linear(2, 2)), nn.Dropout()).eval()
    return [module.training for module in model.modules()]


def _tracked_after_eval() -> Any:
    layer = nn.BatchNorm2d(3, dtype="float64").eval()
    layer(tensor(_X))
    return layer.num_batches_tracked


def _plain_average() -> Any:
    layer = nn.BatchNorm2d(3, momentum=None, dtype="float64")
    for step in range(3):
        layer(tensor(_X + step))
    return layer.running_mean


MUTANTS = [
    Mutant(
        "norm-no-projection", "normalization", "minigrad.ops.normalise:normalise_backward",
        "dx *= _mean_product(g, dx, axes)", "dx *= 0",
        "the term along x̂ is dropped: hidden from a cotangent of ones, for which it is 0",
        laws.COTANGENT, Call(_layer, _SHAPES, _VARY),
    ),
    Mutant(
        "norm-no-mean", "normalization", "minigrad.ops.normalise:normalise_backward",
        "dx += _mean(g, axes)", "dx += 0",
        "the mean taken for a constant",
        laws.COTANGENT, Call(_layer, _SHAPES, _VARY),
    ),
    Mutant(
        "norm-eps-forgotten", "normalization", "minigrad.ops.normalise:normalise",
        "inverse = 1 / array_module(mu).sqrt(variance + eps)", "inverse = 1 / array_module(mu).sqrt(variance)",
        "ε in the forward pass only: nothing to see until a variance is as small",
        laws.EDGES, Call(_small, _SHAPES, one_of(((2, 3), (3,), (3,)), ((2, 3, 2), (2,), (2,)))),
    ),
    Mutant(
        "norm-weight-raw", "normalization", "minigrad.ops.normalise:normalise_weight",
        "product *= inverse", "product *= 1",
        "dw from x - μ instead of x̂",
        laws.DIFFERENCES, Call(_layer, _SHAPES, _VARY),
    ),
    Mutant(
        "norm-constant-statistics", "second order", "minigrad.ops.normalise:standardized",
        "((centered * centered).mean(axes, True) + eps).rsqrt()",
        "((centered * centered).mean(axes, True) + eps).rsqrt().detach()",
        "the variance is a constant in the gradient's graph: DeZero's batch normalization, wrong to second order",
        laws.SECOND, Call(_layer, _SHAPES, _VARY, order=2),
    ),
    Mutant(
        "norm-second-projection", "second order", "minigrad.ops.normalise:normalise",
        "(g - g.mean(axes, True) - x_hat * (g * x_hat).mean(axes, True))", "(g - g.mean(axes, True))",
        "two versions of one rule, and only the fast one was corrected",
        laws.SECOND, Call(_layer, _SHAPES, _VARY, order=2),
    ),
    Mutant(
        "rms-norm-shifted", "normalization", "minigrad.ops.unit_norm:rms_norm",
        "(x * x).mean(tuple(range(lead, x.array.ndim)), True)",
        "(x * x).mean(tuple(range(lead, x.array.ndim)), True).detach()",
        "a divisor that is taken for a constant",
        laws.DIFFERENCES, Call(lambda x, w: ops.rms_norm(x, x.shape[-1], w), ((3, 4), (4,))),
    ),
    Mutant(
        "group-norm-axes", "normalization", "minigrad.ops.layer_norm:group_norm",
        "tuple(range(2, grouped.ndim))", "tuple(range(3, grouped.ndim))",
        "each channel by itself: right for as many groups as channels",
        laws.VALUES, Call(lambda x: ops.group_norm(x, 2), ((2, 4, 3),)),
    ),
    Mutant(
        "batch-norm-biased", "running statistics", "minigrad.ops.batch_norm:batch_norm",
        "variance * (per_channel / (per_channel - 1))", "variance",
        "the biased variance is remembered: ml-explore/mlx#3817, tenstorrent/tt-metal#55438",
        laws.VALUES, Probe(lambda: _batch_norm(2, True)),
    ),
    Mutant(
        "batch-norm-momentum", "running statistics", "minigrad.ops.batch_norm:_move",
        "running.array * (1 - momentum) + array_module(new).reshape(new, -1) * momentum",
        "running.array * momentum + array_module(new).reshape(new, -1) * (1 - momentum)",
        "momentum is the weight of the new in one library and of the old in another",
        laws.VALUES, Probe(lambda: _batch_norm(2, True)),
    ),
    Mutant(
        "batch-norm-eval-by-batch", "modes", "minigrad.nn.normalization:_BatchNorm.forward",
        "by_batch = self.training or self.running_mean is None", "by_batch = True",
        "evaluation by the batch at hand: a prediction depends on its neighbours",
        laws.MODES, Probe(lambda: _batch_norm(2, False)),
    ),
    Mutant(
        "batch-norm-eval-learns", "modes", "minigrad.nn.normalization:_BatchNorm.forward",
        "momentum = self._step_size() if self.training else 0.0", "momentum = self._step_size()",
        "evaluation counts as a batch",
        laws.MODES, Probe(_tracked_after_eval),
    ),
    Mutant(
        "batch-norm-cumulative", "running statistics", "minigrad.nn.normalization:_ChannelNorm._step_size",
        "1 / self.num_batches_tracked.item() if self.momentum is None", "0.1 if self.momentum is None",
        "momentum=None, which asks for a plain average, read as the default",
        laws.OPTIONS, Probe(_plain_average),
    ),
    Mutant(
        "instance-norm-eval", "modes", "minigrad.nn.normalization:_InstanceNorm.forward",
        "self.training or not self.track_running_stats", "self.training",
        "evaluation without statistics to evaluate by",
        laws.MODES, Probe(lambda: nn.InstanceNorm2d(3, dtype="float64").eval()(tensor(_X))),
    ),
    Mutant(
        "dropout-redrawn", "dropout", "minigrad.ops.dropout:drop",
        "drop(op, dy, p, start, shape)", "drop(op, dy, p, reserve(None, dy, shape), shape)",
        "a new mask in backward: the gradient of another function",
        laws.RANDOMNESS, Call(lambda x: ops.dropout(x, 0.25, generator=Generator(1)), ((6, 6),),
                              one_of(((3,),), ((2, 3),))),
    ),
    Mutant(
        "dropout-unscaled", "dropout", "minigrad.ops.dropout:drop_loop",
        "1 / (1 - p)", "1",
        "not scaled up in training: evaluation sees larger values than the network has learned from",
        laws.VALUES, Probe(_dropped),
    ),
    Mutant(
        "dropout-scaled-by-p", "dropout", "minigrad.ops.dropout:drop_loop",
        "1 / (1 - p)", "1 / p",
        "the wrong probability, right for ½: kaldi-asr/kaldi#2814",
        laws.VALUES, Probe(_dropped),
    ),
    Mutant(
        "dropout-inverted", "dropout", "minigrad.ops.dropout:kept",
        "float32) >= p", "float32) < p",
        "p is the probability to keep in one library and to drop in another",
        laws.VALUES, Probe(_dropped),
    ),
    Mutant(
        "dropout-always", "modes", "minigrad.nn.dropout:_Dropout.forward",
        "self.training", "True",
        "dropout in evaluation: karpathy/nanoGPT#240",
        laws.MODES, Probe(lambda: _dropout_layer(False)),
    ),
    Mutant(
        "dropout2d-by-pixel", "dropout", "minigrad.ops.dropout:_dropout",
        "(1,) * (len(shape) - features[len(shape)])", "shape[features[len(shape)] :]",
        "values dropped one by one where whole channels were meant",
        laws.VALUES, Probe(lambda: _dropped(0.5, ops.dropout2d)),
    ),
    Mutant(
        "alpha-dropout-offset", "dropout", "minigrad.ops.dropout:alpha_dropout",
        "- (1 - p)) * (a * _SELU_FLOOR)", "- 1) * (a * _SELU_FLOOR)",
        "dropped to the floor, and not moved back to mean 0",
        laws.VALUES, Probe(lambda: _dropped(0.5, partial(ops.alpha_dropout, training=True))),
    ),
    Mutant(
        "eval-not-recursive", "modes", "minigrad.nn.module:Module.train",
        "for module in self.modules():", "for module in [self, *self.children()]:",
        "the mode reaches the children and not the grandchildren",
        laws.MODES, Probe(_trained_modes),
    ),
    Mutant(
        "kaiming-fan", "initialization", "minigrad.nn.init:_kaiming_std",
        'fans(tensor)[mode == "fan_out"]', 'fans(tensor)[mode == "fan_in"]',
        "inputs and outputs exchanged, which is right for square layers",
        laws.VALUES, Probe(lambda: nn.init.kaiming_normal_(ops.zeros(2, 8, dtype="float64"), generator=Generator(0))),
    ),
    Mutant(
        "xavier-gain", "initialization", "minigrad.nn.init:xavier_uniform_",
        "gain * math.sqrt(6 / max(sum(fans(tensor)), 1))", "math.sqrt(6 / max(sum(fans(tensor)), 1))",
        "a factor whose default is 1",
        laws.OPTIONS,
        Probe(lambda: nn.init.xavier_uniform_(ops.zeros(2, 8, dtype="float64"), 2.0, generator=Generator(0))),
    ),
]  # fmt: skip
