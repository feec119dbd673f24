"""Beam search: keep several beginnings at once, and end with the likeliest text instead of likely tokens.

    score(y) = ln P(y) / ((5 + n) / 6)^α        n new tokens;  α = length_penalty

At every step each of the K beginnings is extended by every word, and the K best of these K·V go on. With K = 1 the
search is greedy; with K large enough to hold all beginnings it is exhaustive.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..backend import to_numpy
from ..errors import ArgumentError, ShapeError
from ..grad_mode import no_grad
from ..tensor import Tensor
from .sampling import NextLogits, check_prompt


class Hypothesis(NamedTuple):
    """A text, its given beginning included, and its score."""

    tokens: list[int]
    score: float


def beam_search(
    next_logits: NextLogits, tokens: Tensor, max_new_tokens: int, *, beams: int = 4, length_penalty: float = 0.0,
    stop: int | None = None,
) -> list[Hypothesis]:  # fmt: skip
    """Return the best continuations of one row of tokens, (1, T), best first, at most `beams` of them.

    A text ends with `stop`, or with the last token allowed. α = 0 prefers short texts, whose probability is a product
    of few; a larger α makes up for that.

    Source  Wu et al., "Google's neural machine translation system", arXiv:1609.08144, equation 14
    """
    check_prompt("beam_search", tokens, max_new_tokens)
    if beams < 1:
        raise ArgumentError(f"beam_search: beams must be at least 1, got {beams}")
    if len(tokens) != 1:
        raise ShapeError(f"beam_search: continues one sequence at a time, got tokens {tokens.shape}")
    live, ended = [Hypothesis(tokens.tolist()[0], 0.0)], list[Hypothesis]()

    def penalty(n: int) -> float:
        return float(((5 + n) / 6) ** length_penalty)

    for n in range(1, max_new_tokens + 1):
        grown = _grow(next_logits, live, tokens, beams)
        live = [h for h in grown if h.tokens[-1] != stop][:beams]
        ended += [Hypothesis(h.tokens, h.score / penalty(n)) for h in grown if h.tokens[-1] == stop]
        ended = _best(ended, beams)
        if not live or (len(ended) == beams and _bound(live[0].score, n, max_new_tokens, penalty) <= ended[-1].score):
            return ended
    return _best(ended + [Hypothesis(h.tokens, h.score / penalty(max_new_tokens)) for h in live], beams)


def _best(hypotheses: list[Hypothesis], beams: int) -> list[Hypothesis]:
    return sorted(hypotheses, key=lambda h: -h.score)[:beams]


def _grow(next_logits: NextLogits, live: list[Hypothesis], tokens: Tensor, beams: int) -> list[Hypothesis]:
    """Return the best 2K extensions by one token, best first: at least K of them are not ended by `stop`."""
    with no_grad():
        logits = next_logits(tokens.new_tensor([h.tokens for h in live]))
        chances = to_numpy(logits.to("float64").log_softmax(-1).array)
    totals = np.array([[h.score] for h in live]) + chances
    likeliest = np.argsort(-totals, None, kind="stable")[: 2 * beams]
    places = [divmod(int(i), totals.shape[1]) for i in likeliest]
    return [Hypothesis([*live[k].tokens, v], float(totals[k, v])) for k, v in places if totals[k, v] > -np.inf]


def _bound(best: float, n: int, longest: int, penalty: Callable[[int], float]) -> float:
    """Return the highest score that a beginning of n tokens may still reach: at once, or at full length."""
    return max(best / penalty(min(n + 1, longest)), best / penalty(longest))
