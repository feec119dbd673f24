"""Writing with a model that has learnt to read: how the next token is chosen.

    p(v) ∝ exp(logit_v / τ)       τ: temperature; τ → 0 is greedy, τ = 1 the model's own opinion
    top-k                         only the k likeliest tokens
    top-p                         only the likeliest tokens that together have probability p: few if the model is sure

A model is asked one question, next_logits(tokens): what comes after (B, T) tokens? The answer is (B, V) scores.

B sequences, T tokens, V words in the vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .. import nn, ops
from ..backend import to_device, to_numpy
from ..doubts import insist
from ..errors import ArgumentError, DtypeError, ShapeError
from ..grad_mode import no_grad
from ..random import Generator
from ..tensor import Tensor

NextLogits = Callable[[Tensor], Tensor]


def keep_top_k(logits: Tensor, k: int) -> Tensor:
    """Keep the k largest logits of each row, -∞ elsewhere. Of equal ones the first are kept.

    >>> from minigrad import tensor
    >>> keep_top_k(tensor([1.0, 3.0, 2.0]), 2)
    tensor([-inf,   3.,   2.])
    """
    if k < 1:
        raise ArgumentError(f"top_k must be at least 1, got {k}")
    return _keep(logits, lambda chances: np.arange(chances.shape[-1]) < k)


def keep_top_p(logits: Tensor, p: float) -> Tensor:
    """Keep the likeliest tokens of each row, as few as have probability p together; -∞ elsewhere.

    Source  Holtzman et al., "The curious case of neural text degeneration", arXiv:1904.09751, section 3.1
    """
    if not 0 < p <= 1:
        raise ArgumentError(f"top_p is a probability and must lie in (0, 1], got {p}")
    return _keep(logits, lambda chances: chances.cumsum(-1) - chances < p)


def _keep(logits: Tensor, rule: Callable[[Any], Any]) -> Tensor:
    """Keep the logits that `rule` marks, given the probabilities from the largest to the smallest."""
    chances = to_numpy(logits.softmax(-1).array).astype("float64")
    order = np.argsort(-chances, -1, kind="stable")
    keep = np.zeros(chances.shape, bool)
    sorted_chances = np.take_along_axis(chances, order, -1)
    np.put_along_axis(keep, order, np.broadcast_to(rule(sorted_chances), keep.shape), -1)
    return ops.where(Tensor(to_device(keep, logits.device)), logits, -float("inf"))


def choose(
    logits: Tensor, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None,
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Choose a token for each row of logits (B, V): the largest at temperature 0, a draw otherwise.

    Top-k applies before top-p, and both after the temperature.
    """
    if not temperature >= 0:
        raise ArgumentError(f"temperature must not be negative, got {temperature}")
    wrong = "the logits hold NaN or ∞\nHint: detect_anomaly() names the op that made the first one"
    insist((logits.array < np.inf).all(), lambda: ArgumentError(wrong))
    if temperature > 0:
        logits = (logits - logits.amax(-1, keepdim=True)) / temperature  # the largest is 0, at any temperature
    logits = logits if top_k is None else keep_top_k(logits, top_k)
    logits = logits if top_p is None else keep_top_p(logits, top_p)
    if temperature == 0:
        return logits.argmax(-1)
    return ops.multinomial(logits.softmax(-1), 1, generator=generator).squeeze(-1)


def generate(
    next_logits: NextLogits, tokens: Tensor, max_new_tokens: int, *, temperature: float = 1.0, top_k: int | None = None,
    top_p: float | None = None, stop: int | None = None, generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Continue each row of tokens (B, T) by up to `max_new_tokens`.

    A row that has written `stop` is filled up with it; when all have, the text ends.
    """
    check_prompt("generate", tokens, max_new_tokens)
    ended = ops.zeros(len(tokens), dtype=bool, device=tokens.device)
    with no_grad():
        for _ in range(max_new_tokens):
            chosen = choose(next_logits(tokens), temperature, top_k, top_p, generator).to(tokens.dtype)
            if stop is not None:
                chosen = chosen.masked_fill(ended, stop)
                ended = ended | (chosen == stop)
            tokens = ops.cat([tokens, chosen.unsqueeze(1)], 1)
            if stop is not None and ended.all():
                break
    return tokens


def check_prompt(op: str, tokens: Any, max_new_tokens: int = 0) -> None:
    """Check that there is something to continue: (B, T) integers, T at least 1."""
    if not isinstance(tokens, Tensor) or tokens.dtype.kind not in "iu":
        kind = tokens.dtype if isinstance(tokens, Tensor) else type(tokens).__name__
        raise DtypeError(f"{op}: tokens must be a tensor of integers, got {kind}\nHint: tensor([[3, 1, 4]])")
    if tokens.ndim != 2 or not tokens.shape[1]:
        raise ShapeError(f"{op}: needs tokens (B, T) with T at least 1, got {tokens.shape}\nHint: start with one token")
    if max_new_tokens < 0:
        raise ArgumentError(f"{op}: max_new_tokens must not be negative, got {max_new_tokens}")


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Switch a model to evaluation and record nothing, inside the block; afterwards each module is as it was."""
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with no_grad():
            yield
    finally:
        for module, training in before:
            module.training = training


class Writer(nn.Module):
    """A model that writes: it says what comes next, and remembers what it has read."""

    def cached_logits(self) -> NextLogits:
        """Return a function from a text that grows to what comes next; each token is read once."""
        raise NotImplementedError

    def generate(
        self, tokens: Tensor, max_new_tokens: int, temperature: float = 1.0, top_k: int | None = None,
        top_p: float | None = None, stop: int | None = None, generator: Generator | None = None,
    ) -> Tensor:  # fmt: skip
        """Continue each row of tokens (B, T). See `sampling.generate`."""
        with evaluating(self):
            return generate(
                self.cached_logits(), tokens, max_new_tokens, temperature=temperature, top_k=top_k, top_p=top_p,
                stop=stop, generator=generator,
            )  # fmt: skip
