"""Five ways to convolve on a GPU, from the definition to tensor cores: the same flops, a factor of a hundred in time.

    y[n, k, p, q] = Σ_crs w[k, c, r, s] x[n, c, p + r - R/2, q + s - R/2]       N images, K filters of C channels, R × R

Each rung says in conv_ladder.cu, conv.cu or conv_tensor.cu what bounds it, and the next one does something about it.
The last two are what minigrad runs. `python -m minigrad_kernels.cuda.conv_ladder` times them all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import cupy
import numpy as np

from .arrays import blocks, room
from .conv import slide_loop
from .ladder import at_precision, milliseconds
from .program import Program

PROGRAM = Program("conv_ladder")
SIDE, BLOCK = 16, 256


class Same(NamedTuple):
    """The fields of minigrad's Geometry."""

    size: tuple[int, ...]
    out: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int = 1


def _launched(kernel: str, tiles: Callable[..., int], x: Any, w: Any) -> Any:
    (N, C, H, W), (K, _, R, _) = x.shape, w.shape
    y = room((N, K, H, W))
    PROGRAM.launch(kernel, (tiles(N, K, H, W),), BLOCK, x, w, y, N, C, K, H, W, R)
    return y


def naive(x: Any, w: Any) -> Any:
    """Give every result a thread."""
    return _launched("conv_naive", lambda N, K, H, W: blocks(N * K * H * W, BLOCK), x, w)


def shared(x: Any, w: Any) -> Any:
    """Keep the pixels that 16 × 16 results see in shared memory. At most 7 × 7 taps."""
    return _launched("conv_shared", lambda N, K, H, W: N * K * blocks(H, SIDE) * blocks(W, SIDE), x, w)


def gathered(x: Any, w: Any) -> Any:
    """Multiply matrices in tiles of 16 × 16, which share images among filters."""
    return _launched("conv_gathered", lambda N, K, H, W: blocks(K, SIDE) * blocks(N * H * W, SIDE), x, w)


def registers(x: Any, w: Any, precision: str = "highest") -> Any:
    """Keep a tile of sums in registers: conv.cu."""
    size, kernel = x.shape[2:], w.shape[2:]
    g = Same(size, size, kernel, (1, 1), tuple(r // 2 for r in kernel), (1, 1))
    with at_precision(precision):
        return slide_loop(x, w, g)


def tensor_cores(x: Any, w: Any) -> Any:
    """Multiply on tensor cores, factors rounded to TF32: conv_tensor.cu."""
    return registers(x, w, "high")


RUNGS: dict[str, Callable[[Any, Any], Any]] = {
    "a thread per result": naive, "shared image": shared, "gathered tiles": gathered, "register tiles": registers,
    "tensor cores": tensor_cores,
}  # fmt: skip


def measure(N: int, C: int, K: int, H: int, R: int = 3, rounds: int = 10) -> dict[str, float]:
    """Return Tflop/s per rung for N images of H × H."""
    rng = np.random.default_rng(0)
    x, w = (cupy.asarray(rng.standard_normal(shape, "f4")) for shape in ((N, C, H, H), (K, C, R, R)))
    flops = 2 * N * K * H * H * C * R * R
    return {name: flops / milliseconds(rung, x, w, rounds=rounds) / 1e9 for name, rung in RUNGS.items()}


if __name__ == "__main__":
    for sizes in ((32, 64, 64, 56), (32, 256, 256, 14)):
        print("{} images, {} channels to {}, {}² pixels, 3×3 taps".format(*sizes))
        for rung_name, speed in measure(*sizes).items():
            print(f"  {rung_name:20s} {speed:8.2f} Tflop/s")
