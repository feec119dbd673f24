"""A rung is timed by events, after a run that is not counted; its precision ends with it."""

import pytest

from minigrad_kernels import registry


def test_the_time_is_the_mean_of_rounds_after_the_first(twins, cupy, monkeypatch):
    ladder, ran, times = twins("ladder"), [], iter([1.0, 1.75])
    monkeypatch.setattr(cupy.cuda.Event, "record", lambda self, stream=None: setattr(self, "time", next(times)))
    assert ladder.milliseconds(lambda a, b: ran.append((a, b)), 1, 2, rounds=3) == pytest.approx(250)
    assert ran == [(1, 2)] * 4


def test_a_precision_ends_with_its_block_even_after_an_error(twins, monkeypatch):
    monkeypatch.setattr(registry.choice, "precision", "medium")
    with pytest.raises(ZeroDivisionError), twins("ladder").at_precision("high"):
        assert registry.choice.precision == "high"
        raise ZeroDivisionError
    assert registry.choice.precision == "medium"
