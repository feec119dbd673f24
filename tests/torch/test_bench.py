"""The benchmark's work is the same on both sides: it runs on PyTorch too, and gives the same numbers."""

import pytest

import minigrad
import minigrad.optim
from minigrad.bench.race import agree
from minigrad.bench.run import WORKLOADS

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

AFFORDABLE = 2e9  # flops


@pytest.mark.parametrize("workload", [w for w in WORKLOADS["cpu"] if (w.flops or 0) < AFFORDABLE], ids=lambda w: w.name)
def test_both_sides_agree(workload):
    sides = {"minigrad": workload.build(minigrad), "PyTorch": workload.build(torch)}
    sides |= {name: build(torch) for name, (build, _) in workload.tuned.items()}
    if workload.compare:
        agree(workload.name, sides, workload.rtol)
    else:
        assert all(step() is not None for step in sides.values())
