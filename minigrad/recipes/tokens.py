"""Losses and batches of recipes whose data are tokens.

B sequences, T tokens, V words in the vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .. import ops
from ..data import Dataset
from ..models.sampling import evaluating
from ..nn import Module
from ..nn import functional as F
from ..tensor import Tensor
from ..text import corpus_perplexity
from ..text.masking import IGNORE


class Windows(Dataset[Any]):
    """Windows of a long text: item i is the T tokens from place i·stride on, and those one place later."""

    def __init__(self, tokens: np.ndarray[Any, Any], T: int, stride: int = 1) -> None:
        self.tokens, self.T, self.stride = tokens, T, stride

    def __len__(self) -> int:
        return max(0, (len(self.tokens) - self.T - 1) // self.stride + 1)

    def __getitem__(self, index: int) -> Any:
        x, y = self.gather([index])
        return x[0], y[0]

    def gather(self, indices: Sequence[int]) -> Any:
        """Return a batch, x (B, T) and y (B, T)."""
        starts = self.stride * np.asarray(indices, np.int64)
        window = self.tokens[starts[:, None] + np.arange(self.T + 1)]
        return [ops.as_tensor(window[:, :-1].copy()), ops.as_tensor(window[:, 1:].copy())]


def token_loss(logits: Tensor, y: Tensor) -> Tensor:
    """Return the mean cross-entropy, in nats, of the tokens that count: y is -100 at the others.

    Shapes  logits (B, T, V), y (B, T)
    """
    return F.cross_entropy(logits.flatten(0, 1), y.flatten(), ignore_index=IGNORE)


def beside(model: Module, *tensors: Tensor) -> list[Tensor]:
    """Return tensors on the device of a model."""
    device = next(model.parameters()).device
    return [x.to(device) for x in tensors]


def mean_nats(model: Module, batches: Iterable[Any], logits_of: Callable[[Any], Tensor] = lambda y: y) -> float:
    """Return the mean cross-entropy of a model over batches (x, ..., y), each token that counts weighing the same."""
    with evaluating(model):
        pairs = ((x, y) for *x, y in (beside(model, *batch) for batch in batches))
        return math.log(corpus_perplexity(lambda x: logits_of(model(*x)), pairs))


def padded(rows: Sequence[Sequence[int]], value: int) -> Tensor:
    """Return rows of tokens as one tensor (B, T), filled up with `value`.

    >>> padded([[1, 2], [3]], -100)
    tensor([[   1,    2],
            [   3, -100]])
    """
    filled = np.full((len(rows), max(map(len, rows), default=0)), value, np.int64)
    for line, row in zip(filled, rows, strict=True):
        line[: len(row)] = row
    return ops.as_tensor(filled)
