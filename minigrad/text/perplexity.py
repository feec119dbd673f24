"""How surprised a language model is: perplexity, the number of equally likely tokens it might as well choose from.

    perplexity      = exp(mean of -ln p(token))
    bits per token  = log2(perplexity)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .. import ops
from ..errors import ArgumentError
from ..grad_mode import no_grad
from ..tensor import Tensor
from .masking import IGNORE


def perplexity(logits: Tensor, targets: Tensor) -> float:
    """Return exp of the mean cross-entropy; targets of -100 do not count.

    Shapes    logits (..., V), targets (...)
    Raises    ArgumentError if no target counts

    >>> from minigrad import tensor, zeros
    >>> round(perplexity(zeros(2, 3, 8), tensor([[1, 2, -100], [0, 7, -100]])), 5)
    8.0
    """
    return corpus_perplexity(lambda x: x, [(logits, targets)])


def corpus_perplexity(model: Callable[[Any], Tensor], batches: Iterable[tuple[Any, Tensor]]) -> float:
    """Return the perplexity of a model over batches of (input, targets): each token counts once, whatever its batch."""
    total, count = 0.0, 0
    with no_grad():
        for x, targets in batches:
            logits = model(x)
            flat = logits.reshape(-1, logits.shape[-1])
            loss = ops.cross_entropy(flat, targets.reshape(-1), ignore_index=IGNORE, reduction="sum")
            total += loss.item()
            count += int((targets.array != IGNORE).sum())
    if not count:
        raise ArgumentError("perplexity: there is no target that counts")
    with np.errstate(over="ignore"):
        return float(np.exp(total / count))
