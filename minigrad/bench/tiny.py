"""Many ops on small tensors: what the tape itself costs."""

from __future__ import annotations

from typing import Any

from .workload import Library, Step, Workload, there_and_back

CHAIN = 400


def chain(lib: Library) -> Step:
    """Multiply and add 4×4 tensors in turn, 400 ops in a row, with one differentiable input."""
    x = lib.ones(4, 4, requires_grad=True)
    w, b = lib.full((4, 4), 0.999), lib.full((4, 4), 1e-3)

    def f(x: Any) -> Any:
        for _ in range(CHAIN // 2):
            x = x * w
            x = x + b
        return x

    return there_and_back(lib, f, x)


WORKLOADS = [Workload(f"chain of {CHAIN} ops on 4×4, forward + backward", chain, 0.50)]
