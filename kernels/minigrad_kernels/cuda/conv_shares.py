"""Sums with many terms for few results: blocks take a share of the terms each, and what they found is added in order.

So results are the same from run to run, which they would not be if blocks added to them as they finish.
"""

from __future__ import annotations

from typing import Any

from .arrays import blocks, room
from .matmul import SIMPLE, THREADS
from .parts import add_parts

PROCESSORS = 132  # of an H100. Shares do not depend on the GPU, so that results do not
SHORTEST, STEP = 256, 32  # terms in a share: at least; in multiples of
MANY = 32  # shares, from which on several threads add up those of a number


def shares_of(terms: int, most: int) -> tuple[int, int]:
    """Return in how many shares terms are summed up, at most or one, and how long they are."""
    shares = max(1, min(most, terms // SHORTEST))
    chunk = max(1, blocks(blocks(terms, shares), STEP)) * STEP
    return max(1, blocks(terms, chunk)), chunk


def added(shares: Any) -> Any:
    """Return the sum of shares, added in their order."""
    count, *shape = shares.shape
    if count == 1:
        return shares[0]
    if count >= MANY:
        return add_parts(shares.reshape(count, -1)).reshape(shape)
    total = room(tuple(shape))
    SIMPLE.launch("sum_of_parts", (blocks(total.size, THREADS),), THREADS, shares, total, total.size, count)
    return total
