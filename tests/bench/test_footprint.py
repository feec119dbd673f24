"""The peak of memory is measured in a process of its own."""

import sys

import pytest

from minigrad.bench.footprint import footprint


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not say")
def test_training_takes_some_memory_but_not_much():
    assert 50 < footprint(["minigrad"])["minigrad"] < 500


def test_where_the_system_does_not_say_nothing_is_claimed(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    assert footprint(["minigrad"]) == {}
