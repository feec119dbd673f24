"""An iterator that works ahead in a background thread.

    thread    source → queue of at most `depth` items → consumer    main thread

One thread takes the items in order, so what comes out is what went in, sooner. An exception of the source travels
through the queue and is raised, with its own traceback, where the item would have come. Closing the iterator, which
leaving a loop early does, ends the thread.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

T = TypeVar("T")


class _End:
    """The last thing in the queue: the source is exhausted, or has failed."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def prefetch(source: Iterable[T], depth: int) -> Generator[T, None, None]:
    """Yield the items of `source`, which a thread of its own computes up to `depth` items ahead."""
    ready: queue.Queue[T | _End] = queue.Queue(depth)
    stopped = threading.Event()
    thread = threading.Thread(target=_produce, args=(source, ready, stopped), name="minigrad-prefetch", daemon=True)
    thread.start()
    try:
        while True:
            item = ready.get()
            if not isinstance(item, _End):
                yield item
            elif item.error is None:
                return
            else:
                raise item.error
    finally:
        stopped.set()
        _drain(ready)  # makes room for an item that the thread may be waiting to put down
        thread.join()


def _produce(source: Iterable[T], ready: queue.Queue[T | _End], stopped: threading.Event) -> None:
    try:
        for item in source:
            ready.put(item)
            if stopped.is_set():
                return
        ready.put(_End())
    except BaseException as error:
        ready.put(_End(error))


def _drain(ready: queue.Queue[T | _End]) -> None:
    while True:
        try:
            ready.get_nowait()
        except queue.Empty:
            return
