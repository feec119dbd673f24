"""Mistakes in losses: what is averaged over what, who is left out, and rules that only fit below a certain layer."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .... import ops
from ....ops import tensor
from ..example import Call, Probe, alike, anything
from ..mutant import Mutant
from . import laws

_TWO, _ALIKE = ((3, 4), (3, 4)), alike(2, 1, 2)
_CLASSES, _SOME = np.array([2, 0, -100, 1]), np.array([2, 0, 3, 1])
_SCORES = ((4, 5),)
_WEIGHT = tensor([1.0, 2.0, 0.5, 3.0, 1.5], dtype="float64")


def _entropy(x: Any, target: Any = _SOME, **options: Any) -> Any:
    return ops.cross_entropy(x, tensor(target), **options)


def _divergence(x: Any, t: Any) -> Any:
    return ops.kl_div(x, t.sigmoid(), reduction="batchmean")


def _probable(x: Any, t: Any) -> Any:
    return ops.binary_cross_entropy(x, t, reduction="none")


MUTANTS = [
    Mutant(
        "loss-mean-over-batch", "reduction", "minigrad.ops.loss:reduce_losses",
        "return losses.mean() if", "return losses.sum() / max(len(losses), 1) if losses.array.ndim and",
        "divided by the number of examples instead of the number of elements",
        laws.VALUES, Call(ops.mse_loss, _TWO, _ALIKE), ("tests/ops/test_regression_loss.py",),
    ),
    Mutant(
        "loss-weights-uncounted", "reduction", "minigrad.ops.loss:reduce_losses",
        "losses.sum() / weight.sum()", "losses.mean()",
        "a weighted mean divided by the number of examples: ignored ones count",
        laws.OPTIONS, Call(partial(_entropy, weight=_WEIGHT), _SCORES), ("tests/ops/test_classification_loss.py",),
    ),
    Mutant(
        "entropy-cotangent-ignored", "classification", "minigrad.ops.classification_loss:cross_entropy_backward",
        "dx * dy_n[:, None]", "dx",
        "the loss is taken to be the last op, so its cotangent to be 1: dlsyscourse/hw1#15",
        laws.COTANGENT, Call(partial(_entropy, reduction="none"), _SCORES),
    ),
    Mutant(
        "entropy-ignored-counted", "classification", "minigrad.ops.classification_loss:_factors",
        "(classes >= 0).astype(x.array.dtype)", "(classes >= -1).astype(x.array.dtype)",
        "examples that are left out of the sum and not out of the mean",
        laws.OPTIONS, Call(partial(_entropy, target=_CLASSES), _SCORES),
    ),
    Mutant(
        "smoothing-of-ignored", "classification", "minigrad.ops.classification_loss:cross_entropy",
        ".sum(1).masked_fill(constant(classes < 0), 0)", ".sum(1)",
        "ignored examples come back through the smoothing: pytorch/pytorch#73205, tinygrad/tinygrad#3570",
        laws.OPTIONS, Call(partial(_entropy, target=_CLASSES, label_smoothing=0.2), _SCORES),
    ),
    Mutant(
        "smoothing-spread", "classification", "minigrad.ops.classification_loss:cross_entropy",
        "(label_smoothing / scores.array.shape[1])", "(label_smoothing / (scores.array.shape[1] - 1))",
        "ε over the other classes and over all classes mixed up",
        laws.OPTIONS, Call(partial(_entropy, label_smoothing=0.2), _SCORES),
    ),
    Mutant(
        "smoothing-of-probabilities", "classification", "minigrad.ops.classification_loss:_of_probabilities",
        "q * (1 - label_smoothing) + label_smoothing / max(scores.array.shape[1], 1)", "q * (1 - label_smoothing)",
        "what is taken from the labels is given to nobody",
        laws.OPTIONS,
        Call(lambda x, t: ops.cross_entropy(x, t.softmax(1), label_smoothing=0.2), ((3, 4), (3, 4))),
    ),
    Mutant(
        "entropy-second", "second order", "minigrad.ops.classification_loss:_excess",
        "p * (h - (p * h).sum(1, keepdim=True))", "p * h",
        "the Hessian without its second term: tensorflow/tensorflow#7403",
        laws.SECOND, Call(_entropy, _SCORES, order=2),
    ),
    Mutant(
        "entropy-axes", "classification", "minigrad.ops.classification_loss:_rows",
        "x.permute(0, *range(2, x.array.ndim), 1)", "x",
        "channels first read as channels last: pictures of classes are shuffled",
        laws.VALUES, Call(lambda x: ops.cross_entropy(x, tensor([[1, 0, 2], [2, 2, 0]])), ((2, 3, 3),)),
    ),
    Mutant(
        "nll-weight-forgotten", "classification", "minigrad.ops.classification_loss:nll_loss",
        "_factors(classes, _class_weight(\"nll_loss\", weight, x), x)", "_factors(classes, None, x)",
        "an option that is checked and not used",
        laws.OPTIONS, Call(lambda x: ops.nll_loss(x, tensor(_SOME), _WEIGHT), _SCORES),
    ),
    Mutant(
        "bce-like-logits", "probabilities", "minigrad.ops.probability_loss:_binary_surprise",
        "dy * (x - t) / (x * (1 - x)).clamp_min(_FLATTEST)", "dy * (x - t)",
        "p - t is the gradient by the score, not by the probability",
        laws.DIFFERENCES, Call(_probable, _TWO, _ALIKE, low=0.1, high=0.9),
    ),
    Mutant(
        "bce-unclamped", "probabilities", "minigrad.ops.probability_loss:_binary_surprise",
        "xp.maximum(xp.log(x.array), _LOWEST), xp.maximum(xp.log1p(-x.array), _LOWEST)",
        "xp.log(x.array), xp.log1p(-x.array)",
        "a sure mistake costs infinity, and 0 · ∞ is NaN",
        laws.EDGES, Probe(lambda: ops.binary_cross_entropy(tensor([0.0, 1.0]), tensor([0.0, 0.0]))),
    ),
    Mutant(
        "bce-target-constant", "probabilities", "minigrad.ops.probability_loss:_binary_surprise",
        "(x, d_x), (t, d_t))", "(x, d_x))",
        "a target that is the output of another network gets no gradient",
        laws.DIFFERENCES, Call(_probable, _TWO, _ALIKE, low=0.1, high=0.9),
    ),
    Mutant(
        "kl-elementwise-mean", "probabilities", "minigrad.ops.probability_loss:kl_div",
        "losses.sum() / distributions", "losses.mean()",
        "batchmean over the elements: facebookresearch/deit#61, HikariTJU/LD#74",
        laws.OPTIONS, Call(_divergence, _TWO, _ALIKE),
    ),
    Mutant(
        "kl-direction", "probabilities", "minigrad.ops.probability_loss:kl_div",
        "t.exp() * (t.masked_fill(never, 0) - x.masked_fill(never, 0))",
        "x.exp() * (x.masked_fill(never, 0) - t.masked_fill(never, 0))",
        "the divergence of the target from the prediction: KL is not symmetric",
        laws.VALUES, Call(partial(ops.kl_div, reduction="sum", log_target=True), _TWO, _ALIKE),
    ),
    Mutant(
        "huber-unit", "regression", "minigrad.ops.regression_loss:_huber",
        "dy * d.clamp(-delta, delta)", "dy * d.clamp(-1, 1)",
        "the default written into the rule",
        laws.OPTIONS, Call(partial(ops.huber_loss, delta=0.5), _TWO, _ALIKE),
    ),
    Mutant(
        "gaussian-log-variance", "regression", "minigrad.ops.regression_loss:gaussian_nll_loss",
        "(v.log() + (x - t).square() / v) / 2", "(v.log() + (x - t).square() / v.detach()) / 2",
        "the variance learns from its logarithm alone, and shrinks",
        laws.DIFFERENCES,
        Call(ops.gaussian_nll_loss, ((3, 4),) * 3, alike(3, 1, 2), low=0.5),
    ),
    Mutant(
        "smooth-l1-undivided", "regression", "minigrad.ops.regression_loss:smooth_l1_loss",
        "_huber(x - t, beta) / beta", "_huber(x - t, beta)",
        "a division that the default hides",
        laws.OPTIONS, Call(partial(ops.smooth_l1_loss, beta=0.5), _TWO, _ALIKE),
    ),
    Mutant(
        "cosine-eps", "similarity", "minigrad.ops.similarity:cosine_similarity",
        "norm(x, 2, axis).clamp_min(eps) * norm(z, 2, axis).clamp_min(eps)",
        "norm(x, 2, axis).clamp_min(eps).detach() * norm(z, 2, axis).clamp_min(eps)",
        "the length of a vector taken for a constant: its gradient points away from the sphere",
        laws.DIFFERENCES, Call(lambda x, z: ops.cosine_similarity(x, z, -1), _TWO, _ALIKE, low=0.5),
    ),
    Mutant(
        "triplet-margin-sign", "similarity", "minigrad.ops.ranking_loss:triplet_margin_loss",
        "(near - far + margin)", "(near - far - margin)",
        "satisfied before the margin is reached",
        laws.VALUES, Call(ops.triplet_margin_loss, ((3, 4),) * 3, alike(3, 2, 2)),
    ),
    Mutant(
        "hinge-both-sides", "similarity", "minigrad.ops.ranking_loss:hinge_embedding_loss",
        "(margin - x).clamp_min(0)", "(margin - x)",
        "pairs that are far enough apart are pushed on for ever",
        laws.VALUES, Call(lambda x: ops.hinge_embedding_loss(x, -x.detach().sign().masked_fill(x == 0, 1)),
                          ((3, 4),), anything(1, 2)),
    ),
]  # fmt: skip
