"""A piece of work that any library with PyTorch's names can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

Library = Any  # minigrad or torch
Step = Callable[[], Any]  # does the work once and returns a tensor, or several, to compare
Build = Callable[[Library], Step]


@dataclass(frozen=True)
class Workload:
    """One row of the table.

    `target` is the largest ratio of our time to PyTorch's that we are content with. `tuned` are other ways in which
    PyTorch may do the same work, each with a target of its own. `flops` counts multiplications and additions, `bytes`
    what must go to or from memory at least.
    """

    name: str
    build: Build
    target: float | None = None
    tuned: dict[str, tuple[Build, float]] = field(default_factory=dict)
    flops: float | None = None
    bytes: float | None = None
    compare: bool = True  # False where the results are random
    rtol: float = 2e-3  # of the largest value: how far two libraries may be apart

    def on_gpu(self) -> Workload:
        """Return the same work without its targets, which are for a CPU, and without what is tuned for one."""
        return replace(self, target=None, tuned={})


def numbers(*shape: int, seed: int = 0) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the same normal numbers for every library."""
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def tensor(lib: Library, *shape: int, seed: int = 0, grad: bool = False) -> Any:
    """Return `numbers` as a tensor of a library."""
    return lib.from_numpy(numbers(*shape, seed=seed)).requires_grad_(grad)


def integers(lib: Library, high: int, *shape: int, seed: int = 0) -> Any:
    """Return whole numbers in [0, high) as a tensor of a library."""
    return lib.from_numpy(np.random.default_rng(seed).integers(0, high, shape))


def fill(lib: Library, model: Any) -> Any:
    """Give a model the same parameters in every library, small enough to train; return it, where the tensors are."""
    model = model.to(tensor(lib, 1).device)
    with lib.no_grad():
        for i, p in enumerate(model.parameters()):
            scale = 1 / max(np.prod(p.shape[1:]), 1) ** 0.5 if p.ndim > 1 else 0.1
            p.copy_(lib.from_numpy(numbers(*p.shape, seed=i) * np.float32(scale)))
    return model


def there_and_back(lib: Library, f: Callable[..., Any], *inputs: Any) -> Step:
    """Return a step that computes y = f(*inputs) and carries a gradient back to every input that needs one."""
    wanted = [x for x in inputs if x.requires_grad]
    dy = tensor(lib, *f(*inputs).shape, seed=99)

    def step() -> Any:
        for x in wanted:
            x.grad = None
        y = f(*inputs)
        y.backward(dy)
        return [y, *(x.grad for x in wanted)]

    return step
