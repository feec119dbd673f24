"""BLEU: how many n-grams of a translation occur in a reference, for n = 1 to 4.

    p_n   = Σ clipped count of its n-grams / Σ count of its n-grams,   over all sentences
            clipped: an n-gram counts at most as often as in the reference that has it most often
    BP    = 1 if c > r, else exp(1 - r/c):   c the length of the translations, r of the references nearest in length
    BLEU  = BP · exp(mean of ln p_n)

Source: Papineni et al., "BLEU: a method for automatic evaluation of machine translation", 2002; smoothing of short
texts: Lin and Och, "ORANGE", 2004, which adds 1 to both counts for n > 1.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence

from ..errors import ArgumentError
from .edit_distance import check_pairs

Tokens = Sequence[Hashable]


def bleu(
    predicted: Sequence[Tokens], references: Sequence[Sequence[Tokens]], max_n: int = 4, smooth: bool = False
) -> float:
    """Return the corpus BLEU, between 0 and 1, of translations, each with one reference or several.

    Sentences are lists of tokens. Without `smooth` it is 0 if some n has no match at all.

    >>> the = "the the the the the the the".split()
    >>> bleu([the], [["the cat is on the mat".split(), "there is a cat on the mat".split()]], max_n=1) == 2 / 7
    True

    Raises    ArgumentError
    """
    check_pairs("bleu", predicted, references)
    if max_n < 1:
        raise ArgumentError(f"bleu: max_n must be at least 1, got {max_n}")
    matches, totals = [0] * max_n, [0] * max_n
    length = nearest = 0
    for i, (sentence, others) in enumerate(zip(predicted, references, strict=True)):
        _check_sentences(i, sentence, others)
        length += len(sentence)
        nearest += min((len(other) for other in others), key=lambda n: (abs(n - len(sentence)), n))
        for n in range(1, max_n + 1):
            counts = ngrams(sentence, n)
            allowed: Counter[Tokens] = Counter()
            for other in others:
                allowed |= ngrams(other, n)  # the union of counters keeps the larger count
            matches[n - 1] += (counts & allowed).total()
            totals[n - 1] += counts.total()
    if smooth:
        matches = [m + (n > 0) for n, m in enumerate(matches)]
        totals = [t + (n > 0) for n, t in enumerate(totals)]
    if not all(matches):
        return 0.0
    precision = math.exp(sum(math.log(m / t) for m, t in zip(matches, totals, strict=True)) / max_n)
    return precision * (1.0 if length > nearest else math.exp(1 - nearest / length))


def ngrams(tokens: Tokens, n: int) -> Counter[Tokens]:
    """Count the runs of n tokens.

    >>> ngrams("a b a b".split(), 2)[("a", "b")]
    2
    """
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


def _check_sentences(i: int, sentence: Tokens, others: Sequence[Tokens]) -> None:
    if not len(others):
        raise ArgumentError(f"bleu: sentence {i} has no reference")
    if isinstance(sentence, str) or isinstance(others, str) or any(isinstance(other, str) for other in others):
        raise ArgumentError(
            f"bleu: sentence {i} or its references are strings\n"
            "Hint: a sentence is a list of tokens, text.split(); the references of one sentence are a list of those"
        )
