"""Large matrix products on several threads: BLAS multiplies, the threads are ours.

BLAS would use threads of its own, which go on spinning between two products while kernels need the processors. So it is
held to one thread (threads.py), and a product is cut into stripes, along the longer side of the result, or a stack into
its matrices. BLAS works in blocks; at cuts between blocks of 16 a stripe has the same bits as in one piece, so results
do not depend on the number of threads.
"""

from __future__ import annotations

from functools import partial
from math import prod
from typing import Any

import numpy as np

from . import threads
from .threads import Part

BLOCK = 16
WORTHWHILE = 2**23  # multiply-adds; below, a second thread costs more than it saves
LEAST = 2**21  # multiply-adds of a stripe: for small products BLAS has other loops, which round otherwise


def matmul_loop(x: Any, w: Any) -> Any:
    """Return x w for x (..., T, K) and w (..., K, M) with the same leading axes."""
    T, M = x.shape[-2], w.shape[-1]
    if x.size * M <= WORTHWHILE or x.shape[:-2] != w.shape[:-2] or threads.get_num_threads() == 1:
        return NotImplemented
    y = np.empty((*x.shape[:-1], M), np.result_type(x, w))
    xs, ws, ys = (a.reshape(prod(a.shape[:-2]), *a.shape[-2:]) for a in (x, w, y))
    blocks = -(-max(T, M) // BLOCK)
    stripes = max(1, min(blocks, x.size * M // LEAST))

    def matrices(start: int, stop: int) -> Part:
        return partial(np.matmul, xs[start:stop], ws[start:stop], out=ys[start:stop])

    def rows(start: int, stop: int) -> Part:
        stripe = slice(BLOCK * (blocks * start // stripes), BLOCK * (blocks * stop // stripes))
        return partial(np.matmul, x[stripe], w, out=y[stripe])

    def columns(start: int, stop: int) -> Part:
        stripe = slice(BLOCK * (blocks * start // stripes), BLOCK * (blocks * stop // stripes))
        return partial(np.matmul, x, w[:, stripe], out=y[:, stripe])

    if x.ndim > 2:
        threads.split(matrices, len(xs))
    else:
        threads.split(rows if T >= M else columns, stripes)
    return y


def product(x: Any, w: Any) -> Any:
    """Return x w, for kernels."""
    y = matmul_loop(x, w)
    return np.matmul(x, w) if y is NotImplemented else y
