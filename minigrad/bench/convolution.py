"""Convolutions, each of their three passes, in the shapes that networks have."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from .workload import Build, Library, Step, Workload, tensor


class Shape(NamedTuple):
    """N images of C channels and H×H pixels; K filters of R×R taps."""

    N: int
    C: int
    H: int
    K: int
    R: int
    stride: int = 1
    padding: int = 0
    groups: int = 1
    target: float = 1.0

    def __str__(self) -> str:
        kind = "depthwise " if self.groups > 1 else ""
        images = f"({self.N},{self.C},{self.H}²)→{self.K}"
        return f"{kind}{self.R}×{self.R} stride {self.stride} pad {self.padding}, {images}"


SHAPES = [
    Shape(32, 64, 32, 64, 3, 1, 1, target=0.7), Shape(32, 64, 14, 128, 3, 1, 1, target=0.7),
    Shape(32, 32, 28, 64, 3, 1, 1, target=0.7), Shape(32, 128, 16, 128, 3, 1, 1, target=0.7),
    Shape(32, 256, 8, 256, 3, 1, 1, target=0.7), Shape(64, 32, 12, 32, 3, target=0.7), Shape(32, 3, 32, 32, 3, 1, 1),
    Shape(64, 1, 28, 6, 5), Shape(32, 64, 32, 128, 1), Shape(32, 64, 32, 128, 1, 2), Shape(32, 64, 32, 128, 3, 2, 1),
    Shape(16, 3, 112, 64, 7, 2, 3), Shape(32, 64, 32, 64, 3, 1, 1, groups=64),
]  # fmt: skip


def forward(s: Shape, lib: Library) -> Step:
    """Slide the filters over the images."""
    x, w = _operands(s, lib)
    return lambda: lib.nn.functional.conv2d(x, w, None, s.stride, s.padding, 1, s.groups)


def backward(which: int, s: Shape, lib: Library) -> Step:
    """Compute the gradient of the images (0) or of the filters (1)."""
    operands = _operands(s, lib)
    wanted = operands[which].requires_grad_()
    y = lib.nn.functional.conv2d(*operands, None, s.stride, s.padding, 1, s.groups)
    dy = tensor(lib, *y.shape, seed=2)
    return lambda: lib.autograd.grad(y, wanted, dy, retain_graph=True)


def _operands(s: Shape, lib: Library) -> tuple[Any, Any]:
    return tensor(lib, s.N, s.C, s.H, s.H), tensor(lib, s.K, s.C // s.groups, s.R, s.R, seed=1)


def passes(s: Shape) -> dict[str, Build]:
    """Return the three passes by name."""
    return {
        "forward": partial(forward, s), "image gradient": partial(backward, 0, s),
        "filter gradient": partial(backward, 1, s),
    }  # fmt: skip


def flops(s: Shape) -> float:
    """Return the multiplications and additions of a pass, the same for all three."""
    P = (s.H + 2 * s.padding - s.R) // s.stride + 1
    return 2.0 * s.N * s.K * P * P * s.C // s.groups * s.R * s.R


def _rows(s: Shape) -> list[Workload]:
    return [Workload(f"conv {s}: {name}", build, s.target, flops=flops(s)) for name, build in passes(s).items()]


WORKLOADS = [row for s in SHAPES for row in _rows(s)]
