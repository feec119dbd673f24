"""Byte-pair encoding: write the most frequent pair of neighbours as one new symbol, again and again.

    counts   l o w: 5    l o w e r: 2    n e w: 6    w i d e: 3
    merge    (l, o) 7 times  ->  lo w: 5    lo w e r: 2 ...
    merge    (lo, w) 7 times ->  low: 5     low e r: 2 ...

Learning gives a list of merges. Applying them to a word repeats the merge that was learnt first, as long as any fits.

Source: Sennrich, Haddow, Birch, "Neural machine translation of rare words with subword units", 2016, arXiv 1508.07909.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

Symbol = TypeVar("Symbol", str, bytes)


def learn_merges(
    words: Mapping[tuple[Symbol, ...], int], n: int, join: Callable[[Symbol, Symbol], Symbol], min_count: int = 2
) -> list[tuple[Symbol, Symbol]]:
    """Return up to `n` merges, the most frequent pair first; of equally frequent ones the smallest.

    `words` maps each word, as a tuple of symbols, to how often it occurs. Only the words that hold a merged pair
    are counted again, so n merges cost little more than their own occurrences. It ends early when no pair occurs
    `min_count` times.

    >>> learn_merges({("l", "o", "w"): 5, ("n", "e", "w"): 6, ("l", "o"): 2}, 2, lambda a, b: a + b)
    [('l', 'o'), ('e', 'w')]
    """
    spelled, counts = [list(word) for word in words], list(words.values())
    total: Counter[tuple[Symbol, Symbol]] = Counter()
    places: defaultdict[tuple[Symbol, Symbol], set[int]] = defaultdict(set)
    for i, word in enumerate(spelled):
        for pair in pairwise(word):
            total[pair] += counts[i]
            places[pair].add(i)
    heap = [(-count, pair) for pair, count in total.items()]
    heapq.heapify(heap)
    merges: list[tuple[Symbol, Symbol]] = []
    while heap and len(merges) < n:
        count, best = heapq.heappop(heap)
        if -count != total[best]:
            continue  # the count has changed since; the pair is in the heap again with the new one
        if -count < min_count:
            break
        merges.append(best)
        changed = _merge_everywhere(best, join(*best), spelled, counts, total, places)
        for pair in changed:
            heapq.heappush(heap, (-total[pair], pair))
    return merges


def _merge_everywhere(
    pair: tuple[Symbol, Symbol],
    joined: Symbol,
    spelled: list[list[Symbol]],
    counts: Sequence[int],
    total: Counter[tuple[Symbol, Symbol]],
    places: Mapping[tuple[Symbol, Symbol], set[int]],
) -> set[tuple[Symbol, Symbol]]:
    """Write `joined` for `pair` in every word that has it; return the pairs whose counts changed."""
    changed: set[tuple[Symbol, Symbol]] = set()
    for i in list(places[pair]):
        before = spelled[i]
        after = spelled[i] = merge_once(before, pair, joined)
        for old in pairwise(before):
            total[old] -= counts[i]
            places[old].discard(i)
            changed.add(old)
        for new in pairwise(after):
            total[new] += counts[i]
            places[new].add(i)
            changed.add(new)
    return changed


def merge_once(word: Sequence[Symbol], pair: tuple[Symbol, Symbol], joined: Symbol) -> list[Symbol]:
    """Write `joined` for every occurrence of `pair`, from the left.

    >>> merge_once(["a", "a", "a", "b"], ("a", "a"), "aa")
    ['aa', 'a', 'b']
    """
    out: list[Symbol] = []
    i = 0
    while i < len(word):
        if i + 1 < len(word) and (word[i], word[i + 1]) == pair:
            out.append(joined)
            i += 2
        else:
            out.append(word[i])
            i += 1
    return out


def apply_merges(
    word: Sequence[Symbol], ranks: Mapping[tuple[Symbol, Symbol], int], join: Callable[[Symbol, Symbol], Symbol]
) -> list[Symbol]:
    """Merge neighbours, the pair of lowest rank first and of equal ones the leftmost, until none has a rank.

    A heap of the candidates and links to the neighbours make it O(n log n) in the symbols of a word, so that a
    megabyte without a space is no trap.

    >>> apply_merges(list("lower"), {("l", "o"): 0, ("e", "r"): 1, ("lo", "w"): 2}, lambda a, b: a + b)
    ['low', 'er']
    """
    symbols: list[Symbol | None] = list(word)  # None: merged into the symbol before
    after, before = [*range(1, len(word)), -1], list(range(-1, len(word) - 1))
    heap = [(ranks[pair], i, pair) for i, pair in enumerate(pairwise(word)) if pair in ranks]
    heapq.heapify(heap)

    def propose(i: int) -> None:
        left, right = symbols[i], symbols[after[i]] if after[i] >= 0 else None
        if left is not None and right is not None and (left, right) in ranks:
            heapq.heappush(heap, (ranks[left, right], i, (left, right)))

    while heap:
        _, i, (left, right) = heapq.heappop(heap)
        j = after[i]
        if symbols[i] != left or j < 0 or symbols[j] != right:
            continue  # one of the two has been merged since
        symbols[i], symbols[j] = join(left, right), None
        after[i] = after[j]
        if after[j] >= 0:
            before[after[j]] = i
        propose(i)
        if before[i] >= 0:
            propose(before[i])
    return [symbol for symbol in symbols if symbol is not None]
