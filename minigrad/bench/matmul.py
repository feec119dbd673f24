"""Products of matrices, one and many, and their gradients."""

from __future__ import annotations

from functools import partial

from .workload import Library, Step, Workload, tensor, there_and_back

SHAPES = [
    ((384, 384), (384, 384)), ((1024, 1024), (1024, 1024)), ((64, 3136), (3136, 128)),
    ((64, 64, 64), (64, 64, 64)), ((64, 256, 64), (64, 64, 256)), ((64, 256, 256), (64, 256, 64)),
]  # fmt: skip


def product(a: tuple[int, ...], b: tuple[int, ...], lib: Library) -> Step:
    """Multiply."""
    x, y = tensor(lib, *a), tensor(lib, *b, seed=1)
    return lambda: lib.matmul(x, y)


def gradients(a: tuple[int, ...], b: tuple[int, ...], lib: Library) -> Step:
    """Multiply, and both gradients."""
    return there_and_back(lib, lib.matmul, tensor(lib, *a, grad=True), tensor(lib, *b, seed=1, grad=True))


def _row(a: tuple[int, ...], b: tuple[int, ...]) -> list[Workload]:
    flops = 2.0 * b[-1]
    for n in a:
        flops *= n
    name = f"matmul {'×'.join(map(str, a))} by {'×'.join(map(str, b))}"
    return [
        Workload(f"{name}, forward", partial(product, a, b), 1.05, flops=flops),
        Workload(f"{name}, forward + backward", partial(gradients, a, b), 1.05, flops=3 * flops),
    ]


WORKLOADS = [row for a, b in SHAPES for row in _row(a, b)]
