"""Sides take turns on one clock, and must agree first."""

import itertools
import time

import pytest

import minigrad
from minigrad.bench.race import ROUNDS, agree, best, clock_for, pause_for, race
from minigrad.errors import MinigradError


def test_medians_come_from_the_clock_and_sides_take_turns():
    order, ticks = [], itertools.count()
    now = [0.0]

    def side(name, cost):
        def step():
            order.append(name)
            now[0] += cost

        return step

    assert next(ticks) == 0
    times = race({"a": side("a", 0.01), "b": side("b", 0.03)}, 0, lambda: now[0])
    assert times == pytest.approx({"a": 0.01, "b": 0.03})
    assert order[-2 * ROUNDS :] == ["a", "b"] * ROUNDS


def test_a_step_too_short_for_the_clock_is_repeated():
    count, now = [0], [0.0]

    def step():
        count[0] += 1
        now[0] += 1e-5

    race({"a": step}, 0, lambda: now[0])
    assert count[0] > 100 * ROUNDS


def test_the_best_time_is_the_shortest():
    now, costs = [0.0], iter([3.0, 2.0, 5.0] * ROUNDS)

    def work():
        now[0] += next(costs)

    assert best(work, lambda: now[0]) == 2


def test_one_thread_is_timed_by_the_processor_and_several_by_the_wall():
    assert clock_for(1) is time.process_time and clock_for(2) is time.perf_counter


def test_after_a_pause_a_side_takes_a_step_that_is_not_timed(monkeypatch):
    order, now = [], [0.0]

    def side(name, first, then):
        def step():
            now[0] += first if order[-1] == "pause" else then
            order.append(name)

        return step

    monkeypatch.setattr(time, "sleep", lambda seconds: order.append("pause"))
    order.append("start")
    times = race({"a": side("a", 5.0, 0.01), "b": side("b", 7.0, 0.03)}, 0, lambda: now[0], pause_for(2))
    assert times == pytest.approx({"a": 0.01, "b": 0.03})
    assert order[-6 * ROUNDS :] == ["pause", "a", "a", "pause", "b", "b"] * ROUNDS and pause_for(1) == 0


def test_sides_that_disagree_are_not_raced():
    a, b = (lambda v=v: [minigrad.tensor([1.0, v])] for v in (2.0, 2.1))
    agree("work", {"minigrad": a, "PyTorch": a})
    with pytest.raises(MinigradError, match=r"bench: work: result 0 of minigrad and PyTorch differ by 4.8e-02"):
        agree("work", {"minigrad": a, "PyTorch": b})


def test_nan_is_a_disagreement():
    a, b = (lambda v=v: minigrad.tensor([v]) for v in (float("nan"), 1.0))
    with pytest.raises(MinigradError, match="differ by nan"):
        agree("work", {"minigrad": a, "PyTorch": b})
