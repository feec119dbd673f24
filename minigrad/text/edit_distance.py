"""How far one sequence is from another: the fewest insertions, deletions and replacements between them.

    D[i, j] = min(D[i-1, j] + 1, D[i, j-1] + 1, D[i-1, j-1] + [a_i ≠ b_j])

A row of D is made of the one above in three array operations. The term D[i, j-1] + 1 looks sequential, but with
c_j = the best of the two others, D[i, j] = min_{k ≤ j} (c_k + j - k), a running minimum of c_k - k.

Source: Levenshtein, 1966; Wagner and Fischer, 1974.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from ..errors import ArgumentError


def edit_distance(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    """Return the Levenshtein distance of two sequences of anything that can be compared: a string, a list of words.

    >>> edit_distance("kitten", "sitting"), edit_distance(["HH", "AY1"], [])
    (3, 2)
    """
    number: dict[Hashable, int] = {}
    x, y = (np.array([number.setdefault(item, len(number)) for item in items], np.int64) for items in (a, b))
    steps = np.arange(len(y) + 1)
    row = steps
    for i, item in enumerate(x, 1):
        best = np.concatenate([[i], np.minimum(row[1:] + 1, row[:-1] + (y != item))])
        row = np.minimum.accumulate(best - steps) + steps
    return int(row[-1])


def error_rate(predicted: Sequence[Sequence[Hashable]], references: Sequence[Sequence[Hashable]]) -> float:
    """Return the edits needed in all, divided by the length of the references: a word or phoneme error rate.

    >>> error_rate(["S EH1 T".split()], ["S IH1 T".split()]) == 1 / 3
    True
    """
    check_pairs("error_rate", predicted, references)
    length = sum(map(len, references))
    if not length:
        raise ArgumentError("error_rate: the references are empty, there is nothing to divide by")
    return sum(map(edit_distance, predicted, references)) / length


def exact_match(predicted: Sequence[object], references: Sequence[object]) -> float:
    """Return the share of predictions that are what the reference is.

    >>> exact_match(["a", "b", "c", "d"], ["a", "x", "c", "d"])
    0.75
    """
    check_pairs("exact_match", predicted, references)
    return sum(p == r for p, r in zip(predicted, references, strict=True)) / len(references)


def check_pairs(op: str, predicted: Sequence[object], references: Sequence[object]) -> None:
    """Refuse lists that are empty or of unequal lengths, and strings, whose items would be characters.

    Raises    ArgumentError
    """
    for name, items in (("predictions", predicted), ("references", references)):
        if isinstance(items, (str, bytes)):
            raise ArgumentError(f"{op}: the {name} should be a list, they are one {type(items).__name__}")
    if len(predicted) != len(references) or not len(references):
        raise ArgumentError(f"{op}: there are {len(predicted)} predictions and {len(references)} references")
