"""What every launcher does with arrays: refuse what its kernels do not cover, make room for results, count blocks."""

from __future__ import annotations

from functools import cache
from typing import Any

import cupy
import numpy as np

from .. import registry

FLOAT32, INT64 = np.dtype("float32"), np.dtype("int64")
AMPERE = 80  # the first capability with what mma.cuh holds: asynchronous copies, tensor cores for TF32 and bfloat16
MOST = 2**31 - 1  # kernels count elements in an int


def covered(*arrays: Any) -> bool:
    """Say whether all arrays are float32, have elements, and can be counted in an int. None is an array left out."""
    return all(x is None or (x.dtype == FLOAT32 and 0 < x.size <= MOST) for x in arrays)


def dense(x: Any) -> Any:
    """Return x, or a copy, with its elements one after another. None stays None."""
    return None if x is None else cupy.ascontiguousarray(x)


def room(shape: tuple[int, ...], dtype: Any = FLOAT32) -> Any:
    """Return an array for a kernel to fill."""
    return cupy.empty(shape, dtype)


def blocks(n: int, each: int) -> int:
    """Return how many blocks of `each` cover n."""
    return -(-n // each)


@cache
def capability() -> int:
    """Return the compute capability of the GPU: 90 for an H100."""
    return int(cupy.cuda.Device().compute_capability)


def precision() -> str | None:
    """Return how exactly products are wanted, None on a GPU that is too old for kernels with `mma.cuh`."""
    if capability() < AMPERE:
        return None
    return "highest" if registry.choice.mode == "exact" else registry.choice.precision
