"""How good is a model: numbers to follow while it trains, and counts to look into afterwards.

The functions take (output, target) of a batch and return a plain number, a mean over the examples.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import Array, array_module, to_numpy
from ..errors import ArgumentError, DtypeError, RangeError, ShapeError
from ..ops.operands import on_one_device
from ..tensor import Tensor


def _scores(name: str, output: Tensor, target: Tensor) -> tuple[Array, Array]:
    """Return scores (N, C) and classes (N,) as arrays, any further axes taken into N."""
    on_one_device(name, output=output, target=target)
    scores, classes = output.array, target.array
    if scores.ndim < 2 or scores.shape[:1] + scores.shape[2:] != classes.shape:
        raise ShapeError(f"{name}: scores (N, C) and classes (N,) are needed, got {scores.shape} and {classes.shape}")
    if classes.dtype.kind not in "iu":
        raise DtypeError(f"{name}: classes must be whole numbers, got {classes.dtype}")
    return array_module(scores).moveaxis(scores, 1, -1).reshape(-1, scores.shape[1]), classes.reshape(-1)


def accuracy(output: Tensor, target: Tensor) -> float:
    """Return the fraction of examples whose class has the highest score.

    Shapes  output (N, C) scores, target (N,) classes
    """
    scores, classes = _scores("accuracy", output, target)
    return float((scores.argmax(1) == classes).mean()) if len(classes) else math.nan


def top_k_accuracy(k: int) -> Callable[[Tensor, Tensor], float]:
    """Return a metric: the fraction of examples whose class is among the `k` highest scores."""

    def top_k(output: Tensor, target: Tensor) -> float:
        scores, classes = _scores("top_k_accuracy", output, target)
        if not 1 <= k <= scores.shape[1]:
            raise ArgumentError(f"top_k_accuracy: k = {k} must lie in [1, {scores.shape[1]}], the number of classes")
        best = array_module(scores).argpartition(-scores, k - 1, axis=1)[:, :k]
        return float((best == classes[:, None]).any(1).mean()) if len(classes) else math.nan

    return top_k


def mean_absolute_error(output: Tensor, target: Tensor) -> float:
    """Return the mean of |output - target|."""
    if output.shape != target.shape:
        raise ShapeError(f"mean_absolute_error: output is {output.shape} but target is {target.shape}")
    on_one_device("mean_absolute_error", output=output, target=target)
    wrong = abs(output.array.astype(np.float64) - target.array)
    return float(wrong.mean()) if wrong.size else math.nan


def perplexity(loss: float) -> float:
    """Return e^loss: how many equally likely tokens a mean cross-entropy in nats stands for."""
    try:
        return math.exp(loss)
    except OverflowError:
        return math.inf


class ConfusionMatrix:
    """Counts of (true class, predicted class), batch by batch.

    `counts[i, j]` is the number of examples of class i that were taken for class j.
    """

    def __init__(self, classes: int) -> None:
        self.counts = np.zeros((classes, classes), np.int64)

    def update(self, output: Tensor, target: Tensor) -> None:
        """Add a batch of scores (N, C) and classes (N,)."""
        scores, where = _scores("ConfusionMatrix", output, target)
        n, classes = len(self.counts), to_numpy(where)
        if len(classes) and (classes.min() < 0 or classes.max() >= n or scores.shape[1] != n):
            raise RangeError(
                f"ConfusionMatrix: made for {n} classes, got {scores.shape[1]} scores and classes from "
                f"{classes.min()} to {classes.max()}"
            )
        np.add.at(self.counts, (classes, to_numpy(scores.argmax(1))), 1)

    def accuracy(self) -> float:
        """Return the fraction on the diagonal."""
        return float(np.trace(self.counts) / max(self.counts.sum(), 1))

    def precision(self) -> np.ndarray[Any, Any]:
        """Return per class: of what was taken for it, the fraction that was it; 0 if nothing was."""
        return self._share(self.counts.sum(0))

    def recall(self) -> np.ndarray[Any, Any]:
        """Return per class: of what was it, the fraction that was taken for it; 0 if nothing was."""
        return self._share(self.counts.sum(1))

    def f1(self) -> np.ndarray[Any, Any]:
        """Return per class the harmonic mean of precision and recall."""
        p, r = self.precision(), self.recall()
        f1: np.ndarray[Any, Any] = np.divide(2 * p * r, p + r, out=np.zeros_like(p), where=p + r > 0)
        return f1

    def _share(self, of: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        hits = np.diag(self.counts).astype(np.float64)
        share: np.ndarray[Any, Any] = np.divide(hits, of, out=np.zeros_like(hits), where=of > 0)
        return share
