"""Timing two sides fairly: in one process, taking turns, on one clock; and the same answer first."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

import numpy as np

from ..errors import MinigradError
from .workload import Step

Clock = Callable[[], float]
ROUNDS = 7  # at least
SHORTEST = 2e-3  # seconds: a sample repeats a step until it takes as long


def clock_for(threads: int) -> Clock:
    """Return processor time for one thread, which other programs on the machine do not disturb, else wall time."""
    return time.process_time if threads == 1 else time.perf_counter


def best(work: Callable[[], object], clock: Clock) -> float:
    """Return the shortest of a few times that the work takes."""
    times = []
    for _ in range(ROUNDS + 1):
        start = clock()
        work()
        times.append(clock() - start)
    return min(times)


def pause_for(threads: int) -> float:
    """Return the seconds after which the threads of the last side, which stay awake for a while, have fallen asleep."""
    return 0.0 if threads == 1 else 5e-3


def race(sides: Mapping[str, Step], seconds: float, clock: Clock, pause: float = 0.0) -> dict[str, float]:
    """Return the median time of a step of each side, the sides taking turns for about `seconds` each.

    After a pause the next side takes a step that is not timed, so that its own threads are awake.
    """
    repeats = {name: _repeats(step, clock) for name, step in sides.items()}
    samples: dict[str, list[float]] = {name: [] for name in sides}
    end = time.perf_counter() + seconds * len(sides)
    while time.perf_counter() < end or len(next(iter(samples.values()))) < ROUNDS:
        for name, step in sides.items():
            if pause:
                time.sleep(pause)
                step()
            samples[name].append(_sample(step, repeats[name], clock))
    return {name: median(times) for name, times in samples.items()}


def _sample(step: Step, repeats: int, clock: Clock) -> float:
    start = clock()
    for _ in range(repeats):
        step()
    return (clock() - start) / repeats


def _repeats(step: Step, clock: Clock) -> int:
    """Warm up, and find how often a step must be repeated for a sample that the clock can measure."""
    step()
    once = _sample(step, 2, clock)
    return max(1, round(SHORTEST / max(once, 1e-7)))


def agree(name: str, sides: Mapping[str, Step], rtol: float = 2e-3) -> None:
    """Raise unless all sides compute the same, up to the rounding of float32."""
    results = {side: _arrays(step()) for side, step in sides.items()}
    first, *others = results.items()
    for side, arrays in others:
        for i, (ours, theirs) in enumerate(zip(first[1], arrays, strict=True)):
            largest = float(np.abs(theirs).max(initial=1e-30))
            error = float(np.abs(ours - theirs).max(initial=0)) / largest
            if not error <= rtol:
                raise MinigradError(
                    f"bench: {name}: result {i} of {first[0]} and {side} differ by {error:.1e} of the largest value"
                )


def _arrays(result: Any) -> list[np.ndarray[Any, Any]]:
    several = result if isinstance(result, (list, tuple)) else [result]
    return [np.asarray(x.detach().cpu().numpy(), np.float64) for x in several]
