from __future__ import annotations

import threading

import pytest

from minigrad.data.stream import drawing_from, stream_for, substream
from minigrad.random import Generator, default_generator


def test_an_explicit_generator_wins_then_the_stream_then_the_default() -> None:
    mine, current = Generator(1), Generator(2)
    assert stream_for(None) is default_generator
    with drawing_from(current):
        assert stream_for(None) is current and stream_for(mine) is mine
        with drawing_from(mine):
            assert stream_for(None) is mine
        assert stream_for(None) is current
    assert stream_for(None) is default_generator


def test_an_error_ends_the_stream() -> None:
    with pytest.raises(RuntimeError), drawing_from(Generator(1)):
        raise RuntimeError
    assert stream_for(None) is default_generator


def test_each_thread_has_its_own_stream() -> None:
    seen: list[Generator] = []
    with drawing_from(Generator(1)):
        thread = threading.Thread(target=lambda: seen.append(stream_for(None)))
        thread.start()
        thread.join()
    assert seen == [default_generator]


def test_substreams_are_reproducible_and_differ() -> None:
    draws = {tuple(substream(seed, number).bits(16).tolist()) for seed in (0, 2**64 - 1) for number in (0, 1, 2, 10**9)}
    assert len(draws) == 8 and len({word for draw in draws for word in draw}) == 8 * 16
    assert substream(5, 3).bits(4).tolist() == substream(5, 3).bits(4).tolist()
