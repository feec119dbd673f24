"""The workloads of bench/matmul.py run."""

import pytest

from minigrad.bench import matmul
from tests.bench.workloads import runs_and_repeats, small


@pytest.mark.slow
@pytest.mark.parametrize("workload", small(matmul.WORKLOADS, 1e9), ids=lambda w: w.name)
def test_every_workload_runs_and_repeats(workload):
    runs_and_repeats(workload)
