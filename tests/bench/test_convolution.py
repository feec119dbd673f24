"""The workloads of bench/convolution.py run."""

import pytest

from minigrad.bench import convolution
from tests.bench.workloads import runs_and_repeats, small


@pytest.mark.slow
@pytest.mark.parametrize("workload", small(convolution.WORKLOADS, 1e9), ids=lambda w: w.name)
def test_every_workload_runs_and_repeats(workload):
    runs_and_repeats(workload)
