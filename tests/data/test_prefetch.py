from __future__ import annotations

import gc
import threading
import traceback
from collections.abc import Iterator

import pytest

from minigrad.data.prefetch import prefetch


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "minigrad-prefetch"]


@pytest.mark.parametrize("depth", [1, 2, 100])
@pytest.mark.parametrize("n", [0, 1, 2, 50])
def test_the_items_come_in_order_and_the_thread_ends(n: int, depth: int) -> None:
    assert list(prefetch(range(n), depth)) == list(range(n))
    assert not workers()


def test_the_source_runs_in_another_thread() -> None:
    (name,) = prefetch((threading.current_thread().name for _ in range(1)), 1)
    assert name == "minigrad-prefetch"


def test_it_is_never_further_ahead_than_its_depth() -> None:
    consumed, lead = 0, []

    def source() -> Iterator[int]:
        for i in range(100):
            lead.append(i - consumed)
            yield i

    for _ in prefetch(source(), 3):
        consumed += 1
    assert max(lead) <= 3 + 2  # the queue, the item in hand on either side


@pytest.mark.parametrize("taken", [1, 2, 7])
@pytest.mark.parametrize("depth", [1, 4])
def test_leaving_early_ends_the_thread_and_the_source(taken: int, depth: int) -> None:
    closed = []

    def source() -> Iterator[int]:
        try:
            yield from range(10**9)
        finally:
            closed.append(sum(range(1_000_000)))  # long enough to be missed by a loop that does not wait for it

    for i in prefetch(source(), depth):
        if i == taken:
            break
    gc.collect()
    assert not workers() and len(closed) == 1


def test_an_exception_arrives_in_its_place_with_its_traceback() -> None:
    def broken_source() -> Iterator[int]:
        yield 1
        yield 2
        raise KeyError("the label is missing")

    found = []
    with pytest.raises(KeyError, match="the label is missing") as caught:
        found.extend(prefetch(broken_source(), 1))
    found = []
    with pytest.raises(KeyError):
        for item in prefetch(broken_source(), 5):
            found.append(item)
    assert found == [1, 2]
    assert "broken_source" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert not workers()


def test_an_exception_in_the_loop_ends_the_thread() -> None:
    with pytest.raises(ZeroDivisionError):
        for i in prefetch(range(100), 2):
            _ = 1 / (i - 3)
    gc.collect()
    assert not workers()
