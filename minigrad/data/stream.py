"""Which random stream samplers and transforms draw from when they were given none.

Inside a DataLoader it is the stream of the batch at hand, a function of (seed of the epoch, number of the batch)
alone: so batches do not depend on threads, and a resumed epoch goes on bit for bit. Elsewhere it is the default
generator, which `minigrad.manual_seed` seeds.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ..random import Generator, RngState, default_generator

STREAM_BLOCKS = 2**64  # Philox blocks that one batch may use before it meets the next one's


class _Current(threading.local):
    """The stream of the DataLoader that this thread is inside of."""

    generator: Generator | None = None


_current = _Current()


def stream_for(generator: Generator | None) -> Generator:
    """Return `generator`, or the stream of the batch at hand, or the default generator."""
    return generator or _current.generator or default_generator


@contextmanager
def drawing_from(generator: Generator) -> Iterator[None]:
    """Make `generator` the stream of this thread inside the block."""
    before, _current.generator = _current.generator, generator
    try:
        yield
    finally:
        _current.generator = before


def substream(seed: int, number: int) -> Generator:
    """Return stream `number` of `seed`; no two of them overlap.

    >>> bool((substream(7, 0).bits(8) == substream(7, 1).bits(8)).any())
    False
    """
    return Generator().set_state(RngState(seed, number * STREAM_BLOCKS))
