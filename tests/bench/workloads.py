"""What every workload is held to: it runs on minigrad, and gives the same numbers each time."""

import numpy as np

import minigrad
import minigrad.optim


def runs_and_repeats(workload):
    first, second = (results(workload.build(minigrad)) for _ in range(2))
    assert first
    for a, b in zip(first, second, strict=True):
        assert np.isfinite(a).all()
        if workload.compare:
            np.testing.assert_array_equal(a, b)


def results(step):
    result = step()
    several = result if isinstance(result, (list, tuple)) else [result]
    return [x.detach().numpy().copy() for x in several]


def small(workloads, limit):
    """Return the workloads that a test can afford."""
    return [w for w in workloads if w.flops is None or w.flops < limit]
