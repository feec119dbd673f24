"""The workloads of bench/optimizer.py run."""

import pytest

from minigrad.bench import optimizer
from tests.bench.workloads import runs_and_repeats, small


@pytest.mark.slow
@pytest.mark.parametrize("workload", small(optimizer.WORKLOADS, 1e9), ids=lambda w: w.name)
def test_every_workload_runs_and_repeats(workload):
    runs_and_repeats(workload)
