"""What all ladders share: a rung, the precision that it is run at, and its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import cupy

from .. import registry


class Rung(NamedTuple):
    """A way to do the work, and what its time goes into."""

    run: Callable[..., Any]
    bound: str


@contextmanager
def at_precision(wanted: str) -> Iterator[None]:
    """Let factors of products have a precision inside the block: "highest", "high" or "medium"."""
    before, registry.choice.precision = registry.choice.precision, wanted
    try:
        yield
    finally:
        registry.choice.precision = before


def milliseconds(run: Callable[..., Any], *arrays: Any, rounds: int = 10) -> float:
    """Return the mean time of some rounds in a row, by events on the device, after one that compiles."""
    run(*arrays)
    start, stop = cupy.cuda.Event(), cupy.cuda.Event()
    start.record()
    for _ in range(rounds):
        run(*arrays)
    stop.record()
    stop.synchronize()
    return float(cupy.cuda.get_elapsed_time(start, stop)) / rounds
