"""One step of an optimizer over ten parameters of a million numbers."""

from __future__ import annotations

from functools import partial
from typing import Any

from .workload import Build, Library, Step, Workload, tensor

COUNT, SIZE = 10, 2**20


def optimizer_step(name: str, options: dict[str, Any], lib: Library) -> Step:
    """Update the parameters."""
    params = [tensor(lib, SIZE, seed=i, grad=True) for i in range(COUNT)]
    for i, p in enumerate(params):
        p.grad = tensor(lib, SIZE, seed=i + COUNT)
    optimizer = getattr(lib.optim, name)(params, **options)

    def step() -> Any:
        optimizer.step()
        return params[0]

    return step


def _row(name: str, target: float, **options: Any) -> Workload:
    tuned: dict[str, tuple[Build, float]] = {}
    if name != "RMSprop":  # PyTorch has no fused one
        tuned["PyTorch fused"] = partial(optimizer_step, name, {**options, "fused": True}), 1.0
    return Workload(f"{name} 10×1M", partial(optimizer_step, name, options), target, tuned)


WORKLOADS = [
    _row("Adam", 0.40, lr=1e-4), _row("AdamW", 0.40, lr=1e-4), _row("SGD", 0.95, lr=1e-4, momentum=0.9),
    _row("RMSprop", 0.95, lr=1e-4),
]  # fmt: skip
